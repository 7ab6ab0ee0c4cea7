//! What a table is, apart from its rows.
//!
//! Owns the description that callers give: names, columns, notes. The look is decided elsewhere.

/// Describes a table; its rows are streamed afterwards.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Name of the sheet; made allowed and unique by the kit.
    pub sheet: String,
    /// Title above the table.
    pub title: String,
    /// Lines below the title: unit, as-of date, source.
    pub subtitle: Vec<String>,
    /// The columns, at least one.
    pub columns: Vec<Column>,
    /// Number of columns on the left that stay while scrolling.
    pub frozen_columns: u16,
    /// What stands in the table if it has no row.
    pub empty_text: String,
    /// Notes below the table (注：…).
    pub notes: Vec<String>,
    /// Number of rows to come, if known; lets a split table say on each sheet how many there are.
    pub expected_rows: Option<u64>,
    /// Color of the sheet's tab.
    pub tab: Tab,
}

/// Describes a column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Header without the unit.
    pub header: String,
    /// What the column holds.
    pub kind: ColumnKind,
    /// Unit shown below the header; amounts have theirs by themselves.
    pub unit: Option<String>,
    /// Header above this and the neighboring columns of the same group.
    pub group: Option<String>,
    /// Width in half-width characters, a hanzi being two; as wide as header and rows need if none.
    pub width: Option<f64>,
}

impl Column {
    /// Makes a column of the given kind, without unit and group and as wide as it needs.
    pub fn new(header: impl Into<String>, kind: ColumnKind) -> Self {
        Self { header: header.into(), kind, unit: None, group: None, width: None }
    }

    /// Makes a column of wrapping text.
    pub fn text(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Text)
    }

    /// Makes a column of codes, which are never wrapped and never numbers.
    pub fn code(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Code)
    }

    /// Makes a column of money.
    pub fn amount(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Amount)
    }

    /// Makes a column of whole numbers.
    pub fn count(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Count)
    }

    /// Makes a column of percentages.
    pub fn ratio(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Ratio)
    }

    /// Makes a column of other decimals.
    pub fn number(header: impl Into<String>, decimals: u8) -> Self {
        Self::new(header, ColumnKind::Number { decimals })
    }

    /// Makes a column of dates.
    pub fn date(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Date)
    }

    /// Makes a column of verdicts or severities.
    pub fn verdict(header: impl Into<String>) -> Self {
        Self::new(header, ColumnKind::Verdict)
    }

    /// Tells whether the header has a second line for the unit.
    pub(super) fn has_unit(&self) -> bool {
        self.unit.is_some() || self.kind == ColumnKind::Amount
    }

    /// Puts the column under a group header.
    #[must_use]
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Shows a unit below the header.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Gives the column a fixed width, in half-width characters.
    #[must_use]
    pub fn wide(mut self, characters: f64) -> Self {
        self.width = Some(characters);
        self
    }
}

/// Says what a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, left, wrapped.
    Text,
    /// Codes, left, on one line.
    Code,
    /// Money in 万元, `#,##0.00`.
    Amount,
    /// Whole numbers, `#,##0`.
    Count,
    /// Shares, `0.00%`.
    Ratio,
    /// Other decimals.
    Number {
        /// Decimal places shown.
        decimals: u8,
    },
    /// Dates, `yyyy-mm-dd`.
    Date,
    /// Marks, centered.
    Verdict,
}

/// Color of a sheet's tab, to find the kinds of sheets in a large workbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// No color.
    #[default]
    Plain,
    /// Results.
    Result,
    /// Evidence behind the results.
    Evidence,
    /// Points that ask for action.
    Action,
}

/// Says how a row stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowStyle {
    /// An ordinary row.
    #[default]
    Plain,
    /// A sum (合计, 小计): bold on a light ground.
    Total,
}
