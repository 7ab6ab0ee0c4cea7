//! The ledger as readers open it: beside a writer, or without a trace in a state that can only be read.

use super::{Ledger, LedgerError, is_busy, refuse_newer, version};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So long a reader waits where the ledger is closed even to readers.
const PATIENCE: Duration = Duration::from_secs(3);
/// So often he looks again.
const PAUSE: Duration = Duration::from_millis(50);

impl Ledger {
    /// Opens the ledger beside a writer that has it open; a reader can change nothing, and no writer holds it up.
    pub fn reader(path: &Path) -> Result<Self, LedgerError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        refuse_newer(version(&connection)?)?;
        Ok(Self(connection, None))
    }

    /// Opens the ledger for reading alone, and writes nothing to it or beside it, whoever else has it open.
    ///
    /// Without a log beside it nobody has the ledger open, so the file is all there is. With one, others do, or did until
    /// they were killed: what they left is read in a copy elsewhere. So is a ledger of an older schema, once it is brought up.
    pub fn look(path: &Path) -> Result<Self, LedgerError> {
        refuse_newer(header(path))?;
        let log = fs::metadata(beside(path, "-wal")).ok().map(|m| m.len());
        let shared = beside(path, "-shm").exists();
        let sealed = fs::metadata(path).is_ok_and(|m| m.permissions().readonly());
        if is_held(path) {
            return Err(busy());
        }
        let ledger = match (log, shared) {
            _ if beside(path, "-journal").exists() => copied(path)?,
            (None, _) | (Some(0), false) => Self(immutable(path)?, None),
            (Some(_), true) if !sealed => Self::reader(path).or_else(|error| if is_busy(&error) { Err(error) } else { copied(path) })?,
            _ => copied(path)?,
        };
        if version(&ledger.0)? == super::schema::MIGRATIONS.len() {
            return Ok(ledger);
        }
        let folder = elsewhere()?;
        let copy = folder.path().join("ledger.sqlite");
        ledger.copy_to(&copy)?;
        Ok(Self(Ledger::open(&copy)?.0, Some(folder)))
    }
}

/// The version of the schema as the file's head says it, read past SQLite; what cannot be read says nothing.
pub(super) fn header(path: &Path) -> usize {
    let mut head = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    if read.is_err() { 0 } else { u32::from_be_bytes([head[60], head[61], head[62], head[63]]) as usize }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens a file that nobody changes meanwhile.
fn immutable(path: &Path) -> Result<Connection, LedgerError> {
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => name.push(char::from(*byte)),
            other => name.push_str(&format!("%{other:02X}")),
        }
    }
    name.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(name, flags)
}

/// A copy of the ledger and the log beside it, which goes with the connection.
fn copied(path: &Path) -> Result<Ledger, LedgerError> {
    let folder = elsewhere()?;
    let copy = folder.path().join("ledger.sqlite");
    for suffix in ["", "-wal", "-journal"] {
        // The bytes alone: a file that can only be read would stay so.
        let mut from = match File::open(beside(path, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => continue,
            from => from.map_err(unread)?,
        };
        io::copy(&mut from, &mut File::create(beside(&copy, suffix)).map_err(unread)?).map_err(unread)?;
    }
    Ok(Ledger(Ledger::open(&copy)?.0, Some(folder)))
}

/// Whether somebody keeps the file to himself for longer than a reader waits, as SQLite locks it: a copy of its bytes could be
/// half of what he writes. Not for a process that has it open itself: closing a file lets go of all its locks there.
#[cfg(unix)]
fn is_held(path: &Path) -> bool {
    use rustix::fs::{FlockOperation, fcntl_lock};
    let Ok(file) = File::open(path) else { return false };
    let until = Instant::now() + PATIENCE;
    while fcntl_lock(&file, FlockOperation::NonBlockingLockShared).is_err_and(is_locked) {
        if Instant::now() >= until {
            return true;
        }
        std::thread::sleep(PAUSE);
    }
    false
}

#[cfg(unix)]
fn is_locked(error: rustix::io::Errno) -> bool {
    [rustix::io::Errno::AGAIN, rustix::io::Errno::ACCESS].contains(&error)
}

/// Here a file that is held cannot be read at all.
#[cfg(not(unix))]
fn is_held(_: &Path) -> bool {
    false
}

fn busy() -> LedgerError {
    LedgerError::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)
}

fn elsewhere() -> Result<tempfile::TempDir, LedgerError> {
    tempfile::tempdir().map_err(unread)
}

fn unread(error: io::Error) -> LedgerError {
    LedgerError::ToSqlConversionFailure(Box::new(error))
}
