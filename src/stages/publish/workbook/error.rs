//! The one error type of the workbook kit.

use std::fmt;

use rust_xlsxwriter::XlsxError;

/// Says why a workbook could not be written.
#[derive(Debug)]
pub enum WorkbookError {
    /// The file could not be created or written.
    Io(std::io::Error),
    /// The writer library refused what the kit gave it.
    Writer(XlsxError),
    /// A row has another number of values than its table has columns.
    RowShape {
        /// Name of the sheet as asked for.
        sheet: String,
        /// Number of columns of the table.
        columns: usize,
        /// Number of values of the row.
        values: usize,
    },
    /// A table has no column, or more columns than a sheet holds.
    ColumnCount {
        /// Name of the sheet as asked for.
        sheet: String,
        /// Number of columns asked for.
        columns: usize,
    },
    /// The limit of rows leaves no room for data below the head of a table.
    RowLimit {
        /// Name of the sheet as asked for.
        sheet: String,
        /// The limit of rows of a sheet.
        limit: u32,
    },
    /// A chart names a column that its table does not have.
    ChartColumn {
        /// Title of the chart.
        chart: String,
        /// Index of the missing column, from 0.
        column: usize,
    },
}

impl fmt::Display for WorkbookError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(out, "write the workbook file: {error}"),
            Self::Writer(error) => write!(out, "write the workbook: {error}"),
            Self::RowShape { sheet, columns, values } => {
                write!(out, "add a row of {values} values to sheet `{sheet}` of {columns} columns")
            }
            Self::ColumnCount { sheet, columns } => {
                write!(out, "lay out sheet `{sheet}` with {columns} columns; valid are 1 to 16384")
            }
            Self::RowLimit { sheet, limit } => {
                write!(out, "lay out sheet `{sheet}` within {limit} rows")
            }
            Self::ChartColumn { chart, column } => {
                write!(out, "draw chart `{chart}` from missing column {column}")
            }
        }
    }
}

impl std::error::Error for WorkbookError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Writer(error) => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for WorkbookError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<XlsxError> for WorkbookError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) => Self::Io(error),
            other => Self::Writer(other),
        }
    }
}
