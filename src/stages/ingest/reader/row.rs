//! What the reader hands out: rows of cells, sheet heads, notes and refusals.
//!
//! Owns: the vocabulary between the reader and whoever listens to it.
//! Invariants: the cells of a [`Row`] are sorted by column, one per column, none blank; all texts of
//! a row live in one buffer that is reused, so a cell costs no allocation.
//! Deliberately absent: meaning. A cell is its text as stored and its kind; nothing is interpreted.

/// File format, found from the content and never from the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Office Open XML workbook (.xlsx, .xlsm).
    Xlsx,
    /// Binary Office workbook (.xlsb).
    Xlsb,
    /// Excel 97-2003 workbook in an OLE container (.xls).
    Xls,
    /// OpenDocument spreadsheet (.ods).
    Ods,
    /// Delimited text.
    Csv,
}

/// Kind of a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// A number; its text is a plain decimal, possibly with an exponent, a percentage such as `3.5%`, or one with the unit or currency that
    /// its format writes, such as `1250万元`.
    Number,
    /// A text.
    Text,
    /// A date, `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`.
    Date,
    /// `TRUE` or `FALSE`.
    Bool,
    /// An error value such as `#N/A`.
    Error,
}

/// One cell of a [`Row`]; its text is in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Column, counted from 0.
    pub column: u32,
    /// Kind of the stored value.
    pub kind: CellKind,
    /// Whether the value is the stored result of a formula.
    pub formula: bool,
    /// How many places its number format moves the point of the number to the left; the text is as shown.
    pub power: u8,
    start: u32,
    end: u32,
}

/// One row of a sheet, reused from row to row.
#[derive(Debug, Default, Clone)]
pub struct Row {
    /// Row number as the user sees it, counted from 1.
    pub number: u32,
    /// Whether the row is hidden.
    pub hidden: bool,
    /// How many fields a row of a text table has, blank ones counted; 0 where rows have no length.
    pub fields: u32,
    /// The cells that hold something, by column.
    pub cells: Vec<Cell>,
    text: String,
}

impl Row {
    /// Makes an empty row.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the text of one of this row's cells.
    #[must_use]
    pub fn text(&self, cell: &Cell) -> &str {
        self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default()
    }

    /// Appends a cell; a row's texts together stay below 4 GiB, beyond which a text is left out.
    pub fn push(&mut self, column: u32, kind: CellKind, formula: bool, text: &str) {
        let start = self.text.len();
        let end = start + text.len();
        let (start, end) = match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => {
                self.text.push_str(text);
                (start, end)
            }
            _ => (0, 0),
        };
        self.cells.push(Cell { column, kind, formula, power: 0, start, end });
    }

    /// Says of the last cell that its format moved the point of its number.
    pub fn scale_last(&mut self, power: u8) {
        if let Some(last) = self.cells.last_mut() {
            last.power = power;
        }
    }

    /// Empties the row and keeps its memory.
    pub fn clear(&mut self) {
        self.number = 0;
        self.hidden = false;
        self.fields = 0;
        self.cells.clear();
        self.text.clear();
    }

    /// Tells whether any text holds a colon of either width.
    #[must_use]
    pub fn has_colon(&self) -> bool {
        let bytes = self.text.as_bytes();
        memchr::memchr(b':', bytes).is_some() || memchr::memmem::find(bytes, "：".as_bytes()).is_some()
    }

    /// Returns the bytes of all texts of the row.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }
}

/// A rectangle of cells: rows from 1, columns from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First row, counted from 1.
    pub first_row: u32,
    /// Last row, counted from 1.
    pub last_row: u32,
    /// First column, counted from 0.
    pub first_column: u32,
    /// Last column, counted from 0.
    pub last_column: u32,
}

/// What is known of a sheet before its first row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetHead {
    /// Place among the sheets of the workbook, counted from 0.
    pub index: usize,
    /// Name as the user sees it.
    pub name: String,
    /// Whether the sheet is shown.
    pub visible: bool,
    /// Merged regions; `None` where they cannot be read.
    pub merged: Option<Vec<Span>>,
    /// Hidden columns as ranges, counted from 0, ends included, in order and without overlap; `None` where the format does not tell what
    /// is hidden, rows included.
    pub hidden_columns: Option<Vec<(u32, u32)>>,
}

/// Something odd about a cell or a sheet, which did not stop the reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Code in the catalogue, `CEL-2xx`.
    pub code: &'static str,
    /// Sheet it concerns.
    pub sheet: Option<String>,
    /// Row, counted from 1.
    pub row: Option<u32>,
    /// Column, counted from 0.
    pub column: Option<u32>,
    /// Values of the message's placeholders.
    pub args: Vec<(&'static str, String)>,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Code in the catalogue, `FIL-1xx`.
    pub code: &'static str,
    /// Values of the message's placeholders.
    pub args: Vec<(&'static str, String)>,
}

impl Refusal {
    /// Makes a refusal without arguments.
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self { code, args: Vec::new() }
    }

    /// Adds the value of a placeholder.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code)?;
        for (name, value) in &self.args {
            write!(formatter, " {name}=`{value}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// What was learnt about a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Format, found from the content.
    pub kind: FileKind,
    /// Character encoding of a text table, by its WHATWG name.
    pub encoding: Option<&'static str>,
    /// Sheets handed out.
    pub sheets: usize,
    /// Cells handed out.
    pub cells: u64,
}

/// Listens to a file being read.
///
/// For each sheet: `begin_sheet`, its rows from top to bottom, `end_sheet`. Notes come at any time,
/// those of a row before the row. What was received before a [`Refusal`] must be thrown away.
pub trait Sink {
    /// A sheet begins.
    fn begin_sheet(&mut self, head: &SheetHead);
    /// A row that holds at least one cell.
    fn row(&mut self, row: &Row);
    /// The sheet is complete.
    fn end_sheet(&mut self);
    /// Something odd was seen.
    fn note(&mut self, note: Note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_with_their_cells() {
        let mut row = Row::new();
        row.push(0, CellKind::Text, false, "汇池");
        row.push(3, CellKind::Number, true, "0.1");
        let cells = row.cells.clone();
        assert_eq!(row.text(&cells[0]), "汇池");
        assert_eq!(row.text(&cells[1]), "0.1");
        assert_eq!(row.text_bytes(), 9);
        row.clear();
        assert!(row.cells.is_empty());
        assert_eq!(row.text(&cells[1]), "", "a stale cell reads as empty");
    }

    #[test]
    fn a_refusal_shows_its_arguments() {
        let refusal = Refusal::new("FIL-104").with("part", "xl/workbook.xml");
        assert_eq!(refusal.to_string(), "FIL-104 part=`xl/workbook.xml`");
    }
}
