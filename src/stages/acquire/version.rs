//! Versions of a return: which of several files of one return counts.
//!
//! A return is (bureau, form, period, part). The part is the file's name without its version mark, so that two towns'
//! files stand beside each other and `…_更正` supersedes the file that it corrects. Without a mark the newer one is not
//! guessed: both stay, and a finding asks.

use std::collections::{BTreeMap, HashSet};

/// Share of the former version's keys below which a version is partial.
const WHOLE_SHARE: (usize, usize) = (9, 10);

/// The tables of one file that may be a version of a return.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Ordinal of the file.
    pub file: usize,
    /// Numbers of its tables of this return.
    pub tables: Vec<u16>,
    /// Source, form and period.
    pub group: (String, String, Option<i32>),
    /// The file's name.
    pub name: String,
    /// Keys of its records.
    pub keys: Vec<String>,
}

/// What a newer version does to an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Superseded {
    /// The older tables are out of use.
    Whole {
        /// The older: file and tables.
        older: (usize, Vec<u16>),
        /// Ordinal of the newer file.
        by: usize,
    },
    /// Only the records with these keys are.
    Partly {
        /// The older: file and tables.
        older: (usize, Vec<u16>),
        /// Ordinal of the newer file.
        by: usize,
        /// Keys of the newer version.
        keys: HashSet<String>,
    },
    /// Two files of one return without a mark between them, with so many keys in common.
    Undecided {
        /// First file.
        one: usize,
        /// Second file.
        other: usize,
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
    let mut parts: BTreeMap<String, Vec<(u32, &Candidate)>> = BTreeMap::new();
    for candidate in group {
        let (part, rank) = version(&candidate.name);
        parts.entry(part).or_default().push((rank, candidate));
    }
    for versions in parts.values_mut() {
        versions.sort_by_key(|(rank, c)| (*rank, c.file));
        for (i, (rank, older)) in versions.iter().enumerate() {
            // The next higher rank speaks first; later ones only replace it in turn.
            let newer: Vec<&Candidate> = versions[i + 1..].iter().filter(|(r, _)| r > rank).map(|(_, c)| *c).collect();
            for newer in newer {
                let old: HashSet<&String> = older.keys.iter().collect();
                let kept = newer.keys.iter().collect::<HashSet<_>>().intersection(&old).count();
                let by = newer.file;
                let older = (older.file, older.tables.clone());
                if kept * WHOLE_SHARE.1 >= old.len() * WHOLE_SHARE.0 {
                    out.push(Superseded::Whole { older, by });
                    break;
                }
                out.push(Superseded::Partly { older, by, keys: newer.keys.iter().cloned().collect() });
            }
        }
    }
    out.extend(undecided(group));
    out
}

/// Pairs of files without a rank between them that share keys.
fn undecided(group: &[&Candidate]) -> Vec<Superseded> {
    let mut out = Vec::new();
    for (i, one) in group.iter().enumerate() {
        let keys: HashSet<&String> = one.keys.iter().collect();
        for other in group[i + 1..].iter().filter(|o| o.file != one.file) {
            let (a, b) = (version(&one.name), version(&other.name));
            if a.0 == b.0 && a.1 != b.1 {
                continue;
            }
            let common = other.keys.iter().filter(|k| keys.contains(k)).count();
            // A few in common are repeated records; most of the smaller file in common is the same return sent twice.
            if common * 2 >= one.keys.len().min(other.keys.len()) && common > 0 {
                out.push(Superseded::Undecided { one: one.file, other: other.file, common });
            }
        }
    }
    out
}

/// The part and the rank that a file's name states: no mark 0, `_v2` 2, 更正 and 修订 1000, 最终版 and 定稿 2000; a
/// number behind a word ranks within it (最终版2 over 最终版).
pub fn version(name: &str) -> (String, u32) {
    const WORDS: [(&str, u32); 8] =
        [("更正", 1000), ("修订", 1000), ("修正", 1000), ("订正", 1000), ("最终版", 2000), ("最终", 2000), ("定稿", 2000), ("终稿", 2000)];
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let trim = |s: &str| s.trim_matches(|c: char| "_-—（）() 　".contains(c)).to_owned();
    for (word, rank) in WORDS {
        if let Some(at) = stem.find(word) {
            let after = &stem[at + word.len()..];
            let after = after.strip_prefix(['版', '稿']).unwrap_or(after);
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            let rest = &after[digits.len()..];
            return (trim(&format!("{}{rest}", trim(&stem[..at]))), rank + digits.parse().unwrap_or(0).min(900));
        }
    }
    let lower = stem.to_ascii_lowercase();
    for mark in ["_v", "-v", " v", "(v", "（v"] {
        if let Some(at) = lower.rfind(mark) {
            let digits: String = lower[at + mark.len()..].chars().take_while(char::is_ascii_digit).collect();
            if let Ok(rank) = digits.parse::<u32>() {
                let rest = &stem[at + mark.len() + digits.len()..];
                return (trim(&format!("{}{rest}", &stem[..at])), rank.min(900));
            }
        }
    }
    (trim(stem), 0)
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
        ] {
            assert_eq!(version(name), (part.to_owned(), rank), "{name}");
        }
    }

    fn candidate(file: usize, name: &str, keys: &[&str]) -> Candidate {
        let keys = keys.iter().map(|k| (*k).to_owned()).collect();
        Candidate { file, tables: vec![0], group: ("统计".into(), "returns".into(), Some(2025)), name: name.into(), keys }
    }

    #[test]
    fn a_marked_version_supersedes_whole_or_partly_and_an_unmarked_one_asks() {
        let old = candidate(0, "表.xlsx", &["a", "b", "c"]);
        assert_eq!(
            supersede(&[old.clone(), candidate(1, "表_v2.xlsx", &["a", "b", "c"])]),
            [Superseded::Whole { older: (0, vec![0]), by: 1 }]
        );
        let partly = supersede(&[old.clone(), candidate(1, "表_更正.xlsx", &["b"])]);
        assert_eq!(partly, [Superseded::Partly { older: (0, vec![0]), by: 1, keys: HashSet::from(["b".to_owned()]) }]);
        assert_eq!(
            supersede(&[old.clone(), candidate(1, "乡镇.xlsx", &["c", "b"])]),
            [Superseded::Undecided { one: 0, other: 1, common: 2 }]
        );
        assert_eq!(supersede(&[old, candidate(1, "乡镇.xlsx", &["d"])]), []);
    }
}
