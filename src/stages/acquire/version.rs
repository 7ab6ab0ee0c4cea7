//! Versions of a return: which of several files of one return counts.
//!
//! A return is (bureau, form, period, part). The part is the file's name without its version mark, so that two towns'
//! files stand beside each other and `…_更正` supersedes the file that it corrects. Without a mark the newer one is not
//! guessed: both stay, and a finding asks. Uploads need no mark: their receipts are numbered.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Share of the former version's keys below which a version is partial.
const WHOLE_SHARE: (usize, usize) = (9, 10);

/// What tells a record from others of its return.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordKey {
    /// Its code (of a patent, the number), if it states one.
    pub code: Option<String>,
    /// Whether that code passes its check.
    pub code_ok: bool,
    /// Match key of its name.
    pub name: Option<String>,
}

/// Records for looking up by either of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    codes: HashSet<String>,
    /// By name, the valid codes that carry it; nothing if one carries it without a valid code.
    names: HashMap<String, HashSet<String>>,
    bare_names: HashSet<String>,
}

impl KeySet {
    /// The keys of some records.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a RecordKey>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.codes.extend(key.code.clone());
            if let Some(name) = &key.name {
                match key.code.as_ref().filter(|_| key.code_ok) {
                    Some(code) => _ = set.names.entry(name.clone()).or_default().insert(code.clone()),
                    None => _ = set.bare_names.insert(name.clone()),
                }
            }
        }
        set
    }

    /// Whether a record is of the same enterprise as one of these: by its code, else by its name, unless both codes are
    /// valid and differ. A correction of a wrong or missing code so finds the record that it corrects.
    pub fn contains(&self, key: &RecordKey) -> bool {
        if key.code.as_ref().is_some_and(|code| self.codes.contains(code)) {
            return true;
        }
        let Some(name) = &key.name else { return false };
        self.bare_names.contains(name) || (!key.code_ok && self.names.contains_key(name))
    }
}

/// The records of one file that may be a version of a return.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Ordinal of the file.
    pub file: usize,
    /// Numbers of the tables that they stand in.
    pub tables: Vec<u16>,
    /// Source, form and period: that of the records, since the years of a table may stand in its rows.
    pub group: (String, String, Option<i32>),
    /// The part of the return that it is.
    pub part: String,
    /// Its rank among versions of that part.
    pub rank: u32,
    /// Keys of its records.
    pub keys: Vec<RecordKey>,
}

/// An older version: the records of one period in some tables of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// Ordinal of the file.
    pub file: usize,
    /// Numbers of the tables.
    pub tables: Vec<u16>,
    /// The period of the records.
    pub period: Option<i32>,
}

/// What a newer version does to an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Superseded {
    /// The older is out of use.
    Whole {
        /// The older.
        older: Older,
        /// Ordinal of the newer file.
        by: usize,
    },
    /// Only the records with these keys are.
    Partly {
        /// The older.
        older: Older,
        /// Ordinal of the newer file.
        by: usize,
        /// Keys of the newer version.
        keys: KeySet,
    },
    /// Two files of one return without a mark between them, with so many keys in common.
    Undecided {
        /// First file.
        one: usize,
        /// Second file.
        other: usize,
        /// Source, form and period.
        group: (String, String, Option<i32>),
        /// Keys in common.
        common: usize,
    },
}

/// Decides over the tables of one run.
pub fn supersede(candidates: &[Candidate]) -> Vec<Superseded> {
    let mut groups: BTreeMap<_, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        groups.entry(&candidate.group).or_default().push(candidate);
    }
    groups.values().flat_map(|group| within(group)).collect()
}

