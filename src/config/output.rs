//! `[output]`: the workbooks, sheets and datasets of a run.

use serde::{Deserialize, Serialize};
use validator::Validate;

/// The datasets that a run can write under data/ beside those of single forms; `forms` stands for all of these.
pub const DATASETS: [&str; 16] = [
    "enterprises",
    FORMS,
    "verdicts",
    "scores",
    "list",
    "terms",
    "milestones",
    "findings",
    "unjudged",
    "edits",
    "conflicts",
    "provenance",
    "not_linked",
    "places",
    "set_aside",
    "dictionary",
];

/// The word for the datasets of all forms but the directory, whose enterprises are a dataset themselves.
pub const FORMS: &str = "forms";

/// The sheets of the pool workbook, in their order.
pub const POOL_SHEETS: [&str; 17] = [
    "cover",
    "pool",
    "verdicts",
    "feasibility",
    "funnel",
    "near",
    "scores",
    "list",
    "terms",
    "cost",
    "milestones",
    "patents",
    "finances",
    "needs",
    "conflicts",
    "provenance",
    "accounting",
];

/// The sheets of the quality workbook, in their order.
pub const QUALITY_SHEETS: [&str; 6] = ["overview", "inputs", "findings", "unjudged", "set_aside", "edits"];

/// `[output]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct OutputOptions {
    /// Workbooks to write.
    pub workbooks: Vec<Workbook>,
    /// Datasets to write under data/.
    pub data: Vec<String>,
    /// Their formats.
    pub formats: Vec<DataFormat>,
    /// Sheets of the pool workbook; empty means all.
    pub pool_sheets: Vec<String>,
    /// Sheets of the quality workbook; empty means all.
    pub quality_sheets: Vec<String>,
    /// Rows of a sheet before it is split.
    #[validate(range(min = 100, max = 1048576))]
    pub sheet_rows: u32,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            workbooks: vec![Workbook::Pool, Workbook::PoolOperator, Workbook::Quality],
            data: Vec::new(),
            formats: vec![DataFormat::Parquet, DataFormat::Csv],
            pool_sheets: Vec::new(),
            quality_sheets: Vec::new(),
            sheet_rows: 1_048_576,
        }
    }
}

/// A workbook of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workbook {
    /// 备选池.xlsx, the closed edition.
    Pool,
    /// 备选池_运营版.xlsx, the operator's edition.
    PoolOperator,
    /// 数据质量报告.xlsx
    Quality,
}

/// A format under data/.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// Exact, typed.
    Parquet,
    /// UTF-8 with mark, CRLF.
    Csv,
}
