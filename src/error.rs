//! Errors: the run cannot go on. What is wrong with the data is a finding, never an error.

use crate::engine::EngineError;
use crate::ledger::{Astray, LedgerError};
use std::path::Path;

/// Whose fault an error is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Ours.
    Bug,
    /// The command line or the configuration.
    Usage,
    /// Nothing could be read.
    Unreadable,
    /// Another run is active.
    Busy,
    /// Disk, database or network.
    System,
}

impl ErrorKind {
    /// The exit code: 1 bug, 2 usage, 4 unreadable, 5 busy, 6 system.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Bug => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Unreadable => 4,
            ErrorKind::Busy => 5,
            ErrorKind::System => 6,
        }
    }
}

/// An error; people read its entry of the catalogue, logs read its `Display`.
#[derive(Debug)]
pub struct Error {
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// Its entry in the catalogue.
    pub code: &'static str,
    /// Arguments of the message.
    pub args: Vec<(&'static str, String)>,
    /// Findings that led to it, in words.
    pub findings: Vec<String>,
    /// What lies below.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with its entry in the catalogue.
    pub fn new(kind: ErrorKind, code: &'static str) -> Self {
        Self { kind, code, args: Vec::new(), findings: Vec::new(), source: None }
    }

    /// Adds an argument of the message.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// Adds the findings that led to it.
    pub fn about(mut self, findings: Vec<String>) -> Self {
        self.findings = findings;
        self
    }

    /// Adds what lies below.
    pub fn from_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        self.args.push(("reason", source.to_string()));
        self.source = Some(source);
        self
    }

    /// Adds what the system says, as a catalogue reference that people can read.
    pub fn from_io(mut self, source: std::io::Error) -> Self {
        self.args.push(("reason", io_reason(&source)));
        self.source = Some(source.into());
        self
    }

    /// A broken invariant.
    pub fn bug(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Bug, "ERR-001").from_source(source)
    }

    /// The inputs root cannot be read.
    pub fn inputs(path: &Path, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Unreadable, "ERR-004").with("path", path.display().to_string()).from_io(source)
    }
}

/// A catalogue reference to what the system says.
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "@io.not_found".to_owned(),
        Kind::PermissionDenied => "@io.denied".to_owned(),
        Kind::StorageFull | Kind::QuotaExceeded => "@io.full".to_owned(),
        Kind::IsADirectory => "@io.folder".to_owned(),
        Kind::NotADirectory => "@io.no_folder".to_owned(),
        Kind::InvalidData => "@io.text".to_owned(),
        _ => format!("@io.other|{error}"),
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code)?;
        for (name, value) in &self.args {
            write!(f, " {name}=`{value}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}

impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Self {
        Self::new(ErrorKind::System, "ERR-006").from_io(source)
    }
}

impl From<LedgerError> for Error {
    fn from(source: LedgerError) -> Self {
        match crate::ledger::is_newer(&source) {
            Some(newer) => Self::new(ErrorKind::System, "ERR-060")
                .with("found", newer.found.to_string())
                .with("known", newer.known.to_string())
                .from_source(source),
            None => Self::new(ErrorKind::System, "ERR-007").from_source(source),
        }
    }
}

impl From<Astray> for Error {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::Log(number) => Self::new(ErrorKind::System, "ERR-061").with("number", number.to_string()),
            Astray::Anchor(day) => Self::new(ErrorKind::System, "ERR-062").with("day", day),
        }
    }
}

impl From<EngineError> for Error {
    fn from(source: EngineError) -> Self {
        Self::new(ErrorKind::Bug, "ERR-008").from_source(source)
    }
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::bug(source)
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(source: datafusion::arrow::error::ArrowError) -> Self {
        Self::bug(source)
    }
}
