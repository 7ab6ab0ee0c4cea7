//! The catalogue: every code's texts.
//!
//! To add a finding that is no edit: one `[[finding]]` in `catalogue/*.toml`.

use crate::config::Config;
use crate::model::severity::Severity;
use crate::model::words::Words;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The texts of one code.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Stable code.
    pub code: String,
    /// What it means for the data.
    pub severity: Severity,
    /// Short name of the wrong.
    pub name: Words,
    /// One sentence with placeholders.
    pub message: Words,
    /// What to do.
    pub help: Words,
    /// Why it is asked.
    #[serde(default)]
    pub explain: Words,
}

#[derive(Deserialize)]
struct FindingFile {
    finding: Vec<CatalogueEntry>,
}

/// All texts of a run: the built-in ones and those of the configured edits.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: HashMap<String, CatalogueEntry>,
    order: Vec<String>,
}

const FILES: [(&str, &str); 4] = [
    ("file.toml", include_str!("catalogue/file.toml")),
    ("table.toml", include_str!("catalogue/table.toml")),
    ("config.toml", include_str!("catalogue/config.toml")),
    ("error.toml", include_str!("catalogue/error.toml")),
];

impl Catalogue {
    /// The texts that do not depend on a configuration.
    pub fn builtin() -> &'static Catalogue {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            let mut catalogue = Catalogue::default();
            for (name, text) in FILES {
                match toml::from_str::<FindingFile>(text) {
                    Ok(file) => file.finding.into_iter().for_each(|entry| catalogue.add(entry)),
                    // A test reads every file; a broken one never reaches a release.
                    Err(error) => tracing::error!(catalogue.file = name, %error, "catalogue file does not parse"),
                }
            }
            catalogue
        })
    }

    /// The built-in texts and the edits in force.
    pub fn of(config: &Config) -> Catalogue {
        let mut catalogue = Self::builtin().clone();
        for (code, edit) in &config.edit {
            catalogue.add(CatalogueEntry {
                code: code.clone(),
                severity: edit.severity,
                name: edit.name.clone(),
                message: edit.message.clone(),
                help: edit.help.clone(),
                explain: edit.explain.clone(),
            });
        }
        catalogue
    }

    fn add(&mut self, entry: CatalogueEntry) {
        if !self.entries.contains_key(&entry.code) {
            self.order.push(entry.code.clone());
        }
        self.entries.insert(entry.code.clone(), entry);
    }

    /// The texts of a code.
    pub fn get(&self, code: &str) -> Option<&CatalogueEntry> {
        self.entries.get(code)
    }

    /// All entries in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.order.iter().filter_map(|code| self.entries.get(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_parses_and_every_entry_is_complete() {
        for (name, text) in FILES {
            let file: FindingFile = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            for entry in file.finding {
                for words in [&entry.name, &entry.message, &entry.help] {
                    assert!(!words.zh.is_empty() && !words.en.is_empty(), "{} lacks a text", entry.code);
                }
            }
        }
    }

    #[test]
    fn no_clerk_reads_of_the_settings() {
        let clerks = FILES.iter().filter(|(name, _)| ["file.toml", "table.toml"].iter().any(|file| name.ends_with(file)));
        let mut seen = 0;
        for (name, text) in clerks {
            let file: FindingFile = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            // What concerns folders and conditions is told to the operator.
            for entry in file.finding.iter().filter(|e| ["FIL", "CEL", "TBL"].iter().any(|kind| e.code.starts_with(kind))) {
                for words in [&entry.name, &entry.message, &entry.help, &entry.explain] {
                    for text in [&words.zh, &words.en] {
                        assert!(!text.contains("pipeline.toml") && !text.contains("[limits]"), "{}: {text}", entry.code);
                    }
                }
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen}");
    }
}
