//! Column names and types of standardized datasets.

use crate::model::field::FieldKind;
use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int8Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field};
use std::sync::Arc;

/// The record's number: table number times 2^24 plus the sheet's row, so a record is its own address.
pub const RECORD: &str = "record";

/// Why there is or is no value: the words of `_state` columns.
pub mod state {
    use crate::model::raw::Doubt;

    /// In the order of their indices in the dictionary.
    pub const WORDS: [&str; 16] = [
        "stated",
        "zero",
        "blank",
        "mark",
        "unreadable",
        "no_unit",
        "error_cell",
        "too_large",
        "not_in_list",
        "open",
        "shown_otherwise",
        Doubt::Misaligned.word(),
        Doubt::Merged.word(),
        Doubt::TwoUnits.word(),
        Doubt::Currency.word(),
        Doubt::Personal.word(),
    ];
    /// A value.
    pub const STATED: i8 = 0;
    /// A value, and it is zero.
    pub const ZERO: i8 = 1;
    /// Nothing in the cell.
    pub const BLANK: i8 = 2;
    /// A mark that stands for nothing, such as — or 无.
    pub const MARK: i8 = 3;
    /// A text that is no value of this kind.
    pub const UNREADABLE: i8 = 4;
    /// A number whose unit nobody states.
    pub const NO_UNIT: i8 = 5;
    /// `#N/A` and its like.
    pub const ERROR_CELL: i8 = 6;
    /// Beyond any real figure.
    pub const TOO_LARGE: i8 = 7;
    /// Not in the code list.
    pub const NOT_IN_LIST: i8 = 8;
    /// An open-ended date: 长期.
    pub const OPEN: i8 = 9;
    /// A number that its format shows in another unit than the heading states.
    pub const SHOWN_OTHERWISE: i8 = 10;

    /// A cell that was read with a doubt.
    pub const fn doubtful(doubt: Doubt) -> i8 {
        SHOWN_OTHERWISE + 1 + doubt as i8
    }
}

/// Words of `_precision` columns.
pub const PRECISIONS: [&str; 3] = ["day", "month", "year"];

/// The type of word columns.
pub fn word_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))
}

/// A word column from indices.
pub fn words(indices: Vec<Option<i8>>, words: &[&str]) -> ArrayRef {
    let keys = Int8Array::from(indices);
    let values = Arc::new(StringArray::from(words.to_vec()));
    // Indices come from the constants above, so they are within the dictionary.
    DictionaryArray::try_new(keys, values).map(|a| Arc::new(a) as ArrayRef).unwrap_or_else(|_| Arc::new(StringArray::new_null(0)))
}

/// The type of the value column of a field.
pub fn value_type(kind: FieldKind) -> DataType {
    match kind {
        FieldKind::Amount | FieldKind::Number => DataType::Decimal128(28, 4),
        FieldKind::Year => DataType::Int32,
        FieldKind::Date => DataType::Date32,
        FieldKind::Flag => DataType::Boolean,
        _ => DataType::Utf8,
    }
}

/// The columns that a field has in its dataset.
pub fn field_columns(name: &str, kind: FieldKind) -> Vec<Field> {
    let mut columns = vec![Field::new(name, value_type(kind), true)];
    let mut add = |suffix: &str, data_type: DataType| columns.push(Field::new(format!("{name}_{suffix}"), data_type, true));
    add("state", word_type());
    if kind == FieldKind::Text {
        return columns;
    }
    add("raw", DataType::Utf8);
    add("cell", word_type());
    match kind {
        FieldKind::Amount | FieldKind::Number => add("unit", DataType::Int64),
        FieldKind::Name => add("key", DataType::Utf8),
        FieldKind::Date => add("precision", word_type()),
        _ => {}
    }
    columns
}
