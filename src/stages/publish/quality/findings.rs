//! Every finding at its place, and what could not be judged because of one.

use super::tally::mark;
use crate::error::Error;
use crate::stages::publish::desk::{Desk, grouped, text_or_blank};
use crate::stages::publish::pool::Names;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};

/// Writes the findings in their order: by file, cell and code.
pub fn findings(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let columns = vec![
        Column::verdict(desk.header("severity")),
        Column::code(desk.header("code")),
        Column::text(desk.header("bureau")).wide(9.0),
        Column::text(desk.header("file")).wide(22.0),
        Column::text(desk.header("sheet")).wide(12.0),
        Column::code(desk.header("cell_address")),
        Column::text(desk.header("field")).wide(16.0),
        Column::text(desk.header("found")).wide(20.0),
        Column::text(desk.header("expected")).wide(18.0),
        Column::text(desk.header("message")).wide(42.0),
        Column::text(desk.header("help")).wide(32.0),
        Column::text(desk.header("explained")).wide(14.0),
        Column::code(desk.header("uscc")),
        Column::text(desk.header("name")).wide(24.0),
    ];
    let answered = p.findings.iter().filter(|f| f.explained.is_some()).count();
    let mut table = book.table(Table {
        sheet: desk.sheet("findings"),
        title: desk.say("findings_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.tell("findings_head", &[&grouped(p.findings.len() as u64), &grouped(answered as u64)])],
        columns,
        frozen_columns: 2,
        empty_text: desk.say("findings_empty").to_owned(),
        expected_rows: Some(p.findings.len() as u64),
        tab: Tab::Action,
        ..Table::default()
    })?;
    let known = Names::read(desk)?;
    let (renderer, names) = (p.renderer(), Names::of(desk, &known));
    for finding in p.findings {
        let r = renderer.render(finding);
        let explained = finding.explained.map(|number| desk.tell("findings_explained", &[&number.to_string()])).unwrap_or_default();
        let [code, name] = names.cells(finding.enterprise.as_deref().unwrap_or_default());
        table.row(&[
            Value::Mark(mark(finding.severity)),
            Value::Text(&finding.code),
            text_or_blank(&r.bureau),
            text_or_blank(&r.file),
            text_or_blank(&r.sheet),
            text_or_blank(&r.cell),
            text_or_blank(&r.field),
            text_or_blank(&r.found),
            text_or_blank(&r.expected),
            text_or_blank(&r.message),
            text_or_blank(&r.help),
            text_or_blank(&explained),
            code,
            name,
        ])?;
    }
    table.finish()?;
    Ok(())
}

/// Writes the edits that could not be judged because another finding withholds what they read.
pub fn unjudged(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let all = &p.judgement.unjudged;
    let columns = vec![
        Column::code(desk.header("code")),
        Column::text(desk.header("edit")).wide(30.0),
        Column::text(desk.header("file")),
        Column::text(desk.header("sheet")).wide(14.0),
        Column::code(desk.header("cell_address")),
        Column::code(desk.header("because_code")),
        Column::text(desk.header("because")).wide(30.0),
    ];
    let mut table = book.table(Table {
        sheet: desk.sheet("unjudged"),
        title: desk.say("unjudged_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.tell("unjudged_head", &[&grouped(all.len() as u64)])],
        columns,
        frozen_columns: 1,
        empty_text: desk.say("unjudged_empty").to_owned(),
        expected_rows: Some(all.len() as u64),
        tab: Tab::Action,
        ..Table::default()
    })?;
    let name = |code: &str| p.catalogue.get(code).map_or("", |e| e.name.get(desk.lang()));
    for one in all {
        let cell = p.places.address(one.record, &one.field).unwrap_or_default();
        table.row(&[
            Value::Text(&one.code),
            text_or_blank(name(&one.code)),
            text_or_blank(p.places.file(one.record).map_or("", |f| &f.path)),
            text_or_blank(p.places.table(one.record).map_or("", |t| &t.sheet)),
            text_or_blank(&cell),
            text_or_blank(&one.because),
            text_or_blank(name(&one.because)),
        ])?;
    }
    table.finish()?;
    Ok(())
}
