//! The faults that are planted on purpose, and where.
//!
//! Owns: the kinds of faults ([`FaultKind`]) and their wording (`faults.toml`). Gives: [`PlantedFault`].
//! Invariants: a record carries one fault at most; kinds keep their code for ever, tests and the list refer to it.

use std::collections::BTreeMap;

use serde::Deserialize;

const TEXT: &str = include_str!("faults.toml");

/// What is wrong in one planted place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The check character of a unified social credit code is wrong.
    CodeCheck,
    /// The unified social credit code is missing.
    CodeMissing,
    /// The code was kept as a number: its last three digits are lost.
    CodeDigitsLost,
    /// A letter O stands for a nought in a code.
    CodeLetterO,
    /// Full-width letters or an ideographic space in a name.
    NameFullWidth,
    /// The record stands there twice.
    DuplicateRecord,
    /// A number is kept as text.
    NumberAsText,
    /// Words stand where a number belongs.
    NotANumber,
    /// A mark for "no value" stands where a number belongs.
    NoValueMark,
    /// Balance F1: assets are not liabilities plus equity.
    BalanceBroken,
    /// Balance F2: total profit is not operating profit plus and minus the non-operating items.
    ProfitBroken,
    /// Balance F4: main revenue exceeds revenue.
    MainExceedsTotal,
    /// Balance F7: revenue is negative.
    NegativeRevenue,
    /// Balance F12: amounts in another unit, a thousand times too large.
    UnitSlip,
    /// The year of the row is not the year of the table.
    WrongYear,
    /// Balance F11: the figure of the year before differs from that year's own table.
    PriorYearMismatch,
    /// The sum row does not add up.
    SumMismatch,
    /// The enterprise of a return is in no directory.
    EnterpriseUnknown,
    /// A date lies after the day the sample is judged at.
    FutureDate,
    /// The grant is older than the application.
    GrantBeforeApplication,
    /// The check character of a patent number is wrong.
    PatentCheck,
    /// A publication number stands where the application number belongs.
    PublicationNumber,
    /// The term of protection is over, yet the patent is called in force.
    ExpiredInForce,
    /// The owner is no enterprise of the directory.
    OwnerUnknown,
    /// Two enterprises answer to the owner's name.
    Namesake,
    /// The row is hidden.
    HiddenRow,
    /// The sheet is hidden.
    HiddenSheet,
    /// A formula stands where a value is expected.
    FormulaCell,
    /// The cell holds an error value of the spreadsheet.
    ErrorCell,
    /// The value of an older version, corrected by a later file.
    SupersededValue,
    /// No source claims the file.
    UnmatchedFile,
    /// The file is damaged.
    DamagedFile,
}

/// One fault at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlantedFault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The file, relative to the inputs folder, with `/`.
    pub file: String,
    /// The sheet; none for text tables and for whole files.
    pub sheet: Option<String>,
    /// The cell or range as the user sees it (`D17`, `D17:T17`), or none for whole sheets and files.
    pub cell: Option<String>,
    /// What stands there; empty for a blank cell.
    pub found: String,
    /// What would be right; empty where nothing else is.
    pub right: String,
}

/// A text in both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bilingual {
    pub(super) zh: String,
    pub(super) en: String,
}

/// The wording of the list of faults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    pub(super) title: Bilingual,
    pub(super) intro: Bilingual,
    pub(super) files: Bilingual,
    pub(super) faults: Bilingual,
    pub(super) columns: BTreeMap<String, Bilingual>,
    pub(super) kinds: BTreeMap<FaultKind, Bilingual>,
}

impl Wording {
    /// Reads the wording that is compiled in.
    pub(super) fn load() -> Result<Self, toml::de::Error> {
        toml::from_str(TEXT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_in_both_languages() {
        let wording = Wording::load().expect("the wording parses");
        assert_eq!(wording.kinds.len(), FaultKind::DamagedFile as usize + 1);
        assert!(wording.kinds.values().all(|name| !name.zh.is_empty() && !name.en.is_empty()));
    }
}
