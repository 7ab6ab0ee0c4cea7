//! What can be wrong with a configuration file, as data.

use super::nearest;

/// Something wrong at one place of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1; 0 if the place is not in the text.
    pub line: usize,
    /// Path of the key, as in `source.tax.http[0].url`; empty if the text is no TOML there.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
    /// What was found: the key or the value as written.
    pub found: String,
    /// What would be right: names, or patterns such as `"…"` for a text; of some kinds what the sentences about them need, in
    /// its order. A reference to the catalogue's words (`@section.word`) is shown as those.
    pub expected: Vec<String>,
}

/// What can be wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// No TOML, in a way that none of the next four describes.
    Syntax,
    /// A full-width quotation mark, equals sign, bracket or comma outside a text.
    FullWidth,
    /// A text without quotation marks.
    Unquoted,
    /// A quotation mark or bracket that is never closed.
    Unclosed,
    /// A key that is stated twice.
    DuplicateKey,
    /// A key that means nothing here.
    UnknownKey,
    /// A key that has to be stated.
    MissingKey,
    /// A value of another type.
    WrongType,
    /// A word that is none of the choices.
    UnknownValue,
    /// A value that cannot be used.
    BadValue,
    /// A number that is too small or too large.
    OutOfRange,
    /// A text or list that is too short or too long.
    BadLength,
    /// An empty text or list where something has to be stated.
    Empty,
    /// A condition that names a field which is not there.
    UnknownField,
    /// A condition that cannot be computed.
    BadCondition,
    /// No source, or more than one, that holds the population.
    Registry,
    /// An edit that names no fields, or both fields and types of fields.
    FieldsOrEach,
    /// A function that no condition may call.
    FunctionRefused,
    /// A condition of a record that looks at other rows.
    BeyondRecord,
    /// A criterion that looks at other enterprises.
    BeyondEnterprise,
    /// A table that a condition's scope does not know.
    UnknownTable,
    /// A subquery that may give several values where one is needed.
    SeveralValues,
    /// A condition that is neither true nor false.
    NoTruth,
    /// A condition among records that looks at more than a plan of its place gives.
    OutOfPlace,
    /// A name that tables cannot have, or that they have already.
    BadName,
    /// An address with a user or password in it.
    PasswordInAddress,
    /// A secret in clear.
    SecretInClear,
    /// A portal that others reach without TLS.
    WithoutTls,
    /// A condition that holds a value against all rows of a subquery.
    Membership,
    /// A condition that holds values of different kinds against each other.
    MixedKinds,
    /// A condition that gives an operator or a function a value of another kind than it takes.
    UnfitKind,
    /// A condition that holds a column against a word which is not on its list.
    UnlistedWord,
    /// A condition that takes a text for a date or a number which it is not.
    NoSuchValue,
    /// A condition that holds a value against null.
    AgainstNull,
    /// A condition of which a part can never hold.
    NeverHolds,
    /// A condition that calls a function with arguments that it does not take.
    BadArguments,
}

impl ProblemKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 36] = [
        Self::Syntax,
        Self::FullWidth,
        Self::Unquoted,
        Self::Unclosed,
        Self::DuplicateKey,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::UnknownValue,
        Self::BadValue,
        Self::OutOfRange,
        Self::BadLength,
        Self::Empty,
        Self::UnknownField,
        Self::BadCondition,
        Self::Registry,
        Self::FieldsOrEach,
        Self::FunctionRefused,
        Self::BeyondRecord,
        Self::BeyondEnterprise,
        Self::UnknownTable,
        Self::SeveralValues,
        Self::NoTruth,
        Self::OutOfPlace,
        Self::BadName,
        Self::PasswordInAddress,
        Self::SecretInClear,
        Self::WithoutTls,
        Self::Membership,
        Self::MixedKinds,
        Self::UnfitKind,
        Self::UnlistedWord,
        Self::NoSuchValue,
        Self::AgainstNull,
        Self::NeverHolds,
        Self::BadArguments,
    ];

    /// Gives the catalogue code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Syntax => "CFG-001",
            Self::FullWidth => "CFG-002",
            Self::Unquoted => "CFG-003",
            Self::Unclosed => "CFG-004",
            Self::DuplicateKey => "CFG-005",
            Self::UnknownKey => "CFG-006",
            Self::MissingKey => "CFG-007",
            Self::WrongType => "CFG-008",
            Self::UnknownValue => "CFG-009",
            Self::BadValue => "CFG-010",
            Self::OutOfRange => "CFG-011",
            Self::BadLength => "CFG-012",
            Self::Empty => "CFG-013",
            Self::UnknownField => "CFG-014",
            Self::BadCondition => "CFG-015",
            Self::Registry => "CFG-016",
            Self::FieldsOrEach => "CFG-017",
            Self::FunctionRefused => "CFG-018",
            Self::BeyondRecord => "CFG-019",
            Self::BeyondEnterprise => "CFG-020",
            Self::UnknownTable => "CFG-021",
            Self::SeveralValues => "CFG-022",
            Self::NoTruth => "CFG-023",
            Self::OutOfPlace => "CFG-024",
            Self::BadName => "CFG-026",
            Self::PasswordInAddress => "CFG-027",
            Self::SecretInClear => "CFG-028",
            Self::WithoutTls => "CFG-029",
            Self::Membership => "CFG-030",
            Self::MixedKinds => "CFG-031",
            Self::UnfitKind => "CFG-032",
            Self::UnlistedWord => "CFG-033",
            Self::NoSuchValue => "CFG-034",
            Self::AgainstNull => "CFG-035",
            Self::NeverHolds => "CFG-036",
            Self::BadArguments => "CFG-037",
        }
    }
}

impl Problem {
    /// Gives the expected name that is most like the one found, if one is near enough to be a slip.
    pub fn nearest(&self) -> Option<&str> {
        nearest(&self.found, &self.expected)
    }
}
