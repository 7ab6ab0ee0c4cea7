//! Where a record stands: a record's number is its address.
//!
//! A number holds file, table and row (23, 16 and 24 bits, never negative), so that a figure's way back to its cell costs
//! nothing but the list of tables. Owns: that layout; nobody else shifts or masks. Invariant: what does not fit is refused
//! where it comes in (rows by the reader, tables at the end of a file, files before they are loaded), never cut off.

use super::cell;
use super::raw::TableMeta;
use std::collections::BTreeMap;

const ROW_BITS: u32 = 24;
const TABLE_BITS: u32 = 16;
/// Bits of a record's number below the file.
const FILE_SHIFT: u32 = ROW_BITS + TABLE_BITS;

/// Highest row that a number can hold; only text tables come near it.
pub const MAX_ROW: u32 = (1 << ROW_BITS) - 1;
/// Tables of one file that numbers can tell apart.
pub const MAX_TABLES: u32 = 1 << TABLE_BITS;
/// Files of one run that numbers can tell apart.
pub const MAX_FILES: usize = 1 << (i64::BITS - 1 - FILE_SHIFT);

/// A record's number taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Ordinal of the file, below [`MAX_FILES`].
    pub file: usize,
    /// Number of the table within the file.
    pub table: u16,
    /// Row as the user sees it, at most [`MAX_ROW`]; 0 stands for no row.
    pub row: u32,
}

impl Address {
    /// The address that a record's number holds.
    pub const fn of(record: i64) -> Self {
        let row = (record & MAX_ROW as i64) as u32;
        let table = ((record >> ROW_BITS) & (MAX_TABLES as i64 - 1)) as u16;
        Self { file: (record >> FILE_SHIFT) as usize, table, row }
    }

    /// The number of the record at this address.
    pub const fn record(self) -> i64 {
        debug_assert!(self.file < MAX_FILES && self.row <= MAX_ROW, "what does not fit is refused where it comes in");
        (self.file as i64) << FILE_SHIFT | (self.table as i64) << ROW_BITS | self.row as i64
    }

    /// File and table.
    pub const fn in_table(self) -> (usize, u16) {
        (self.file, self.table)
    }
}

/// Whether two records are of one table.
pub fn same_table(one: i64, other: i64) -> bool {
    Address::of(one).in_table() == Address::of(other).in_table()
}

/// The part of record numbers that says which file.
pub const fn file_base(file: usize) -> i64 {
    Address { file, table: 0, row: 0 }.record()
}

/// The ordinal of a record's file, in SQL.
pub fn file_sql(record: &str) -> String {
    format!("{record} / {}", file_base(1))
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
    tables: BTreeMap<(usize, u16), TableMeta>,
}

/// A cell of somebody's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellPlace<'a> {
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
        self.tables.get(&Address::of(record).in_table())
    }

    /// Whether another table stands in the same sheet as a record's.
    pub fn shares_sheet(&self, record: i64) -> bool {
        let (file, number) = Address::of(record).in_table();
        let Some(table) = self.tables.get(&(file, number)) else { return false };
        // Tables of a sheet are numbered one after another.
        [number.checked_sub(1), number.checked_add(1)]
            .into_iter()
            .flatten()
            .any(|n| self.tables.get(&(file, n)).is_some_and(|t| t.sheet == table.sheet))
    }

    /// All tables in the order of files, each with the address of its row 0.
    pub fn tables(&self) -> impl Iterator<Item = (Address, &TableMeta)> {
        self.tables.iter().map(|(&(file, table), meta)| (Address { file, table, row: 0 }, meta))
    }

    /// The tables of a file in their order, likewise.
    pub fn tables_of(&self, file: usize) -> impl Iterator<Item = (Address, &TableMeta)> {
        let of_file = self.tables.range((file, 0)..=(file, u16::MAX));
        of_file.map(|(&(file, table), meta)| (Address { file, table, row: 0 }, meta))
    }

    /// The file of a record.
    pub fn file(&self, record: i64) -> Option<&FileName> {
        self.files.get(Address::of(record).file)
    }

    /// The address of a record's field, if its table has the column.
    pub fn address(&self, record: i64, field: &str) -> Option<String> {
        let column = self.table(record)?.column(field)?;
        Some(cell::address(column.column, Address::of(record).row))
    }

    /// The place of the first of the fields that the table has; the row alone if it has none.
    pub fn place(&self, record: i64, fields: &[String]) -> Option<CellPlace<'_>> {
        let row = || Address::of(record).row.to_string();
        let cell = fields.iter().find_map(|f| self.address(record, f)).unwrap_or_else(row);
        Some(CellPlace { file: self.file(record)?, sheet: &self.table(record)?.sheet, cell })
    }

    /// A cell in words: `file[sheet]D17`.
    pub fn cite(&self, record: i64, field: &str) -> Option<String> {
        let cell = self.address(record, field)?;
        Some(format!("{}[{}]{cell}", self.file(record)?.path, self.table(record)?.sheet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_address_comes_back_from_its_number(file in 0..MAX_FILES, table: u16, row in 0..=MAX_ROW) {
            let address = Address { file, table, row };
            prop_assert!(address.record() >= 0, "numbers sort as addresses do");
            prop_assert_eq!(Address::of(address.record()), address);
        }

        #[test]
        fn numbers_stand_in_the_order_of_files_tables_and_rows(
            a in (0..MAX_FILES, any::<u16>(), 0..=MAX_ROW),
            b in (0..MAX_FILES, any::<u16>(), 0..=MAX_ROW),
        ) {
            let of = |(file, table, row)| Address { file, table, row };
            prop_assert_eq!(of(a).cmp(&of(b)), of(a).record().cmp(&of(b).record()));
        }
    }

    #[test]
    fn the_first_and_the_last_of_each_part_do_not_meet() {
        for file in [0, 1, 65_535, 65_536, 70_000, MAX_FILES - 1] {
            for (table, row) in [(0, 0), (0, MAX_ROW), (u16::MAX, 0), (u16::MAX, MAX_ROW)] {
                let address = Address { file, table, row };
                assert_eq!(Address::of(address.record()), address);
            }
        }
    }

    #[test]
    fn a_file_beyond_the_first_65536_is_named_as_itself() {
        let name = |path: String| FileName { path, bureau: String::new(), source: String::new() };
        let places = Places { files: (0..=65_536).map(|i| name(format!("{i}.csv"))).collect(), ..Places::default() };
        let of = |file| places.file(Address { file, table: 0, row: 2 }.record()).map(|f| f.path.as_str());
        assert_eq!((of(0), of(65_536)), (Some("0.csv"), Some("65536.csv")));
    }
}
