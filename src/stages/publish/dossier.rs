//! The dossier of one enterprise (尽调档案), as a workbook to be printed and handed to whoever appraises, guarantees or advises.

use super::desk::text_or_blank;
use super::workbook::{Block, Book, BookProperties, Column, Cover, GridColumn, Tab, Table, Value};
use crate::error::Error;
use crate::finding::word;
use crate::model::words::Lang;
use chrono::NaiveDateTime;
use std::path::Path;

/// All that a dossier says, in words and figures, each with where it comes from.
pub struct Dossier {
    /// The enterprise's name.
    pub name: String,
    /// Lines below the title: code, reference date, run, edition.
    pub subtitle: Vec<String>,
    /// When the run was as of, so that equal runs give equal bytes.
    pub created: NaiveDateTime,
    /// What is known of it: name, value, source.
    pub facts: Vec<[String; 3]>,
    /// What stands on its list, its score and the waivers granted.
    pub decisions: Vec<[String; 2]>,
    /// Criteria: name, effect, verdict, figure, threshold, source.
    pub verdicts: Vec<[String; 6]>,
    /// Years of figures, ascending.
    pub years: Vec<i32>,
    /// Figures of these years.
    pub figures: Vec<DossierFigure>,
    /// Heads of the patents' columns.
    pub patent_heads: Vec<String>,
    /// Its patents, each with its source behind the columns.
    pub patents: Vec<(Vec<String>, String)>,
    /// Findings: severity, message, place, code.
    pub findings: Vec<[String; 4]>,
    /// Where sources disagree: field, used, its cell, other, its cell.
    pub conflicts: Vec<[String; 5]>,
    /// Language of the heads.
    pub lang: Lang,
}

/// A figure over years.
pub struct DossierFigure {
    /// What people call it.
    pub label: String,
    /// By year, the amount in ten-thousandths of a yuan or what else is stated, and where.
    pub years: Vec<(DossierValue, String)>,
}

/// What is stated of a year.
pub enum DossierValue {
    /// Money, in ten-thousandths of a yuan.
    Amount(i128),
    /// Anything else.
    Text(String),
}

/// Writes a dossier.
///
/// # Errors
/// The disk takes no more.
pub fn write_dossier(path: &Path, dossier: &Dossier) -> Result<(), Error> {
    let say = |key: &str| word(dossier.lang, &format!("dossier.{key}")).to_owned();
    let properties = BookProperties {
        title: format!("{}　{}", say("title"), dossier.name),
        subject: dossier.subtitle.join("　"),
        author: word(dossier.lang, "publish.author").to_owned(),
        created: dossier.created,
        sheet_rows: u32::MAX,
        lang: dossier.lang,
    };
    let mut book = Book::create(path, properties)?;
    cover(&mut book, dossier, &say)?;
    if !dossier.years.is_empty() {
        figures(&mut book, dossier, &say)?;
    }
    patents(&mut book, dossier, &say)?;
    verdicts(&mut book, dossier, &say)?;
    open(&mut book, dossier, &say)?;
    book.finish()?;
    Ok(())
}

type Say<'a> = &'a dyn Fn(&str) -> String;

/// What fits a page: who it is, what was decided, how many patents and open findings, and the lines to sign on.
fn cover(book: &mut Book, dossier: &Dossier, say: Say<'_>) -> Result<(), Error> {
    let column = |header: &str, twelfths: u16| GridColumn { header: say(header), twelfths };
    let facts = dossier.facts.iter().map(|fact| fact.to_vec()).collect();
    book.cover(&Cover {
        sheet: say("cover"),
        title: dossier.name.clone(),
        subtitle: [vec![say("title")], dossier.subtitle.clone()].concat(),
        blocks: vec![
            Block::Facts {
                heading: say("decisions"),
                facts: dossier.decisions.iter().map(|[name, value]| (name.clone(), value.clone())).collect(),
            },
            Block::Grid { heading: say("facts"), columns: vec![column("fact", 3), column("value", 4), column("source", 5)], rows: facts },
            Block::Notes { heading: say("notes"), paragraphs: vec![say("note")] },
        ],
        signatures: ["sign_made", "sign_checked", "sign_date"].map(|key| word(dossier.lang, &format!("publish.{key}")).to_owned()).to_vec(),
    })?;
    Ok(())
}

