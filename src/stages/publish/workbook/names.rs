//! Names of sheets.
//!
//! Owns the rules for sheet names: 31 UTF-16 units, no forbidden character, no two alike. Takes any text.

use std::collections::HashSet;

use super::text::head_of;

/// UTF-16 units that a sheet name can have.
const NAME_UNITS: usize = 31;

/// Remembers the sheet names of a workbook.
#[derive(Debug, Default)]
pub(super) struct SheetNames {
    taken: HashSet<String>,
}

impl SheetNames {
    /// Gives the name nearest to `wanted` that is allowed and free, and takes it.
    pub(super) fn take(&mut self, wanted: &str, unnamed: &str) -> String {
        let base = allowed(wanted, unnamed);
        let mut name = base.clone();
        let mut number = 2_u32;
        while self.taken.contains(&folded(&name)) {
            name = numbered(&base, number);
            number = number.saturating_add(1);
        }
        self.taken.insert(folded(&name));
        name
    }
}

/// Spreadsheets take names that differ only in case for the same.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Puts a number behind a name: `名称(2)`.
fn numbered(base: &str, number: u32) -> String {
    let suffix = format!("({number})");
    format!("{}{suffix}", head_of(base, NAME_UNITS - suffix.len()).trim_end())
}

fn allowed(wanted: &str, unnamed: &str) -> String {
    let plain: String = wanted
        .chars()
        .map(|letter| match letter {
            '[' => '［',
            ']' => '］',
            ':' => '：',
            '*' => '＊',
            '?' => '？',
            '/' => '／',
            '\\' => '＼',
            letter if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => ' ',
            letter => letter,
        })
        .collect();
    let trimmed = plain.trim().trim_matches('\'').trim();
    let name = head_of(trimmed, NAME_UNITS).trim_end().trim_end_matches('\'');
    if name.is_empty() {
        unnamed.to_owned()
    } else if name.eq_ignore_ascii_case("history") {
        // Excel keeps this name for itself.
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(names: &mut SheetNames, wanted: &str) -> String {
        names.take(wanted, "工作表")
    }

    #[test]
    fn names_are_made_allowed() {
        let mut names = SheetNames::default();
        assert_eq!(take(&mut names, "收入/利润[2025]"), "收入／利润［2025］");
        assert_eq!(take(&mut names, "'甲'"), "甲");
        assert_eq!(take(&mut names, " \u{1} "), "工作表");
        assert_eq!(take(&mut names, "History"), "History_");
        assert_eq!(take(&mut names, &"长".repeat(40)), "长".repeat(31));
        assert_eq!(take(&mut names, &format!("{}'''", "长".repeat(30))), "长".repeat(30));
        assert_eq!(take(&mut names, &"😀".repeat(20)).encode_utf16().count(), 30);
    }

    #[test]
    fn names_are_not_given_twice() {
        let mut names = SheetNames::default();
        assert_eq!(take(&mut names, "Pool"), "Pool");
        assert_eq!(take(&mut names, "POOL"), "POOL(2)");
        assert_eq!(take(&mut names, "pool(2)"), "pool(2)(2)");
        assert_eq!(take(&mut names, "pool"), "pool(3)");
        let long = "长".repeat(31);
        assert_eq!(take(&mut names, &long), long);
        assert_eq!(take(&mut names, &long), format!("{}(2)", "长".repeat(28)));
    }
}
