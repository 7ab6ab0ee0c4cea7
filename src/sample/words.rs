//! The vocabulary of the sample.
//!
//! Owns: `words.toml`, from which every name, address and title is put together. Gives: [`Words`].
//! Invariants: no list is empty; all of it is invented or generic.

use serde::Deserialize;

const TEXT: &str = include_str!("words.toml");

/// A word and how often it is used, in percent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shared {
    pub(super) word: String,
    pub(super) share: u64,
}

/// A place next door: code of its registering authority and the word in names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Neighbor {
    pub(super) code: String,
    pub(super) word: String,
}

/// An industry: its class of GB/T 4754, how firms call it, and what its patents are about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Industry {
    pub(super) code: String,
    pub(super) share: u64,
    pub(super) words: Vec<String>,
    pub(super) things: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) shapes: Vec<String>,
}

/// Spellings of legal states, by class (several vocabularies meet in the sheets).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusWords {
    pub(super) in_force: Vec<String>,
    pub(super) late_fee: Vec<String>,
    pub(super) restorable: Vec<String>,
    pub(super) unpaid: Vec<String>,
    pub(super) given_up: Vec<String>,
    pub(super) expired: Vec<String>,
    pub(super) pending: Vec<String>,
}

/// Everything that names are made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) trade_first: String,
    pub(super) trade_second: String,
    pub(super) trade_latin: Vec<String>,
    pub(super) rare: String,
    pub(super) regions: Vec<Shared>,
    pub(super) forms: Vec<Shared>,
    pub(super) neighbors: Vec<Neighbor>,
    pub(super) zone: String,
    pub(super) town_apart: String,
    pub(super) towns: Vec<String>,
    pub(super) roads: Vec<String>,
    pub(super) universities: Vec<String>,
    pub(super) outsider_regions: Vec<String>,
    pub(super) purposes: Vec<String>,
    pub(super) pledged: Vec<String>,
    pub(super) released: Vec<String>,
    pub(super) status: StatusWords,
    pub(super) industry: Vec<Industry>,
}

impl Words {
    /// Reads the vocabulary that is compiled in.
    pub(super) fn load() -> Result<Self, toml::de::Error> {
        toml::from_str(TEXT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_and_no_list_is_empty() {
        let words = Words::load().expect("the vocabulary parses");
        let sum = |list: &[Shared]| list.iter().map(|item| item.share).sum::<u64>();
        assert_eq!(sum(&words.regions), 100);
        assert_eq!(sum(&words.forms), 100);
        assert_eq!(words.industry.iter().map(|i| i.share).sum::<u64>(), 100);
        for industry in &words.industry {
            assert!(!industry.words.is_empty() && !industry.things.is_empty());
            assert!(!industry.actions.is_empty() && !industry.shapes.is_empty());
        }
        for list in [
            &words.trade_latin,
            &words.towns,
            &words.roads,
            &words.universities,
            &words.outsider_regions,
            &words.purposes,
            &words.pledged,
            &words.released,
            &words.status.in_force,
            &words.status.pending,
        ] {
            assert!(!list.is_empty());
        }
    }
}