fn figures(book: &mut Book, dossier: &Dossier, say: Say<'_>) -> Result<(), Error> {
    let of_year = |year: &i32| {
        let group = format!("{year}{}", say("year"));
        [Column::amount(say("value")).in_group(group.clone()), Column::text(say("source")).wide(30.0).in_group(group)]
    };
    let mut columns = vec![Column::text(say("item")).wide(22.0)];
    columns.extend(dossier.years.iter().flat_map(of_year));
    let mut table = book.table(Table {
        sheet: say("figures"),
        title: format!("{}　{}", dossier.name, say("figures")),
        subtitle: dossier.subtitle.clone(),
        columns,
        frozen_columns: 1,
        empty_text: say("no_figures"),
        tab: Tab::Result,
        ..Table::default()
    })?;
    for figure in &dossier.figures {
        let mut cells = vec![Value::Text(&figure.label)];
        for (value, source) in &figure.years {
            cells.push(match value {
                DossierValue::Amount(units) => Value::Amount(*units),
                DossierValue::Text(text) => text_or_blank(text),
            });
            cells.push(text_or_blank(source));
        }
        table.row(&cells)?;
    }
    table.finish()?;
    Ok(())
}

fn patents(book: &mut Book, dossier: &Dossier, say: Say<'_>) -> Result<(), Error> {
    let wide = |place: usize, head: &String| match place {
        0 => Column::code(head),
        1 => Column::text(head).wide(36.0),
        _ => Column::text(head).wide(12.0),
    };
    let mut columns: Vec<Column> = dossier.patent_heads.iter().enumerate().map(|(place, head)| wide(place, head)).collect();
    columns.push(Column::text(say("source")).wide(32.0));
    let mut table = book.table(Table {
        sheet: say("patents"),
        title: format!("{}　{}", dossier.name, say("patents")),
        subtitle: dossier.subtitle.clone(),
        columns,
        frozen_columns: 2.min(u16::try_from(dossier.patent_heads.len()).unwrap_or(0)),
        empty_text: say("no_patents"),
        notes: vec![word(dossier.lang, "publish.patents_facts").to_owned()],
        tab: Tab::Result,
        ..Table::default()
    })?;
    for (patent, source) in &dossier.patents {
        let cells: Vec<Value<'_>> = patent.iter().chain([source]).map(|text| text_or_blank(text)).collect();
        table.row(&cells)?;
    }
    table.finish()?;
    Ok(())
}

fn verdicts(book: &mut Book, dossier: &Dossier, say: Say<'_>) -> Result<(), Error> {
    let columns = [("criterion", 32.0), ("effect", 8.0), ("verdict", 12.0), ("figure", 24.0), ("threshold", 36.0), ("source", 44.0)];
    texts(book, dossier, "verdicts", &columns, "no_verdicts", &dossier.verdicts, say)
}

/// What is open: findings, then disagreements.
fn open(book: &mut Book, dossier: &Dossier, say: Say<'_>) -> Result<(), Error> {
    let columns = [("severity", 10.0), ("message", 64.0), ("place", 44.0), ("code", 12.0)];
    texts(book, dossier, "findings", &columns, "no_findings", &dossier.findings, say)?;
    let columns = [("item", 20.0), ("used", 20.0), ("source", 40.0), ("other", 20.0), ("source", 40.0)];
    texts(book, dossier, "conflicts", &columns, "no_conflicts", &dossier.conflicts, say)
}

fn texts<const N: usize>(
    book: &mut Book,
    dossier: &Dossier,
    sheet: &str,
    columns: &[(&str, f64); N],
    empty: &str,
    rows: &[[String; N]],
    say: Say<'_>,
) -> Result<(), Error> {
    let mut table = book.table(Table {
        sheet: say(sheet),
        title: format!("{}　{}", dossier.name, say(sheet)),
        subtitle: dossier.subtitle.clone(),
        columns: columns.iter().map(|(head, width)| Column::text(say(head)).wide(*width)).collect(),
        frozen_columns: 1,
        empty_text: say(empty),
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    for row in rows {
        table.row(&row.each_ref().map(|text| text_or_blank(text)))?;
    }
    table.finish()?;
    Ok(())
}
