//! A run made again from what its record keeps, and compared with what it published.
//!
//! Nothing is read that the run did not read: inputs come from the store by their hashes, settings, order of receipt,
//! decisions and reference date from its folder. Nothing is kept: neither ledger, cache nor outputs change.

use super::adopted::Standing;
use super::datasets::load;
use super::explained::Explained;
use super::gather::{self, InputFile};
use super::parse::Parsing;
use super::receipts::Receipts;
use super::runner::{Basis, compute, identity, lock, sweep};
use super::space::Space;
use super::summary::Summary;
use super::{Progress, Stage, resources};
use crate::cache::{Cache, build};
use crate::config::Config;
use crate::content::{self, Flaw};
use crate::engine::{Engine, Scratch};
use crate::error::{Error, ErrorKind};
use crate::ledger::Ledger;
use crate::outputs;
use crate::run::{FileFlaw, PublishedRun, RECORD, RunRecord};
use crate::stages::acquire::Store;
use crate::stages::screen::Waivers;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A run that is kept: what the ledger knows of it, and its folder.
pub struct KeptRun {
    /// Its id.
    pub id: String,
    /// What identifies the build that made it; empty of builds that did not note it.
    pub build: String,
    /// Its folder, whose record is as it was written.
    pub published: PublishedRun,
}

/// Opens a run by its id, or the last one by the word `latest`.
///
/// # Errors
/// ERR-090: there is no such run; ERR-091: its folder is gone, or its record is not as it was written.
pub fn kept(config: &Config, ledger: &Ledger, named: &str) -> Result<KeptRun, Error> {
    let unknown = || Error::new(ErrorKind::Usage, "ERR-090").with("run", named);
    let id = if named == "latest" { outputs::latest(&config.outputs).ok_or_else(unknown)? } else { named.to_owned() };
    let recorded = ledger.run(&id)?.ok_or_else(unknown)?;
    let summary: Summary = serde_json::from_str(&recorded.summary)?;
    let published = PublishedRun::open(&config.outputs.join(&id), &summary.record_sha256).map_err(|flaw| damaged(&id, &flaw))?;
    Ok(KeptRun { id, build: recorded.build, published })
}

/// The error of a run whose record, or settings, are not as they were written.
fn damaged(run: &str, flaw: &FileFlaw) -> Error {
    let path = if flaw.path.is_empty() { run.to_owned() } else { format!("{run}/{}", flaw.path) };
    Error::new(ErrorKind::System, "ERR-091").with("path", path).with("reason", flaw.flaw.to_string())
}

/// A run made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The run.
    pub run: String,
    /// What identifies the build that made it; empty of builds that did not note it.
    pub made_by: String,
    /// What identifies the build that made it again.
    pub replayed_by: String,
    /// Its files, each with what came of it; in the order of the record, then those that it does not have.
    pub files: Vec<ReplayedFile>,
}

impl Replayed {
    /// Whether every file is equal to the byte.
    pub fn is_equal(&self) -> bool {
        self.files.iter().all(|file| file.fate == Fate::Equal)
    }
}

/// A file of a run made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayedFile {
    /// Its path below the run's folder.
    pub path: String,
    /// What came of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// Equal to the byte.
    Equal,
    /// What lies in the folder is not what the run wrote.
    Altered {
        /// What is wrong with it, as a catalogue reference.
        flaw: String,
        /// Whether what was made again is what the run wrote.
        replayed: bool,
    },
    /// The run wrote it, and it was not made again.
    Lacking,
    /// It was made, and the run did not write it.
    Added,
    /// Other bytes.
    Differs {
        /// Bytes then and now.
        bytes: [u64; 2],
        /// SHA-256 then and now.
        sha256: [String; 2],
        /// Of a text, the first line that differs, from 1.
        line: Option<u64>,
        /// Of a table, the first column that differs there.
        column: Option<String>,
    },
}

/// Makes a run again and compares every file of it.
///
/// # Errors
/// As [`kept`]; ERR-092: it kept no settings, ERR-093: no such settings are known to this build; ERR-094: originals that it
/// was made from are gone or not as they came; ERR-095: the adopted run that it was compared with is no longer what it was;
/// another run is active; or the system fails.
pub async fn replay(today: &Config, named: &str, progress: &dyn Progress) -> Result<Replayed, Error> {
    let space = Space::look(today);
    again(today, named, progress).await.map_err(|error| space.explain(error))
}

