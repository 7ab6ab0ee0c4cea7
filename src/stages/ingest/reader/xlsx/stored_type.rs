//! The stored type of a cell, as its attribute says it.

/// The `t` attribute of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoredType {
    Number,
    Shared,
    Inline,
    FormulaText,
    Bool,
    Error,
    IsoDate,
    Unknown,
}

impl StoredType {
    /// Reads the attribute.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        match text {
            b"n" => Self::Number,
            b"s" => Self::Shared,
            b"inlineStr" => Self::Inline,
            b"str" => Self::FormulaText,
            b"b" => Self::Bool,
            b"e" => Self::Error,
            b"d" => Self::IsoDate,
            _ => Self::Unknown,
        }
    }
}
