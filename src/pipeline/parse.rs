//! Runs parsing children: a bounded number at a time, each with limits and a deadline.

use super::lanes::{End, Lane, Lanes};
use super::parser::{self, COMMAND, Job, Manifest, exit, files};
use crate::config::{Config, FormOptions};
use crate::stages::acquire::Store;
use indexmap::IndexMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How children are started.
#[derive(Debug, Clone)]
pub struct Parsing {
    program: PathBuf,
    memory_bytes: u64,
    cpu_s: u64,
    deadline: Duration,
    lanes: Lanes,
}

impl Parsing {
    /// For one run or command: as many at a time as there are cores.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub fn new(config: &Config) -> io::Result<Self> {
        Self::with(config, Lanes::of_run)
    }

    /// For the portal, where files of many senders are read side by side; clones share the places.
    ///
    /// # Errors
    /// As [`Parsing::new`].
    pub fn of_portal(config: &Config) -> io::Result<Self> {
        Self::with(config, Lanes::of_portal)
    }

    fn with(config: &Config, lanes: fn(usize) -> Lanes) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if config.limits.parsers == 0 { cores } else { config.limits.parsers };
        Ok(Self {
            program: std::env::current_exe()?,
            memory_bytes: config.limits.parser_mib << 20,
            cpu_s: config.limits.parser_cpu_s,
            deadline: Duration::from_secs(config.limits.parser_s),
            lanes: lanes(wanted.min(cores).max(1)),
        })
    }
}

/// The forms that a source may send; those of all where the source is not known, since a form is told by its header.
pub fn forms_of(config: &Config, source: &str) -> IndexMap<String, FormOptions> {
    let Some(source) = config.source.get(source) else { return config.form.clone() };
    source.forms.iter().filter_map(|id| config.form.get_key_value(id)).map(|(id, f)| (id.clone(), f.clone())).collect()
}

/// Parses one file in a child; its tables lie in `folder` afterwards.
///
/// Never an error about the file: if the child dies, panics or runs out of time, the manifest says so. Only one that a
/// later run may use is left in the folder.
///
/// # Errors
/// The original is not the content of its hash (a [`crate::content::Flaw`]), the child cannot be started at all, or the
/// disk takes no more.
pub async fn parse(
    parsing: &Parsing,
    config: &Config,
    source: &str,
    (store, sha256): (&Store, &str),
    file_name: &str,
    folder: &Path,
) -> io::Result<Manifest> {
    let lane = parsing.lanes.enter().await?;
    // The child opens its file by path, several times: it is given a copy of its own, of bytes that were compared.
    let (from, hash, beside) = (store.clone(), sha256.to_owned(), folder.to_owned());
    let original = tokio::task::spawn_blocking(move || from.copy(&hash, &beside)).await??;
    let job = Job {
        path: original.to_path_buf(),
        file_name: file_name.to_owned(),
        forms: forms_of(config, source),
        codes: config.codes.clone(),
        folder: folder.to_owned(),
        memory_bytes: parsing.memory_bytes,
        cpu_s: parsing.cpu_s,
        parent: std::process::id(),
    };
    let text = serde_json::to_vec(&job)?;
    let (mut end, lane) = read(parsing, &text, lane).await?;
    if matches!(end, End::MadeWay) {
        (end, _) = read(parsing, &text, parsing.lanes.make_way(lane).await?).await?;
    }
    let manifest = match end {
        End::Exited(status) => outcome(status, read_manifest(folder), parsing.cpu_s)?,
        End::Late | End::MadeWay => parser::dead("FIL-122", parsing.deadline.as_secs().to_string()),
    };
    if !manifest.is_lasting() {
        let _ = std::fs::remove_file(folder.join(files::MANIFEST));
    }
    Ok(manifest)
}

/// Starts a child and stays with it until its end.
async fn read(parsing: &Parsing, job: &[u8], mut lane: Lane) -> io::Result<(End, Lane)> {
    let mut child = Command::new(&parsing.program)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that dies before it has read its job, or never reads it, is told by its end.
        let _ = tokio::time::timeout(parsing.deadline, stdin.write_all(job)).await;
    }
    let end = parsing.lanes.watch(&mut child, &mut lane, parsing.deadline).await?;
    Ok((end, lane))
}

/// What the end of a child means: its manifest, or one that tells of its death.
fn outcome(status: ExitStatus, manifest: Option<Manifest>, cpu_s: u64) -> io::Result<Manifest> {
    Ok(match (status.code(), manifest) {
        (Some(0), Some(manifest)) => manifest,
        (Some(exit::DISK), _) => return Err(io::ErrorKind::StorageFull.into()),
        (Some(exit::DEFECT), _) => parser::dead("FIL-121", String::new()),
        _ if ran_out_of_cpu_time(status) => parser::dead("FIL-122", cpu_s.to_string()),
        _ => parser::dead("FIL-120", status.to_string()),
    })
}

#[cfg(unix)]
fn ran_out_of_cpu_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn ran_out_of_cpu_time(_: ExitStatus) -> bool {
    false
}

/// The manifest in a folder, if it is whole.
pub fn read_manifest(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&std::fs::read(folder.join(files::MANIFEST)).ok()?).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn each_end_of_a_child_has_its_meaning() {
        let exited = |code: i32| ExitStatus::from_raw(code << 8);
        let killed = |signal: i32| ExitStatus::from_raw(signal);
        let finding = |status| outcome(status, None, 120).ok().map(|manifest| manifest.seeds[0].code.clone());
        let is = |code: &str| Some(code.to_owned());
        assert!(outcome(exited(0), Some(Manifest::default()), 120).is_ok_and(|m| !m.refused && m.is_lasting()));
        assert_eq!(finding(exited(exit::DISK)), None, "a full disk ends the run");
        assert_eq!(finding(exited(exit::DEFECT)), is("FIL-121"));
        assert_eq!(finding(killed(rustix::process::Signal::XCPU.as_raw())), is("FIL-122"));
        assert_eq!(finding(killed(rustix::process::Signal::KILL.as_raw())), is("FIL-120"));
        assert_eq!(finding(exited(0)), is("FIL-120"), "a child that ends well without a manifest");
    }
}
