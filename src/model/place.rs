//! Where a record stands: a record's number is its address.
//!
//! A number holds file, table and row (16, 16 and 24 bits), so that a figure's way back to its cell costs nothing but
//! the list of tables.

use super::cell;
use super::raw::TableMeta;
use std::collections::HashMap;

/// Bits of a record's number below the table.
const ROW_BITS: u32 = 24;
/// Bits of a record's number below the file.
const TABLE_BITS: u32 = 40;

/// The part of record numbers that says which file.
pub fn file_base(file: usize) -> i64 {
    (file as i64) << TABLE_BITS
}

/// A file as reports name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Path below the inputs root, or the name of an HTTP source.
    pub path: String,
    /// The bureau that sent it.
    pub bureau: String,
    /// The source's id.
    pub source: String,
}

/// All files and tables of a run.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By file ordinal.
    pub files: Vec<FileName>,
    tables: HashMap<(usize, u16), TableMeta>,
}

/// A cell of somebody's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a FileName,
    /// Its sheet.
    pub sheet: &'a str,
    /// The cell such as `D17`, or the row's number where the table has no such column.
    pub cell: String,
}

impl Places {
    /// Adds a file's tables; returns nothing, the ordinal is the caller's.
    pub fn add_tables(&mut self, file: usize, tables: &[TableMeta]) {
        for table in tables {
            self.tables.insert((file, table.number), table.clone());
        }
    }

    /// The table of a record.
    pub fn table(&self, record: i64) -> Option<&TableMeta> {
        self.tables.get(&split(record).0)
    }

    /// Whether another table stands in the same sheet as a record's.
    pub fn shares_sheet(&self, record: i64) -> bool {
        let ((file, number), _) = split(record);
        let Some(table) = self.tables.get(&(file, number)) else { return false };
        // Tables of a sheet are numbered one after another.
        [number.checked_sub(1), number.checked_add(1)]
            .into_iter()
            .flatten()
            .any(|n| self.tables.get(&(file, n)).is_some_and(|t| t.sheet == table.sheet))
    }

    /// The tables of a file, each with the part of record numbers that says file and table.
    pub fn tables_of(&self, file: usize) -> impl Iterator<Item = (i64, &TableMeta)> {
        let of_file = self.tables.iter().filter(move |((f, _), _)| *f == file);
        of_file.map(|((file, number), table)| (file_base(*file) | i64::from(*number) << ROW_BITS, table))
    }

    /// The file of a record.
    pub fn file(&self, record: i64) -> Option<&FileName> {
        self.files.get(split(record).0.0)
    }

    /// The address of a record's field, if its table has the column.
    pub fn address(&self, record: i64, field: &str) -> Option<String> {
        let ((file, table), row) = split(record);
        let column = self.tables.get(&(file, table))?.column(field)?;
        Some(cell::address(column.column, row))
    }

    /// The place of the first of the fields that the table has; the row alone if it has none.
    pub fn place(&self, record: i64, fields: &[String]) -> Option<Place<'_>> {
        let (_, row) = split(record);
        let cell = fields.iter().find_map(|f| self.address(record, f)).unwrap_or_else(|| row.to_string());
        Some(Place { file: self.file(record)?, sheet: &self.table(record)?.sheet, cell })
    }

    /// A cell in words: `file[sheet]D17`.
    pub fn cite(&self, record: i64, field: &str) -> Option<String> {
        let cell = self.address(record, field)?;
        Some(format!("{}[{}]{cell}", self.file(record)?.path, self.table(record)?.sheet))
    }
}

/// File, table and row of a record.
fn split(record: i64) -> ((usize, u16), u32) {
    let row = (record & ((1 << ROW_BITS) - 1)) as u32;
    let table = ((record >> ROW_BITS) & 0xFFFF) as u16;
    ((((record >> TABLE_BITS) & 0xFFFF) as usize, table), row)
}
