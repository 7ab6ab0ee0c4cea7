//! Financing needs, pooled enterprises first, with the cell that states each.

use super::finances::membership;
use crate::error::Error;
use crate::model::field::FieldKind;
use crate::stages::publish::cells::{Reader, Shape, Total};
use crate::stages::publish::desk::{Desk, Edition, text_or_blank};
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};

/// Writes the needs.
pub fn needs(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let asked: Vec<EnterpriseColumn<'_>> =
        desk.publication.config.pool.needs.iter().filter_map(|id| EnterpriseColumn::of(desk.publication.config, id)).collect();
    let mut columns = desk.identity_columns();
    columns.extend(asked.iter().map(|column| look(desk, column)));
    columns.push(Column::text(desk.header("cell")).wide(26.0));
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
    // Who states the amount, or is in the list of those who do.
    let amount = asked.first().map_or("", |column| column.id);
    let list = asked.first().and_then(EnterpriseColumn::sole_field).map(|(form, _)| form);
    let records = &desk.publication.merged.records;
    let list = records.iter().skip(1).find(|(_, form)| Some(form.as_str()) == list).map_or("", |(column, _)| column);
    // A sum would show more than the rows do.
    let adds = desk.edition == Edition::Closed || asked.first().is_none_or(|column| !column.is_statistics());
    let (mut sums, mut rows) = ([Total::default(); 2], 0_u64);
    for wanted in [true, false] {
        for batch in desk.gathered.enterprises.batches() {
            let batch = &batch?;
            let verdicts = Verdicts::of(desk.publication, batch);
            let codes = Identifiers::of(desk, batch, "uscc");
            let [key, name] = ["enterprise", "name"].map(|column| Reader::of(batch, column, Shape::Plain));
            let readers: Vec<Reader<'_>> = asked.iter().map(|column| Reader::of(batch, column.id, column.shape())).collect();
            let [stated, record] = [amount, list].map(|column| Reader::of(batch, column, Shape::Plain));
            let cells = desk.gathered.sources.cells(desk.publication.places, batch, amount);
            for row in (0..batch.num_rows()).filter(|row| verdicts.pooled(*row) == wanted && (stated.has(*row) || record.has(*row))) {
                let cell = if stated.has(row) && (adds || desk.discloses(key.text(row))) {
                    cells.cite(row).unwrap_or_default()
                } else {
                    String::new()
                };
                let mut values = vec![codes.value(row), text_or_blank(name.text(row)), membership(desk, wanted)];
                let disclosed = desk.discloses(key.text(row));
                values.extend(asked.iter().zip(&readers).map(|(column, reader)| match disclosed || !column.is_statistics() {
                    true => reader.value(row, &desk.words),
                    false => Value::Text(desk.say("withheld")),
                }));
                if adds {
                    values.get(3).iter().for_each(|amount| sums[usize::from(!wanted)].add(amount));
                }
                values.push(text_or_blank(&cell));
                rows += 1;
                table.row(&values)?;
            }
        }
    }
    if rows > 0 {
        let mut all = sums[0];
        all.add(&sums[1].value());
        for (name, sum) in [("total_pooled", sums[0]), ("total_not_pooled", sums[1]), ("total", all)] {
            let mut cells = vec![Value::Blank; asked.len() + 4];
            cells[1] = Value::Text(desk.header(name));
            cells[3] = sum.value();
            table.total_row(&cells)?;
        }
    }
    table.finish()?;
    Ok(())
}

/// How a column looks, here without the heading of its group.
fn look(desk: &Desk<'_>, column: &EnterpriseColumn<'_>) -> Column {
    let header = column.heading(desk.lang());
    let look = match column.kind() {
        Some(FieldKind::Amount) => Column::amount(&header),
        Some(FieldKind::Date) => Column::date(&header),
        Some(FieldKind::Flag) => Column::text(&header).wide(10.0),
        // A number that states no unit may have decimals, such as a rate.
        Some(FieldKind::Number) if column.unit().is_some_and(|unit| unit.0.zh != "%") => Column::count(&header),
        Some(FieldKind::Number) => Column::number(&header, 2),
        _ => Column::text(&header),
    };
    column.unit().iter().fold(look, |look, unit| look.with_unit(unit.get(desk.lang())))
}
