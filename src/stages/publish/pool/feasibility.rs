//! Feasibility: what the directory and the pool have, by kind, industry and place, and the greatest issue that they could carry.

use crate::error::Error;
use crate::finding::feasibility::{capacity_in_words, industry_in_words, kind_in_words, place_in_words};
use crate::finding::word;
use crate::model::feasibility::{Group, PatentKind};
use crate::model::patent_state::STATES;
use crate::stages::publish::desk::{Desk, grouped};
use crate::stages::publish::workbook::{Book, Chart, ChartKind, ChartPlace, Column, Overview, Panel, RowStyle, Tile, Value};

/// Groups that are told one by one; the others are told together.
const TOLD: usize = 15;

/// Writes the sheet.
pub fn feasibility(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let (config, lang) = (desk.publication.config, desk.lang());
    let told = desk.publication.feasibility;
    let said = |key: &str| word(lang, &format!("feasibility.{key}")).to_owned();
    let capacity = &told.capacity;
    let tile = |key: &str, figure: String, remark: &str| Tile { name: said(key), figure, remark: said(remark) };
    let money = crate::finding::proposal::money;
    let tiles = vec![
        tile("enterprises", grouped(told.total.enterprises), "unit_enterprises"),
        tile("pooled", grouped(told.total.pooled), "unit_enterprises"),
        tile("in_force", grouped(told.patents.iter().map(PatentKind::in_force).sum()), "unit_patents"),
        tile("need", money(told.total.need), "unit_money"),
        tile("pooled_need", money(told.total.pooled_need), "unit_money"),
        tile("reached", money(capacity.reached), if capacity.is_proven() { "proven" } else { "at_least" }),
    ];
    let industries: Vec<(String, &Group)> =
        told.industries.iter().map(|group| (industry_in_words(config, lang, &group.name), group)).collect();
    let places: Vec<(String, &Group)> = told.places.iter().map(|group| (place_in_words(lang, &group.name), group)).collect();
    let kinds: Vec<String> = told.patents.iter().map(|kind| kind_in_words(config, lang, &kind.kind)).collect();
    let rest = said("others");
    let panels = vec![
        patents(desk, &kinds),
        groups(desk, "by_industry", &industries, &rest, &told.total),
        groups(desk, "by_place", &places, &rest, &told.total),
    ];
    book.overview(&Overview {
        sheet: desk.sheet("feasibility"),
        title: said("title"),
        subtitle: vec![desk.as_of(), capacity_in_words(config, lang, capacity)],
        tiles,
        panels,
        notes: vec![said("note")],
    })?;
    Ok(())
}

fn patents<'a>(desk: &Desk<'a>, kinds: &'a [String]) -> Panel<'a> {
    let lang = desk.lang();
    let said = |key: &str| word(lang, &format!("feasibility.{key}")).to_owned();
    let count = |number: u64| Value::Count(i64::try_from(number).unwrap_or(i64::MAX));
    let mut columns = vec![Column::text(said("kind")), Column::count(said("all")), Column::count(said("in_force"))];
    columns.extend(STATES.map(|state| Column::count(word(lang, &format!("patent_state.{state}")))));
    let row = |kind: &PatentKind, name: &'a str| {
        let mut cells = vec![Value::Text(name), count(kind.all()), count(kind.in_force())];
        cells.extend(kind.states.iter().map(|number| count(*number)));
        cells
    };
    let told = &desk.publication.feasibility.patents;
    let mut rows: Vec<(RowStyle, Vec<Value<'a>>)> = told.iter().zip(kinds).map(|(kind, name)| (RowStyle::Plain, row(kind, name))).collect();
    if rows.len() > 1 {
        let states = std::array::from_fn(|state| told.iter().map(|kind| kind.states[state]).sum());
        rows.push((RowStyle::Total, row(&PatentKind { kind: String::new(), states }, word(lang, "column.total"))));
    }
    Panel { heading: said("by_kind"), columns, rows, empty_text: said("no_patents"), chart: None }
}

fn groups<'a>(desk: &Desk<'a>, heading: &str, groups: &'a [(String, &'a Group)], rest: &'a str, total: &Group) -> Panel<'a> {
    let said = |key: &str| word(desk.lang(), &format!("feasibility.{key}")).to_owned();
    let columns = vec![
        Column::text(said(&format!("{heading}_head"))),
        Column::count(said("enterprises")),
        Column::count(said("pooled")),
        Column::count(said("in_force")),
        Column::count(said("free")),
        Column::count(said("pledged")),
        Column::count(said("asking")),
        Column::amount(said("need")),
        Column::amount(said("pooled_need")),
    ];
    let row = |name: &'a str, group: &Group| {
        let count = |number: u64| Value::Count(i64::try_from(number).unwrap_or(i64::MAX));
        let counts = [group.enterprises, group.pooled, group.in_force, group.free, group.pledged, group.asking].map(count);
        [vec![Value::Text(name)], counts.to_vec(), vec![Value::Amount(group.need), Value::Amount(group.pooled_need)]].concat()
    };
    let mut rows: Vec<_> = groups.iter().take(TOLD).map(|(name, group)| (RowStyle::Plain, row(name, group))).collect();
    if groups.len() > TOLD {
        let mut others = Group::default();
        groups[TOLD..].iter().for_each(|(_, group)| others.add(group));
        rows.push((RowStyle::Plain, row(rest, &others)));
    }
    let drawn = rows.len();
    if drawn > 1 {
        rows.push((RowStyle::Total, row(word(desk.lang(), "column.total"), total)));
    }
    let chart = Chart {
        title: said(&format!("{heading}_chart")),
        kind: ChartKind::Bar,
        columns: vec![2],
        place: ChartPlace::Below,
        rows: Some(drawn),
    };
    Panel { heading: said(heading), columns, rows, empty_text: said("no_enterprises"), chart: (drawn > 1).then_some(chart) }
}
