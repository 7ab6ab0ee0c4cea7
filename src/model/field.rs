//! What the columns of a table hold, and of what time it speaks.

use serde::{Deserialize, Serialize};

/// What span of time a table speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodKind {
    /// A standing list.
    #[default]
    None,
    /// A calendar year.
    Year,
}

/// What a column is to its record, apart from how its cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It names the record, or whose it is.
    Identifier,
    /// It says of what kind it is, or when.
    Attribute,
    /// It says how much.
    Figure,
}

impl FieldKind {
    /// What a column of this kind is, if nothing else is said.
    pub fn role(self) -> Role {
        match self {
            Self::Uscc | Self::OrgCode | Self::PatentNumber | Self::Name | Self::Names => Role::Identifier,
            Self::Amount | Self::Number => Role::Figure,
            Self::Text | Self::Year | Self::Date | Self::Code | Self::Flag | Self::Personal => Role::Attribute,
        }
    }
}

/// What a field's cells hold, and so how their text is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Unified social credit code (GB 32100-2015).
    Uscc,
    /// Organisation code (GB 11714-1997).
    OrgCode,
    /// Patent application number (ZC 0006-2003 and before).
    PatentNumber,
    /// An enterprise's name.
    Name,
    /// Several names in one cell.
    Names,
    /// Plain text.
    #[default]
    Text,
    /// An amount of money; becomes yuan.
    Amount,
    /// A number without a unit of money.
    Number,
    /// A calendar year.
    Year,
    /// A day, month or year.
    Date,
    /// A value of a code list.
    Code,
    /// Yes or no.
    Flag,
    /// Personal data (persons, phones, ID numbers): seen, counted, dropped at once.
    Personal,
}
