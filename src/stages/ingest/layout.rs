//! Where the columns of a table are.

/// The columns of one table, as far as its header tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// First sheet column that is its own, and first that is not any more.
    pub columns: (u32, u32),
    /// Columns of its key fields.
    pub keys: Vec<u32>,
    /// Its labelled columns.
    pub labelled: Vec<u32>,
    /// Columns of its amounts and numbers.
    pub figures: Vec<u32>,
}
