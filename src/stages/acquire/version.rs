//! The order in which the files of a source were received: by time, and by what their names say of it.
//!
//! A part of a return is its file's name without version mark, so that two towns' files stand beside each other and
//! `…_更正` comes after the file that it corrects, whenever either was seen. Uploads need no mark: their receipts are
//! numbered. Where neither time nor mark tells, the order stays open.

use std::collections::HashMap;

/// A file as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// The source that sent it.
    pub source: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Number of its receipt, if it was uploaded.
    pub number: Option<i64>,
    /// When it was received, at the earliest; empty if nobody knows.
    pub at: &'a str,
}

/// Places in the order of receipt, from 0 within each source; equal where nobody can tell.
///
/// An upload was received at its moment, a file of a folder at some moment after the last run that did not see it. Of two
/// that may have come in either order, the numbered receipt is the later: somebody sent it by name.
pub fn order(files: &[Received<'_>]) -> Vec<u32> {
    let marks: Vec<(String, u32)> = files.iter().map(|f| version(f.name)).collect();
    let at = latest(files, &marks);
    let key = |i: usize| (at[i], files[i].number.is_some(), files[i].number.map_or(marks[i].1, |_| 0), files[i].number);
    let keys: Vec<_> = (0..files.len()).map(key).collect();
    let mut places: HashMap<&str, Vec<_>> = HashMap::new();
    for (file, key) in files.iter().zip(&keys) {
        places.entry(file.source).or_default().push(key);
    }
    for of_source in places.values_mut() {
        of_source.sort_unstable();
        of_source.dedup();
    }
    files.iter().zip(&keys).map(|(file, key)| places[file.source].partition_point(|other| *other < key) as u32).collect()
}

/// Each file's moment: of an upload the latest up to its number, since clocks may go back and numbers do not; of a folder's file the
/// latest of its part up to its rank.
fn latest<'a>(files: &[Received<'a>], marks: &[(String, u32)]) -> Vec<&'a str> {
    let line = |i: usize| (files[i].source, files[i].number.map_or(Some(marks[i].0.as_str()), |_| None));
    let step = |i: usize| files[i].number.unwrap_or_else(|| i64::from(marks[i].1));
    let mut sorted: Vec<usize> = (0..files.len()).collect();
    sorted.sort_by_key(|&i| (line(i), step(i)));
    let mut at = vec![""; files.len()];
    for of_line in sorted.chunk_by(|&a, &b| line(a) == line(b)) {
        let mut last = "";
        for of_step in of_line.chunk_by(|&a, &b| step(a) == step(b)) {
            last = of_step.iter().map(|&i| files[i].at).fold(last, Ord::max);
            of_step.iter().for_each(|&i| at[i] = last);
        }
    }
    at
}

/// The part and the rank that a file's name states: no mark 0, `_v2` 2, 更正 and 修订 1000, 最终版 and 定稿 2000; a
/// number behind a word ranks within it (最终版2 over 最终版), and of several marks the highest counts.
pub fn version(name: &str) -> (String, u32) {
    const SIGNS: &str = "_-—（）() 　.";
    let mut stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let mut rank = 0;
    while let Some((at, length, found)) = word_mark(&stem).or_else(|| number_mark(&stem)) {
        rank = rank.max(found);
        let (before, after) = (stem[..at].trim_end_matches(|c| SIGNS.contains(c)), &stem[at + length..]);
        stem = format!("{before}{after}");
    }
    (stem.trim_matches(|c| SIGNS.contains(c)).to_owned(), rank)
}

/// A word that marks a version: where it stands, how long it is with what belongs to it, and its rank.
fn word_mark(stem: &str) -> Option<(usize, usize, u32)> {
    const WORDS: [(&str, u32); 8] =
        [("最终版", 2000), ("最终", 2000), ("定稿", 2000), ("终稿", 2000), ("更正", 1000), ("修订", 1000), ("修正", 1000), ("订正", 1000)];
    let (word, rank) = WORDS.into_iter().find(|(word, _)| stem.contains(word))?;
    let at = stem.find(word)?;
    let mut length = word.len();
    length += stem[at + length..].chars().next().filter(|c| "版稿".contains(*c)).map_or(0, char::len_utf8);
    let digits: String = stem[at + length..].chars().take_while(char::is_ascii_digit).collect();
    Some((at, length + digits.len(), rank + digits.parse().unwrap_or(0).min(900)))
}

/// `v2` behind anything but a Latin letter or a digit: its place, length and number.
fn number_mark(stem: &str) -> Option<(usize, usize, u32)> {
    let places = stem.char_indices().filter(|(_, c)| "vVｖＶ".contains(*c)).collect::<Vec<_>>();
    places.into_iter().rev().find_map(|(at, mark)| {
        let alone = stem[..at].chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric());
        let digits: String = stem[at + mark.len_utf8()..].chars().take_while(char::is_ascii_digit).collect();
        let rank: u32 = digits.parse().ok().filter(|_| alone)?;
        Some((at, mark.len_utf8() + digits.len(), rank.min(900)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_state_parts_and_ranks() {
        for (name, part, rank) in [
            ("经营情况_2025年.xlsx", "经营情况_2025年", 0),
            ("经营情况_2025年_更正.xlsx", "经营情况_2025年", 1000),
            ("经营情况_2025年(更正2).xlsx", "经营情况_2025年", 1002),
            ("经营情况_2025年_v2.xlsx", "经营情况_2025年", 2),
            ("经营情况_2025年最终版.xls", "经营情况_2025年", 2000),
            ("经营情况_2025年_更正_最终版.xls", "经营情况_2025年", 2000),
            ("名录V2.csv", "名录", 2),
            ("名录_v3（更正）.csv", "名录", 1000),
            ("DV2.csv", "DV2", 0),
        ] {
            assert_eq!(version(name), (part.to_owned(), rank), "{name}");
        }
    }

    #[test]
    fn files_stand_in_the_order_of_time_and_marks() {
        let folder = |name, at| Received { source: "s", name, number: None, at };
        let upload = |number, at| Received { source: "s", name: "表.xlsx", number: Some(number), at };
        let ordered = |files: &[Received<'_>]| {
            let forth = order(files);
            let back: Vec<u32> = order(&files.iter().cloned().rev().collect::<Vec<_>>()).into_iter().rev().collect();
            assert_eq!(forth, back, "the order of presentation decides nothing");
            forth
        };
        assert_eq!(ordered(&[folder("表.xlsx", ""), folder("乡镇.xlsx", "")]), [0, 0], "seen at once, unmarked");
        assert_eq!(ordered(&[folder("表_v2.xlsx", ""), folder("表.xlsx", "")]), [1, 0]);
        assert_eq!(ordered(&[folder("表_更正.xlsx", "t1"), folder("表.xlsx", "t2")]), [1, 0], "a mark counts whenever it was seen");
        assert_eq!(ordered(&[folder("表_更正.xlsx", ""), folder("新表.xlsx", "t2")]), [0, 1], "another name counts by time");
        assert_eq!(ordered(&[upload(2, "t1"), upload(1, "t2"), folder("表.xlsx", "t2")]), [2, 1, 0], "numbers outlive clocks");
        assert_eq!(ordered(&[upload(1, "t1"), folder("表.xlsx", "t2"), folder("甲.xlsx", "")]), [1, 2, 0]);
        let other = Received { source: "other", ..upload(9, "t9") };
        assert_eq!(ordered(&[upload(1, "t1"), other]), [0, 0], "each source by itself");
    }
}
