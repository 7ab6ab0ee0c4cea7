//! Writes a book as `.xlsx`.
//!
//! Owns: the looks of the sample workbooks (fonts, borders, page set-up). Takes: a [`Book`]. Gives: its bytes.
//! Invariants: document properties and archive times are fixed, so equal books give equal bytes. Numbers are whole and
//! below 2^53 except a code whose digits are meant to be lost; nothing is computed in binary floating point.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError};

use super::sheet::{Book, ColumnKind, Line, LineKind, Merge, Sheet, Value, tenths_text};

const A4: u8 = 9;
const FONT: &str = "宋体";

/// Writes the workbook.
pub(super) fn write(book: &Book) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2026, 6, 1)?.and_hms(9, 0, 0)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let looks = Looks::new();
    for sheet in &book.sheets {
        write_sheet(workbook.add_worksheet(), sheet, &looks)?;
    }
    workbook.save_to_buffer()
}

fn write_sheet(target: &mut Worksheet, sheet: &Sheet, looks: &Looks) -> Result<(), XlsxError> {
    target.set_name(&sheet.name)?.set_hidden(sheet.hidden);
    target.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
    for (index, column) in sheet.columns.iter().enumerate() {
        target.set_column_width(index as u16, column.width)?;
    }
    for merge in &sheet.merges {
        write_merge(target, sheet, merge, looks)?;
    }
    for (row, line) in sheet.lines.iter().enumerate() {
        let height = match line.kind {
            LineKind::Title => 30,
            LineKind::Head => 22,
            _ => 18,
        };
        target.set_row_height(row as u32, height)?;
        if line.hidden {
            target.set_row_hidden(row as u32)?;
        }
        for column in 0..line.cells.len() {
            if !sheet.merges.iter().any(|merge| merge.covers(row, column)) {
                let format = looks.of(sheet, line, column);
                write_cell(target, (row, column), &line.cells[column], format)?;
            }
        }
    }
    freeze(target, sheet)
}

fn freeze(target: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let end = sheet.head_end();
    if end > 0 {
        target.set_freeze_panes(end as u32, sheet.frozen_columns as u16)?;
        target.set_repeat_rows(sheet.head_start() as u32, end as u32 - 1)?;
    }
    Ok(())
}

/// Merges a region; its value is written again with the other cells, so that there is one way to write a value.
fn write_merge(target: &mut Worksheet, sheet: &Sheet, merge: &Merge, looks: &Looks) -> Result<(), XlsxError> {
    let Some(line) = sheet.lines.get(merge.first_row) else {
        return Ok(());
    };
    let format = looks.of(sheet, line, merge.first_column);
    target.merge_range(merge.first_row as u32, merge.first_column as u16, merge.last_row as u32, merge.last_column as u16, "", format)?;
    Ok(())
}

fn write_cell(target: &mut Worksheet, (row, column): (usize, usize), value: &Value, format: &Format) -> Result<(), XlsxError> {
    let (row, column) = (row as u32, column as u16);
    match value {
        Value::Blank => target.write_blank(row, column, format)?,
        Value::Text(text) => target.write_string_with_format(row, column, text, format)?,
        Value::Integer(number) => target.write_number_with_format(row, column, *number as f64, format)?,
        // The nearest double of the decimal text, as a spreadsheet would store it.
        Value::Tenths(tenths) => {
            let number: f64 = tenths_text(*tenths).parse().unwrap_or_default();
            target.write_number_with_format(row, column, number, format)?
        }
        Value::Date(day) => {
            let text = day.to_string();
            let date = ExcelDateTime::parse_from_str(&text)?;
            target.write_datetime_with_format(row, column, &date, format)?
        }
        Value::Formula { formula, result } => {
            let formula = Formula::new(formula).set_result(result);
            target.write_formula_with_format(row, column, formula, format)?
        }
    };
    Ok(())
}

/// The cell formats of a workbook.
struct Looks {
    title: Format,
    caption_left: Format,
    caption_right: Format,
    head: Format,
    numbering: Format,
    text: Format,
    center: Format,
    amount: Format,
    date: Format,
    total: Format,
    footer: Format,
}

impl Looks {
    fn new() -> Self {
        let plain = || Format::new().set_font_name(FONT).set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let boxed = || plain().set_border(FormatBorder::Thin);
        Self {
            title: plain().set_font_name("黑体").set_font_size(16).set_align(FormatAlign::Center),
            caption_left: plain(),
            caption_right: plain().set_align(FormatAlign::Right),
            head: boxed().set_bold().set_text_wrap().set_align(FormatAlign::Center),
            numbering: boxed().set_align(FormatAlign::Center),
            text: boxed(),
            center: boxed().set_align(FormatAlign::Center),
            amount: boxed().set_num_format("#,##0"),
            date: boxed().set_align(FormatAlign::Center).set_num_format("yyyy/m/d"),
            total: boxed().set_bold().set_num_format("#,##0"),
            footer: plain(),
        }
    }

    fn of(&self, sheet: &Sheet, line: &Line, column: usize) -> &Format {
        match line.kind {
            LineKind::Title => &self.title,
            LineKind::Caption if column == 0 => &self.caption_left,
            LineKind::Caption => &self.caption_right,
            LineKind::Head => &self.head,
            LineKind::Numbering => &self.numbering,
            LineKind::Total => &self.total,
            LineKind::Footer => &self.footer,
            LineKind::Body => match sheet.columns.get(column).map(|column| column.kind) {
                Some(ColumnKind::Center) => &self.center,
                Some(ColumnKind::Amount) => &self.amount,
                Some(ColumnKind::Date) => &self.date,
                Some(ColumnKind::Text) | None => &self.text,
            },
        }
    }
}
