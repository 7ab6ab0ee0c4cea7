//! Fields with many columns beside each other (1月 to 12月): one entry of the settings, a field for each column.

use super::{FieldOptions, FormOptions};

/// Most columns of one field.
const MAX_COLUMNS: u32 = 400;

/// The headings of a list such as `1月..12月`, in their order; none if it is no such list.
pub fn headings(list: &str) -> Option<Vec<String>> {
    let (first, last) = list.split_once("..")?;
    let (before, from, behind) = numbered(first)?;
    let (before_last, to, behind_last) = numbered(last)?;
    let sound = before == before_last && behind == behind_last && from <= to && to - from < MAX_COLUMNS;
    sound.then(|| (from..=to).map(|number| format!("{before}{number}{behind}")).collect())
}

/// A heading's text before its number, the number, and the text behind it.
fn numbered(heading: &str) -> Option<(&str, u32, &str)> {
    let heading = heading.trim();
    let start = heading.find(|c: char| c.is_ascii_digit())?;
    let digits = heading[start..].bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = heading[start..].split_at(digits);
    (!behind.contains(|c: char| c.is_ascii_digit())).then_some((&heading[..start], number.parse().ok()?, behind))
}

/// The name of a column's field.
pub fn member(field: &str, number: usize) -> String {
    format!("{field}_{number}")
}

/// Puts a field for each column in the place of each field that has many.
pub(super) fn expand(form: &mut FormOptions) {
    let fields = std::mem::take(&mut form.field);
    for (name, field) in fields {
        let Some(headings) = field.columns.as_deref().and_then(headings) else {
            form.field.insert(name, field);
            continue;
        };
        let members: Vec<String> = (1..=headings.len()).map(|number| member(&name, number)).collect();
        for (member, heading) in members.iter().zip(&headings) {
            let named = std::iter::once(&field.label).chain(&field.aliases);
            let mut aliases: Vec<String> = named.map(|label| format!("{label}{heading}")).collect();
            aliases.push(heading.clone());
            let label = aliases.remove(0);
            form.field.insert(member.clone(), FieldOptions { label, aliases, columns: None, ..field.clone() });
        }
        form.lists.insert(name, members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_count_from_the_first_to_the_last() {
        assert_eq!(headings("1月..3月"), Some(vec!["1月".into(), "2月".into(), "3月".into()]));
        assert_eq!(headings("第1季度..第2季度"), Some(vec!["第1季度".into(), "第2季度".into()]));
        assert_eq!(headings("2023 .. 2024"), Some(vec!["2023".into(), "2024".into()]));
        for wrong in ["1月", "1月..", "3月..1月", "1月..12季", "月..月", "1月..999999月", "1月2..1月3"] {
            assert_eq!(headings(wrong), None, "{wrong}");
        }
    }
}
