//! Errors: the run cannot go on. What is wrong with the data is a finding, never an error.

use crate::engine::{Cause, EngineError};
use crate::ledger::{Astray, LedgerError};
use std::any::Any;
use std::io;
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
    /// Another run is active, or another program holds the ledger.
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

    /// A broken invariant; unless what lies below is a disk that takes no more.
    pub fn bug(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        match no_room(&format!("{source:?}")) {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::new(ErrorKind::Bug, "ERR-001").from_source(source),
        }
    }

    /// What a panic of a library says of the disk, if it is that: some write without asking whether they can.
    pub fn of_panic(panic: &(dyn Any + Send)) -> Option<Self> {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.and_then(no_room).map(|kind| io::Error::from(kind).into())
    }

    /// Whether the disk takes no more.
    pub fn is_no_room(&self) -> bool {
        self.code == "ERR-006" && self.args.iter().any(|(_, v)| v == "@io.full" || v == "@io.large")
    }

    /// The inputs root cannot be read.
    pub fn inputs(path: &Path, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Unreadable, "ERR-004").with("path", path.display().to_string()).from_io(source)
    }
}

/// Which kind of full disk a failure in the system's words (its `Debug`) tells of. Libraries wrap it each in its own way, and
/// some lose it on the way to `source()`.
fn no_room(text: &str) -> Option<io::ErrorKind> {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    [StorageFull, QuotaExceeded, FileTooLarge].into_iter().find(|kind| text.contains(&format!("{kind:?}")))
}

/// A catalogue reference to what the system says.
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "@io.not_found".to_owned(),
        Kind::PermissionDenied => "@io.denied".to_owned(),
        Kind::StorageFull | Kind::QuotaExceeded => "@io.full".to_owned(),
        Kind::FileTooLarge => "@io.large".to_owned(),
        Kind::IsADirectory => "@io.folder".to_owned(),
        Kind::NotADirectory => "@io.no_folder".to_owned(),
        Kind::InvalidData => "@io.text".to_owned(),
        Kind::InvalidInput => "@io.special".to_owned(),
        _ if is_loop(error) => "@io.loop".to_owned(),
        _ => format!("@io.other|{error}"),
    }
}

/// Whether links led round in a circle.
#[cfg(unix)]
fn is_loop(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_loop(_: &std::io::Error) -> bool {
    false
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
        let source = no_room(&format!("{source:?}")).map_or(source, io::Error::from);
        Self::new(ErrorKind::System, "ERR-006").from_io(source)
    }
}

impl From<LedgerError> for Error {
    fn from(source: LedgerError) -> Self {
        if crate::ledger::is_full(&source) {
            return io::Error::from(io::ErrorKind::StorageFull).into();
        }
        if crate::ledger::is_busy(&source) {
            return Self::new(ErrorKind::Busy, "ERR-080").from_source(source);
        }
        match crate::ledger::is_newer(&source) {
            Some(newer) => Self::new(ErrorKind::System, "ERR-065")
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
            Astray::Log(number) => Self::new(ErrorKind::System, "ERR-066").with("number", number.to_string()),
            Astray::Anchor(day) => Self::new(ErrorKind::System, "ERR-067").with("day", day),
        }
    }
}

impl From<EngineError> for Error {
    fn from(source: EngineError) -> Self {
        match source.cause() {
            Cause::Disk(kind) => return io::Error::from(kind).into(),
            Cause::Memory => return Self::new(ErrorKind::System, "ERR-097").with("what", source.what.clone()),
            Cause::Plan => {}
        }
        // The engine's own words are for developers, and may quote a value.
        tracing::debug!(error = %source, "a computation failed");
        let error = Self::new(ErrorKind::Bug, "ERR-008").with("what", source.what.clone());
        Self { source: Some(source.into()), ..error }
    }
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::bug(source)
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(source: datafusion::arrow::error::ArrowError) -> Self {
        EngineError::of("a dataset".to_owned(), source).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_defect_however_it_is_told() {
        let full = || io::Error::from_raw_os_error(28);
        let told: [Error; 6] = [
            full().into(),
            Error::bug(full()),
            Error::bug(csv::Error::from(full())),
            Error::bug(parquet::errors::ParquetError::from(full())),
            io::Error::other(datafusion::arrow::error::ArrowError::from(full())).into(),
            Error::from(io::Error::from(io::ErrorKind::FileTooLarge)),
        ];
        for error in told {
            assert!(error.is_no_room() && error.kind == ErrorKind::System, "{error}");
        }
        let panic = |text: String| std::panic::catch_unwind(move || std::panic::panic_any(text)).expect_err("a panic");
        assert!(Error::of_panic(panic(format!("Couldn't write to xml file: {:?}", full())).as_ref()).is_some_and(|e| e.is_no_room()));
        assert!(Error::of_panic(panic("index out of bounds".to_owned()).as_ref()).is_none());
        assert_eq!(Error::bug("index out of bounds").kind, ErrorKind::Bug);
    }
}