async fn again(today: &Config, named: &str, progress: &dyn Progress) -> Result<Replayed, Error> {
    let state = outputs::ready(&today.outputs)?;
    let _lock = lock(&today.outputs)?;
    sweep(&state)?;
    let ledger = Ledger::look(&state.join("ledger.sqlite"))?;
    let run = kept(today, &ledger, named)?;
    let record = run.published.record();
    let of_run = |code| Error::new(ErrorKind::Usage, code).with("run", run.id.clone());
    let settings = run.published.settings(today).map_err(|flaw| damaged(&run.id, &flaw))?.ok_or_else(|| of_run("ERR-092"))?;
    let config = settings.map_err(|reason| of_run("ERR-093").with("reason", reason))?;
    let store = Store::at(&state.join("store"))?;

    progress.begin(Stage::Acquire, None);
    let inputs: Vec<InputFile> = record.inputs.iter().map(InputFile::recorded).collect();
    at_hand(today, &store, &run.id, record)?;
    progress.end(Stage::Acquire, Some(inputs.len() as u64));
    let receipts = Receipts::recorded(record);
    let standing = match &record.adopted {
        Some(adopted) => {
            let gone = || Error::new(ErrorKind::System, "ERR-095").with("run", run.id.clone()).with("adopted", adopted.run.clone());
            Some(Standing::recorded(today, &ledger, adopted)?.ok_or_else(gone)?)
        }
        None => None,
    };
    let explained = Explained::recorded(record);
    let waivers = Waivers::at(config.as_of, record.waivers.iter().cloned());
    let key = identity(&config, &inputs, (&receipts, &explained, &waivers), standing.as_ref());

    let work = tempfile::Builder::new().prefix("run-").tempdir_in(&state)?;
    // What was kept between runs would only repeat itself.
    let cache = Arc::new(Cache::open(work.path().join("cache"))?);
    let parsed = gather::ingest(&config, &store, &cache, inputs, &Parsing::new(&config)?, progress).await?;
    let scratch = Scratch::below(&state, config.engine.batch_rows)?;
    let loaded = load(&config, &scratch, &parsed, &receipts)?;
    let engine = Engine::new(config.reference_dates(), &resources(&config, loaded.most()), scratch)?;
    let folder = work.path().join("run");
    fs::create_dir(&folder)?;
    let basis = Basis {
        config: &config,
        cache: &cache,
        parsed: &parsed,
        receipts: &receipts,
        explained: &explained,
        waivers: &waivers,
        standing: standing.as_ref(),
        told: record.held_back.as_ref(),
        key: &key[..8],
    };
    let summary = compute(&basis, &engine, loaded, &folder, progress).await?;
    let files = compared(&run.published, &folder, &summary.written)?;
    Ok(Replayed { run: run.id.clone(), made_by: run.build.clone(), replayed_by: build(), files })
}

/// Whether the store has all that a run was made from.
fn at_hand(config: &Config, store: &Store, run: &str, record: &RunRecord) -> Result<(), Error> {
    let read = record.inputs.iter().filter(|input| !input.unread);
    let flawed: Vec<_> = read.filter_map(|i| Some((InputFile::recorded(i).file, store.verify(&i.sha256).err()?))).collect();
    if flawed.is_empty() {
        return Ok(());
    }
    let error = Error::new(ErrorKind::System, "ERR-094").with("run", run).with("count", flawed.len().to_string());
    Err(error.about(gather::told(config, &flawed)))
}

/// Compares what a run wrote with what was made again in a folder.
fn compared(run: &PublishedRun, folder: &Path, written: &[String]) -> Result<Vec<ReplayedFile>, Error> {
    let made: BTreeSet<&str> = written.iter().map(String::as_str).collect();
    let listed = run.record().files.iter().map(|f| f.path.as_str()).chain([RECORD]);
    let mut files = Vec::new();
    for path in listed {
        let fate = if made.contains(path) { fate(run, folder, path)? } else { Fate::Lacking };
        files.push(ReplayedFile { path: path.to_owned(), fate });
    }
    let added = written.iter().filter(|path| files.iter().all(|file| file.path != **path));
    let added: Vec<ReplayedFile> = added.map(|path| ReplayedFile { path: path.clone(), fate: Fate::Added }).collect();
    Ok(files.into_iter().chain(added).collect())
}

