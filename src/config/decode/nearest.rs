//! The name that was probably meant.

/// Gives the name most like the one found, if it is near enough to be a slip: one edit in three characters.
pub fn nearest<'a>(found: &str, names: &'a [String]) -> Option<&'a str> {
    let found: Vec<char> = found.chars().flat_map(char::to_lowercase).collect();
    names
        .iter()
        .map(|name| {
            let name_chars: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
            (distance(&found, &name_chars), found.len().max(name_chars.len()), name)
        })
        .filter(|&(distance, length, _)| distance * 3 <= length.max(3))
        .min_by_key(|&(distance, _, _)| distance)
        .map(|(_, _, name)| name.as_str())
}

/// Counts the single edits between two words: insertion, deletion, substitution, swap of neighbors.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitute = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitute.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        let count = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", "abc"), 0);
        assert_eq!(count("abc", "acb"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("营业收人", "营业收入"), 1);
    }

    #[test]
    fn offers_only_what_is_near() {
        let names = ["glob", "format", "encoding", "id"].map(str::to_owned);
        assert_eq!(nearest("gloob", &names), Some("glob"));
        assert_eq!(nearest("fromat", &names), Some("format"));
        assert_eq!(nearest("ENCODING", &names), Some("encoding"));
        assert_eq!(nearest("schedule", &names), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
