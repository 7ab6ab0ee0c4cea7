//! What can be the cause of a change, and its words.

use crate::config::Config;
use crate::finding::{Catalogue, word};
use crate::model::standing::Choice;
use crate::model::words::{Lang, fill};
use chrono::NaiveDate;
use serde::Serialize;

/// A cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A return that the older run did not have.
    NewReturn {
        /// Its file.
        file: String,
        /// The sheet and the cell, `[sheet]D17`; empty of a whole file.
        cell: String,
    },
    /// Another version of what the older run had.
    Correction {
        /// The file that counts now.
        file: String,
        /// Its sheet and cell.
        cell: String,
        /// The cell that counted, with its file.
        before: String,
    },
    /// A file that is no longer there, or can no longer be read.
    Gone {
        /// The file.
        file: String,
        /// The sheet and the cell that counted.
        cell: String,
    },
    /// An edit that is broken withholds the value now.
    Withheld {
        /// The edit, or the code of a doubt.
        edit: String,
    },
    /// What an edit withheld counts now.
    Released {
        /// The edit.
        edit: String,
    },
    /// A setting.
    Rule {
        /// Its path.
        setting: String,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// A waiver that was granted, or withdrawn.
    Waiver {
        /// Its number.
        number: i64,
        /// Whether it counts now.
        granted: bool,
    },
    /// What was said of two files.
    Decision {
        /// The older file.
        older: String,
        /// The newer.
        newer: String,
        /// What was said; nothing if it no longer counts.
        choice: Option<Choice>,
    },
    /// The reference date.
    Time {
        /// What it was.
        #[serde(with = "crate::model::day")]
        was: NaiveDate,
        /// What it is.
        #[serde(with = "crate::model::day")]
        is: NaiveDate,
    },
    /// The build.
    Build {
        /// Which made the older run.
        was: String,
        /// Which made the newer.
        is: String,
    },
    /// Other enterprises, of a rank.
    Others,
    /// Figures of statistics that an edition does not show.
    Closed,
    /// Nothing that is recorded differs.
    Unknown,
}

/// A cause as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The cause.
    #[serde(flatten)]
    pub cause: Cause,
    /// Whether it is shown; else it is one of those that may be.
    pub certain: bool,
}

impl Cause {
    /// The word of its kind in data.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NewReturn { .. } => "new_return",
            Self::Correction { .. } => "correction",
            Self::Gone { .. } => "gone",
            Self::Withheld { .. } => "withheld",
            Self::Released { .. } => "released",
            Self::Rule { .. } => "rule",
            Self::Waiver { .. } => "waiver",
            Self::Decision { .. } => "decision",
            Self::Time { .. } => "time",
            Self::Build { .. } => "build",
            Self::Others => "others",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }

    /// It in words.
    pub fn in_words(&self, config: &Config, lang: Lang) -> String {
        let edit = |code: &String| Catalogue::of(config).get(code).map(|entry| entry.name.get(lang).to_owned()).unwrap_or_default();
        let (key, values): (&str, Vec<String>) = match self {
            Self::NewReturn { file, cell } => ("new_return", vec![format!("{file}{cell}")]),
            Self::Correction { file, cell, before } if before.is_empty() => ("correction", vec![format!("{file}{cell}")]),
            Self::Correction { file, cell, before } => ("correction_of", vec![format!("{file}{cell}"), before.clone()]),
            Self::Gone { file, cell } => ("gone", vec![format!("{file}{cell}")]),
            Self::Withheld { edit: code } => ("withheld", vec![code.clone(), edit(code)]),
            Self::Released { edit: code } => ("released", vec![code.clone(), edit(code)]),
            Self::Rule { setting, was, is } => {
                let key = if was.is_empty() {
                    "rule_added"
                } else if is.is_empty() {
                    "rule_removed"
                } else {
                    "rule"
                };
                (key, vec![setting.clone(), was.clone(), is.clone()])
            }
            Self::Waiver { number, granted: true } => ("waiver_granted", vec![number.to_string()]),
            Self::Waiver { number, granted: false } => ("waiver_ended", vec![number.to_string()]),
            Self::Decision { older, newer, choice } => {
                let said = word(lang, &format!("cause.said_{}", choice.map_or("nothing", Choice::id)));
                ("decision", vec![newer.clone(), older.clone(), said.to_owned()])
            }
            Self::Time { was, is } => ("time", vec![was.to_string(), is.to_string()]),
            Self::Build { was, is } => ("build", vec![was.clone(), is.clone()]),
            Self::Others | Self::Closed | Self::Unknown => (self.kind(), Vec::new()),
        };
        fill(word(lang, &format!("cause.{key}")), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
    }
}

impl Named {
    /// It in words, as certain as it is.
    pub fn in_words(&self, config: &Config, lang: Lang) -> String {
        let words = self.cause.in_words(config, lang);
        if self.certain { words } else { fill(word(lang, "cause.possible"), |_| Some(words.clone())).into_owned() }
    }
}