fn fate(run: &PublishedRun, folder: &Path, path: &str) -> Result<Fate, Error> {
    let (now, bytes) = content::hash(File::open(folder.join(path))?, io::sink())?;
    let then = if path == RECORD { run.record_sha256() } else { run.sha256(path).unwrap_or_default() }.to_owned();
    let kept = run.file(path).and_then(|file| {
        let flawed = |flaw| FileFlaw { path: path.to_owned(), flaw };
        file.ok_or_else(|| flawed(Flaw::Missing))?.open().map_err(flawed)
    });
    let mut kept = match kept {
        Ok(kept) => kept,
        Err(flaw) => return Ok(Fate::Altered { flaw: flaw.flaw.to_string(), replayed: now == then }),
    };
    if now == then {
        return Ok(Fate::Equal);
    }
    let (mut before, after) = (Vec::new(), fs::read(folder.join(path))?);
    io::Read::read_to_end(&mut kept, &mut before)?;
    let (line, column) = match path.rsplit_once('.') {
        Some((_, "csv")) => first_cell(&before, &after),
        Some((_, "json" | "toml")) => (first_line(&before, &after), None),
        _ => (None, None),
    };
    Ok(Fate::Differs { bytes: [before.len() as u64, bytes], sha256: [then, now], line, column })
}

/// The first line of two texts that differs.
fn first_line(before: &[u8], after: &[u8]) -> Option<u64> {
    let (mut before, mut after) = (before.split(|b| *b == b'\n'), after.split(|b| *b == b'\n'));
    (1..).find_map(|line| match (before.next(), after.next()) {
        (None, None) => Some(None),
        (one, other) => (one != other).then_some(Some(line)),
    })?
}

/// The first line of two tables that differs, and the first column that does there; none where a whole line is too much.
fn first_cell(before_bytes: &[u8], after_bytes: &[u8]) -> (Option<u64>, Option<String>) {
    let reader = |content| csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let (mut one, mut other) = (reader(before_bytes), reader(after_bytes));
    let (mut before, mut after, mut head) = (csv::StringRecord::new(), csv::StringRecord::new(), None);
    loop {
        let start = one.position().byte();
        let read = (one.read_record(&mut before).unwrap_or(false), other.read_record(&mut after).unwrap_or(false));
        match read {
            (false, false) => return (None, None),
            (true, true) if before == after => {}
            (true, true) => {
                let place = before.iter().zip(&after).position(|(a, b)| a != b);
                let head: &csv::StringRecord = head.as_ref().unwrap_or(&before);
                return (
                    Some(line_at(before_bytes, start)),
                    place.and_then(|i| head.get(i)).map(|name| name.trim_start_matches('\u{feff}').to_owned()),
                );
            }
            _ => return (Some(line_at(before_bytes, start)), None),
        }
        head.get_or_insert_with(|| before.clone());
    }
}

/// The line of the record behind a place, from 1.
fn line_at(content: &[u8], place: u64) -> u64 {
    let place = usize::try_from(place).unwrap_or(content.len()).min(content.len());
    let ends = content[place..].iter().take_while(|b| b"\r\n".contains(b)).count();
    content[..place + ends].iter().filter(|b| **b == b'\n').count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_told_by_line_and_column() {
        let table = "\u{feff}a,b\r\n1,\"x\r\ny\"\r\n2,z\r\n";
        let differ = |other: &str| first_cell(table.as_bytes(), other.as_bytes());
        assert_eq!(differ(table), (None, None));
        assert_eq!(differ(&table.replace("2,z", "2,w")), (Some(4), Some("b".into())));
        assert_eq!(differ(&table.replace("\u{feff}a", "\u{feff}c")), (Some(1), Some("a".into())));
        assert_eq!(differ("\u{feff}a,b\r\n1,\"x\r\ny\"\r\n"), (Some(4), None));
        assert_eq!(first_line(b"a\nb\n", b"a\nc\n"), Some(2));
        assert_eq!(first_line(b"a\n", b"a\nb\n"), Some(2));
        assert_eq!(first_line(b"a\n", b"a\n"), None);
    }
}
