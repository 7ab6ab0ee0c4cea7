//! Financing needs, pooled enterprises first, with the cell that states each.

use super::finances::membership;
use crate::error::Error;
use crate::stages::publish::cells::{Reader, Shape, Total};
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};

/// Writes the needs.
pub fn needs(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let mut columns = desk.identity_columns();
    columns.extend([
        Column::amount(desk.header("amount")),
        Column::count(desk.header("months")).with_unit(desk.header("unit_month")),
        Column::text(desk.header("use")),
        Column::number(desk.header("rate"), 2).with_unit("%"),
        Column::text(desk.header("consent")).wide(10.0),
        Column::date(desk.header("consent_on")),
        Column::text(desk.header("cell")).wide(26.0),
    ]);
    let mut table = book.table(Table {
        sheet: desk.sheet("needs"),
        title: desk.say("needs_title").to_owned(),
        subtitle: vec![desk.as_of()],
        columns,
        frozen_columns: 2,
        empty_text: desk.say("needs_empty").to_owned(),
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    let (mut sums, mut rows) = ([Total::default(); 2], 0_u64);
    for wanted in [true, false] {
        for batch in &desk.gathered.enterprises {
            let verdicts = Verdicts::of(desk.publication, batch);
            let codes = Identifiers::of(desk, batch, "uscc");
            let [name, months, purpose, rate, consent, on] =
                ["name", "need_months", "need_use", "need_rate", "consent", "consent_on"].map(|c| Reader::of(batch, c, desk.shape(c)));
            let (amount, record) = (Reader::of(batch, "need_amount", Shape::Amount), Reader::of(batch, "need_record", Shape::Plain));
            let cells = desk.gathered.sources.cells(desk.publication.places, batch, "need_amount");
            for row in (0..batch.num_rows()).filter(|row| verdicts.pooled(*row) == wanted && (amount.has(*row) || record.has(*row))) {
                let cell = if amount.has(row) { cells.cite(row).unwrap_or_default() } else { String::new() };
                let value = amount.value(row, &desk.words);
                sums[usize::from(!wanted)].add(&value);
                rows += 1;
                table.row(&[
                    codes.value(row),
                    text_or_blank(name.text(row)),
                    membership(desk, wanted),
                    value,
                    months.value(row, &desk.words),
                    purpose.value(row, &desk.words),
                    rate.value(row, &desk.words),
                    consent.value(row, &desk.words),
                    on.value(row, &desk.words),
                    text_or_blank(&cell),
                ])?;
            }
        }
    }
    if rows > 0 {
        let mut all = sums[0];
        all.add(&sums[1].value());
        for (name, sum) in [("total_pooled", sums[0]), ("total_not_pooled", sums[1]), ("total", all)] {
            let mut cells = [Value::Blank; 10];
            cells[1] = Value::Text(desk.header(name));
            cells[3] = sum.value();
            table.total_row(&cells)?;
        }
    }
    table.finish()?;
    Ok(())
}