fn within(group: &[&Candidate]) -> Vec<Superseded> {
    let mut out = Vec::new();
    let mut gone = HashSet::new();
    let mut parts: BTreeMap<String, Vec<(u32, &Candidate)>> = BTreeMap::new();
    for candidate in group {
        parts.entry(candidate.part.clone()).or_default().push((candidate.rank, candidate));
    }
    for versions in parts.values_mut() {
        versions.sort_by_key(|(rank, c)| (*rank, c.file));
        for (i, (rank, older)) in versions.iter().enumerate() {
            // The next higher rank speaks first; later ones only replace it in turn.
            for (_, newer) in versions[i + 1..].iter().filter(|(r, _)| r > rank) {
                let keys = KeySet::of(&newer.keys);
                let kept = older.keys.iter().filter(|k| keys.contains(k)).count();
                let by = newer.file;
                let records = Older { file: older.file, tables: older.tables.clone(), period: older.group.2 };
                if kept * WHOLE_SHARE.1 >= older.keys.len() * WHOLE_SHARE.0 {
                    gone.insert(older.file);
                    out.push(Superseded::Whole { older: records, by });
                    break;
                }
                out.push(Superseded::Partly { older: records, by, keys });
            }
        }
    }
    let standing: Vec<&Candidate> = group.iter().filter(|c| !gone.contains(&c.file)).copied().collect();
    out.extend(undecided(&standing));
    out
}

/// Pairs of files without a rank between them that share keys.
fn undecided(group: &[&Candidate]) -> Vec<Superseded> {
    let mut out = Vec::new();
    for (i, one) in group.iter().enumerate() {
        let keys = KeySet::of(&one.keys);
        for other in group[i + 1..].iter().filter(|o| o.file != one.file) {
            if one.part == other.part && one.rank != other.rank {
                continue;
            }
            let common = other.keys.iter().filter(|k| keys.contains(k)).count();
            // A few in common are repeated records; most of the smaller file in common is the same return sent twice.
            if common * 2 >= one.keys.len().min(other.keys.len()) && common > 0 {
                let group = one.group.clone();
                out.push(Superseded::Undecided { one: one.file, other: other.file, group, common });
            }
        }
    }
    out
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

    fn key(code: &str) -> RecordKey {
        RecordKey { code: Some(code.into()), code_ok: true, name: Some(format!("{code}公司")) }
    }

    fn group() -> (String, String, Option<i32>) {
        ("统计".into(), "returns".into(), Some(2025))
    }

    fn candidate(file: usize, name: &str, keys: &[&str]) -> Candidate {
        let keys = keys.iter().map(|k| key(k)).collect();
        let (part, rank) = version(name);
        Candidate { file, tables: vec![0], group: group(), part, rank, keys }
    }

    #[test]
    fn a_marked_version_supersedes_whole_or_partly_and_an_unmarked_one_asks() {
        let old = candidate(0, "表.xlsx", &["a", "b", "c"]);
        let newer = candidate(1, "表_v2.xlsx", &["a", "b", "c"]);
        let older = || Older { file: 0, tables: vec![0], period: Some(2025) };
        assert_eq!(supersede(&[old.clone(), newer.clone()]), [Superseded::Whole { older: older(), by: 1 }]);
        let partly = supersede(&[old.clone(), candidate(1, "表_更正.xlsx", &["b"])]);
        assert_eq!(partly, [Superseded::Partly { older: older(), by: 1, keys: KeySet::of(&[key("b")]) }]);
        let town = candidate(2, "乡镇.xlsx", &["c", "b"]);
        let asked = Superseded::Undecided { one: 0, other: 2, group: group(), common: 2 };
        assert_eq!(supersede(&[old.clone(), town.clone()]), [asked]);
        let only_what_stands = supersede(&[old.clone(), newer, town]);
        assert!(
            only_what_stands.contains(&Superseded::Undecided { one: 1, other: 2, group: group(), common: 2 })
                && only_what_stands.len() == 2
        );
        assert_eq!(supersede(&[old, candidate(1, "乡镇.xlsx", &["d"])]), []);
    }

    #[test]
    fn a_corrected_code_finds_its_record_by_name_and_a_namesake_does_not() {
        let corrected = KeySet::of(&[key("a")]);
        let same_name = |code: Option<&str>, code_ok| RecordKey { code: code.map(str::to_owned), code_ok, name: Some("a公司".into()) };
        assert!(corrected.contains(&same_name(None, false)), "the code was missing");
        assert!(corrected.contains(&same_name(Some("x"), false)), "the code was wrong");
        assert!(!corrected.contains(&same_name(Some("b"), true)), "another enterprise of that name");
        assert!(KeySet::of(&[same_name(None, false)]).contains(&key("a")), "the correction states the name only");
    }
}
