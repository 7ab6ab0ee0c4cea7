//! The hand-over from ingest: cells and tables as found in somebody's file.

use super::amount::Unit;
use super::aside::Asides;
use serde::{Deserialize, Serialize};

/// How a cell was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i8)]
pub enum CellType {
    /// A number.
    Number = 0,
    /// A text in a workbook.
    Text = 1,
    /// A number shown as a date.
    Date = 2,
    /// True or false.
    Bool = 3,
    /// An error value such as `#N/A`.
    Error = 4,
    /// A field of a text table, which has no types.
    Csv = 5,
}

impl CellType {
    /// The words of the `_cell` columns, in the order of the discriminants.
    pub const WORDS: [&str; 6] = ["number", "text", "date", "bool", "error", "csv"];
}

/// One cell of a record, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawCell<'a> {
    /// How it was stored.
    pub kind: CellType,
    /// Its text; never empty.
    pub text: &'a str,
    /// How many places its number format moves the point of a number to the left; the text is as shown.
    pub power: u8,
    /// The unit of money that its row states of an amount.
    pub unit: Option<Unit>,
    /// Why what it holds may not be what is meant.
    pub doubt: Option<Doubt>,
}

impl<'a> RawCell<'a> {
    /// A cell that shows what it holds.
    pub fn new(kind: CellType, text: &'a str) -> Self {
        Self { kind, text, power: 0, unit: None, doubt: None }
    }
}

/// Why a cell is told, where the file is read, to hold no value that can be used, though there is something in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Its row of a text table has more or fewer fields than the header, so that it may stand in another column.
    Misaligned,
    /// One figure is merged over the rows of several records.
    Merged,
    /// The table states two units of money for it.
    TwoUnits,
    /// Its row states another currency than yuan.
    Currency,
    /// It holds personal data, which go no further than the reader.
    Personal,
}

impl Doubt {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Misaligned, Self::Merged, Self::TwoUnits, Self::Currency, Self::Personal];

    /// Its word in `_state` columns.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Misaligned => "misaligned",
            Self::Merged => "merged",
            Self::TwoUnits => "two_units",
            Self::Currency => "currency",
            Self::Personal => "personal",
        }
    }

    /// The doubt of a word, if it is one.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|doubt| doubt.word() == word)
    }

    /// The code of the finding that tells it, which is the reason beside the value.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Misaligned => "CEL-227",
            Self::Merged => "CEL-228",
            Self::TwoUnits => "TBL-220",
            Self::Currency => "CEL-252",
            Self::Personal => "CEL-251",
        }
    }
}

/// A column of a table, found by its header words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMeta {
    /// The form's field.
    pub field: String,
    /// Column in the sheet, 0-based.
    pub column: u32,
    /// The header words as found, levels joined by `/`.
    pub label: String,
    /// Yuan per unit, if the header or the table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_yuan: Option<i64>,
}

/// One table of one sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableMeta {
    /// Number within the file, in reading order.
    pub number: u16,
    /// The sheet's name.
    pub sheet: String,
    /// The form whose header words it carries.
    pub form: String,
    /// The year that title, sheet or file name gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// Whether its figures are of some months of a year, so that no record's year makes them the year's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// First and last header row, 1-based.
    pub header_rows: (u32, u32),
    /// Its columns, personal ones left out.
    pub columns: Vec<ColumnMeta>,
    /// Records in it, sum rows not counted.
    #[serde(default)]
    pub rows: u64,
    /// Its rows that are no records; with these, its records and its header every row of it is accounted for.
    #[serde(default, skip_serializing_if = "Asides::is_empty")]
    pub aside: Asides,
}

impl TableMeta {
    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<&ColumnMeta> {
        self.columns.iter().find(|c| c.field == field)
    }
}

/// What a sum row adds up, as far as its word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumKind {
    /// 合计, 总计: the whole table.
    Total,
    /// 累计: all rows above it.
    Running,
    /// 小计, 杨村镇小计: the rows of a group, which may lie above or below it.
    Subtotal,
    /// 本页小计: the rows of the page.
    Page,
}

/// A row at which a part of a table begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartStart {
    /// The heading of a group.
    Heading,
    /// The header again, or a word of the page.
    Page,
}
