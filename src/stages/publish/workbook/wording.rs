//! The kit's own words, in Chinese and English.
//!
//! Owns the few texts that the kit adds by itself (page numbers, units in headers, words of marks, notes on split
//! sheets). Takes `wording.toml`, compiled in. Everything else that a reader sees is given by the caller.

use serde::Deserialize;

use super::error::WorkbookError;
use super::table::AmountUnit;
use super::value::Mark;

const SOURCE: &str = include_str!("wording.toml");

/// Holds the kit's own words in one language.
#[derive(Clone, Debug)]
pub struct Wording {
    pub(super) page_footer: String,
    pub(super) part_of_known: String,
    pub(super) part_of_unknown: String,
    pub(super) continued_on: String,
    pub(super) cut_mark: String,
    pub(super) header_unit: String,
    pub(super) unit_yuan: String,
    pub(super) unit_ten_thousand: String,
    pub(super) unnamed_sheet: String,
    /// Words in the order of [`Mark`]'s variants.
    pub(super) marks: [String; Mark::COUNT],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Twin {
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    page_footer: Twin,
    part_of_known: Twin,
    part_of_unknown: Twin,
    continued_on: Twin,
    cut_mark: Twin,
    header_unit: Twin,
    unit_yuan: Twin,
    unit_ten_thousand: Twin,
    unnamed_sheet: Twin,
    mark_met: Twin,
    mark_not_met: Twin,
    mark_unjudged: Twin,
    mark_error: Twin,
    mark_explain: Twin,
    mark_note: Twin,
}

impl Wording {
    /// Gives the Chinese (zh-CN) words.
    ///
    /// # Errors
    /// [`WorkbookError::Wording`] if the compiled-in file is damaged, which a test excludes.
    pub fn chinese() -> Result<Self, WorkbookError> {
        Self::pick(|twin| twin.zh)
    }

    /// Gives the English words.
    ///
    /// # Errors
    /// As [`Wording::chinese`].
    pub fn english() -> Result<Self, WorkbookError> {
        Self::pick(|twin| twin.en)
    }

    fn pick(choose: fn(Twin) -> String) -> Result<Self, WorkbookError> {
        let entries: Entries = toml::from_str(SOURCE).map_err(|error| WorkbookError::Wording(error.to_string()))?;
        Ok(Self {
            page_footer: choose(entries.page_footer),
            part_of_known: choose(entries.part_of_known),
            part_of_unknown: choose(entries.part_of_unknown),
            continued_on: choose(entries.continued_on),
            cut_mark: choose(entries.cut_mark),
            header_unit: choose(entries.header_unit),
            unit_yuan: choose(entries.unit_yuan),
            unit_ten_thousand: choose(entries.unit_ten_thousand),
            unnamed_sheet: choose(entries.unnamed_sheet),
            marks: [
                choose(entries.mark_met),
                choose(entries.mark_not_met),
                choose(entries.mark_unjudged),
                choose(entries.mark_error),
                choose(entries.mark_explain),
                choose(entries.mark_note),
            ],
        })
    }

    /// Gives the word of a mark.
    pub fn mark(&self, mark: Mark) -> &str {
        &self.marks[mark as usize]
    }

    /// Gives the unit as it stands in a header, brackets included.
    pub(super) fn amount_unit(&self, unit: AmountUnit) -> String {
        let word = match unit {
            AmountUnit::Yuan => &self.unit_yuan,
            AmountUnit::TenThousand => &self.unit_ten_thousand,
        };
        self.bracketed(word)
    }

    /// Puts a unit into the brackets that headers use.
    pub(super) fn bracketed(&self, unit: &str) -> String {
        self.header_unit.replace("{unit}", unit)
    }

    /// Says which part of a split table a sheet holds; `parts` and `last` only if they are known.
    pub(super) fn part(&self, part: u32, first: u64, known: Option<(u32, u64)>) -> String {
        let (template, parts, last) = match known {
            Some((parts, last)) => (&self.part_of_known, parts, last),
            None => (&self.part_of_unknown, 0, 0),
        };
        template
            .replace("{parts}", &parts.to_string())
            .replace("{part}", &part.to_string())
            .replace("{first}", &first.to_string())
            .replace("{last}", &last.to_string())
    }

    /// Says on which sheet a split table goes on.
    pub(super) fn continued(&self, sheet: &str) -> String {
        self.continued_on.replace("{sheet}", sheet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_complete() -> Result<(), WorkbookError> {
        for wording in [Wording::chinese()?, Wording::english()?] {
            assert!(wording.marks.iter().all(|word| !word.is_empty()));
            assert!(wording.page_footer.contains("&P") && wording.page_footer.contains("&N"));
            assert!(!wording.part(2, 11, Some((3, 20))).contains('{'));
            assert!(!wording.part(2, 11, None).contains('{'));
            assert!(wording.continued("表(2)").contains("表(2)"));
        }
        assert_eq!(Wording::chinese()?.amount_unit(AmountUnit::TenThousand), "（万元）");
        assert_eq!(Wording::chinese()?.mark(Mark::NotMet), "不符合");
        Ok(())
    }
}
