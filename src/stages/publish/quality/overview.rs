//! The overview: headline figures, small tables and charts.

use super::tally::{Tally, count};
use crate::error::Error;
use crate::finding::word;
use crate::model::account::Place;
use crate::model::severity::Severity;
use crate::stages::publish::desk::{Desk, grouped};
use crate::stages::publish::workbook::{Book, Chart, ChartKind, ChartPlace, Column, Overview, Panel, RowStyle, Tile, Value};

/// Edits shown.
const MOST: usize = 15;

/// Writes the overview.
pub fn overview(book: &mut Book, desk: &Desk<'_>, tally: &Tally<'_>) -> Result<(), Error> {
    let names = edit_names(desk, tally);
    book.overview(&Overview {
        sheet: desk.sheet("overview"),
        title: desk.say("quality_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.say("quality_head").to_owned()],
        tiles: tiles(desk, tally),
        panels: vec![bureaus(desk, tally), edits(desk, tally, &names), places(desk)],
        notes: vec![desk.say("quality_note").to_owned()],
    })?;
    Ok(())
}

fn tiles(desk: &Desk<'_>, tally: &Tally<'_>) -> Vec<Tile> {
    let p = desk.publication;
    let known = p.inputs.iter().filter(|i| !i.source.is_empty());
    let refused = known.clone().filter(|i| i.refused).count() as u64;
    let tile = |name: &str, figure: u64, remark: String| Tile { name: desk.say(name).to_owned(), figure: grouped(figure), remark };
    let gathered = desk.gathered;
    let severity = |severity: Severity| {
        tile(
            &format!("tile_{}", severity.id()),
            tally.all[severity as usize],
            desk.say(&format!("tile_{}_remark", severity.id())).to_owned(),
        )
    };
    vec![
        tile("tile_files", known.count() as u64, desk.tell("tile_files_remark", &[&grouped(refused)])),
        tile("tile_enterprises", gathered.total(), desk.say("tile_enterprises_remark").to_owned()),
        tile("tile_pooled", gathered.pooled, desk.tell("tile_pooled_remark", &[&grouped(gathered.unjudged)])),
        severity(Severity::Error),
        severity(Severity::Explain),
        severity(Severity::Note),
    ]
}

/// Findings per bureau.
fn bureaus<'v>(desk: &'v Desk<'_>, tally: &'v Tally<'_>) -> Panel<'v> {
    let mut columns = vec![Column::text(desk.header("bureau"))];
    columns.extend(Severity::ALL.map(|s| Column::count(word(desk.lang(), s.label_key()))));
    columns.push(Column::count(desk.header("total")));
    let row = |name: &'v str, counts: &[u64]| {
        let mut cells = vec![Value::Text(if name.is_empty() { desk.say("no_bureau") } else { name })];
        cells.extend(counts.iter().map(|n| count(*n)));
        cells.push(count(counts.iter().sum()));
        cells
    };
    let mut rows: Vec<_> = tally.bureaus.iter().map(|(name, counts)| (RowStyle::Plain, row(name, counts))).collect();
    let drawn = rows.len();
    rows.push((RowStyle::Total, row(desk.header("total"), &tally.all)));
    Panel {
        heading: desk.say("panel_bureaus").to_owned(),
        columns,
        rows,
        empty_text: String::new(),
        chart: Some(Chart {
            kind: ChartKind::StackedColumn,
            title: desk.say("panel_bureaus").to_owned(),
            columns: vec![1, 2, 3],
            place: ChartPlace::Auto,
            rows: Some(drawn),
        }),
    }
}

fn edit_names(desk: &Desk<'_>, tally: &Tally<'_>) -> Vec<String> {
    let entry = |code: &str| desk.publication.catalogue.get(code).map_or("", |e| e.name.get(desk.lang()));
    tally.frequent().into_iter().take(MOST).map(|(code, _)| format!("{code} {}", entry(code))).collect()
}

/// The codes with most findings.
fn edits<'v>(desk: &Desk<'_>, tally: &Tally<'_>, names: &'v [String]) -> Panel<'v> {
    let rows = names.iter().zip(tally.frequent()).map(|(name, (code, number))| {
        let severity = desk.publication.catalogue.get(code).map(|e| e.severity).unwrap_or_default();
        (RowStyle::Plain, vec![Value::Text(name), Value::Mark(super::tally::mark(severity)), count(number)])
    });
    Panel {
        heading: desk.tell("panel_edits", &[&MOST.to_string()]),
        columns: vec![Column::text(desk.header("edit")), Column::verdict(desk.header("severity")), Column::count(desk.header("findings"))],
        rows: rows.collect(),
        empty_text: desk.say("findings_empty").to_owned(),
        chart: Some(Chart {
            kind: ChartKind::Bar,
            title: desk.say("chart_edits").to_owned(),
            columns: vec![2],
            place: ChartPlace::Auto,
            rows: None,
        }),
    }
}

/// Where the records of each dataset ended.
fn places<'v>(desk: &'v Desk<'_>) -> Panel<'v> {
    let p = desk.publication;
    let mut sums: Vec<(&str, [u64; Place::ALL.len()])> = Vec::new();
    for dataset in p.config.form.keys() {
        let of = |place: Place| p.accounts.iter().filter(|a| a.dataset == *dataset && a.place == place).map(|a| a.rows).sum();
        let counts = Place::ALL.map(of);
        if counts.iter().any(|n: &u64| *n > 0) {
            sums.push((desk.dataset(dataset), counts));
        }
    }
    let row = |name: &'v str, counts: &[u64]| {
        let mut cells = vec![Value::Text(name), count(counts.iter().sum())];
        cells.extend(counts.iter().map(|n| count(*n)));
        cells
    };
    let mut all = [0; Place::ALL.len()];
    for (_, counts) in &sums {
        all.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more);
    }
    let mut rows: Vec<_> = sums.iter().map(|(name, counts)| (RowStyle::Plain, row(name, counts))).collect();
    let drawn = rows.len();
    if drawn > 0 {
        rows.push((RowStyle::Total, row(desk.header("total"), &all)));
    }
    let mut columns = vec![Column::text(desk.header("dataset")), Column::count(desk.header("came_in"))];
    columns.extend(Place::ALL.map(|place| Column::count(word(desk.lang(), &format!("place.{}", place.id())))));
    // Places where nothing ended would only fill the legend.
    let series = (0..Place::ALL.len()).filter(|i| all[*i] > 0).map(|i| i + 2).collect();
    Panel {
        heading: desk.say("panel_places").to_owned(),
        columns,
        rows,
        empty_text: desk.say("accounting_empty").to_owned(),
        chart: Some(Chart {
            kind: ChartKind::StackedBar,
            title: desk.say("chart_places").to_owned(),
            columns: series,
            place: ChartPlace::Below,
            rows: Some(drawn),
        }),
    }
}
