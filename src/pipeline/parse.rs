//! Runs parsing children: at most as many as cores, each with limits and a deadline.

use super::parser::{self, COMMAND, Job, Manifest, files};
use crate::config::{Config, FormOptions};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
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
    /// Children at a time.
    pub children: usize,
}

impl Parsing {
    /// Takes the limits of a configuration; the program is this one.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub fn new(config: &Config) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if config.limits.parsers == 0 { cores } else { config.limits.parsers };
        Ok(Self {
            program: std::env::current_exe()?,
            memory_bytes: config.limits.parser_mib << 20,
            cpu_s: config.limits.parser_cpu_s,
            deadline: Duration::from_secs(config.limits.parser_s),
            children: wanted.min(cores).max(1),
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
/// Never an error about the file: a child that dies, panics or runs out of time leaves a manifest that says so.
///
/// # Errors
/// The child cannot be started at all.
pub async fn parse(
    parsing: &Parsing,
    config: &Config,
    source: &str,
    path: &Path,
    file_name: &str,
    folder: &Path,
) -> std::io::Result<Manifest> {
    let job = Job {
        path: path.to_owned(),
        file_name: file_name.to_owned(),
        forms: forms_of(config, source),
        codes: config.codes.clone(),
        folder: folder.to_owned(),
        memory_bytes: parsing.memory_bytes,
        cpu_s: parsing.cpu_s,
    };
    let mut child = Command::new(&parsing.program)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = serde_json::to_vec(&job)?;
        // A child that dies before it has read its job is told by its exit below.
        let _ = stdin.write_all(&text).await;
    }
    let status = match tokio::time::timeout(parsing.deadline, child.wait()).await {
        Ok(status) => status?,
        Err(_) => {
            let _ = child.kill().await;
            return Ok(parser::dead("FIL-122", parsing.deadline.as_secs().to_string()));
        }
    };
    match (status.code(), read_manifest(folder)) {
        (Some(0), Some(manifest)) => Ok(manifest),
        (Some(101), _) => Ok(parser::dead("FIL-121", String::new())),
        _ => Ok(parser::dead("FIL-120", status.to_string())),
    }
}

/// The manifest in a folder, if it is whole.
pub fn read_manifest(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&std::fs::read(folder.join(files::MANIFEST)).ok()?).ok()
}
