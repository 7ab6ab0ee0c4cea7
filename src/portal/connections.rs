//! The connections to the ledger: one that writes, in turn, and some that read, whom no writer holds up.
//!
//! Whoever asks in a request waits some seconds at most, for a turn and for others that write (a run, the command line);
//! then the answer is 503, and nothing was changed. What the portal does by itself has more patience.

use super::error::PortalError;
use crate::ledger::{Ledger, LedgerError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a page waits for what it can do without.
pub const NO_PATIENCE: Duration = Duration::from_millis(200);
/// So long a request waits for the ledger.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// So long the portal itself does.
pub const LONG_PATIENCE: Duration = Duration::from_secs(60);
/// What is left of the patience at least once it is one's turn.
const LEAST: Duration = Duration::from_millis(100);
/// Requests that wait to write, at most.
const QUEUE: usize = 64;
/// Readers at a time.
const READERS: usize = 8;

/// The connections of a portal.
pub struct Connections {
    path: PathBuf,
    writer: Arc<Mutex<Ledger>>,
    turn: Arc<Semaphore>,
    queue: Semaphore,
    readers: Arc<Mutex<Vec<Ledger>>>,
    reading: Arc<Semaphore>,
}

impl Connections {
    /// Opens the ledger, and brings it to the current schema.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self {
            path: path.to_owned(),
            writer: Arc::new(Mutex::new(Ledger::open(path)?)),
            turn: Arc::new(Semaphore::new(1)),
            queue: Semaphore::new(QUEUE),
            readers: Arc::default(),
            reading: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Writes, or reads what is about to be changed.
    pub async fn write<T: Send + 'static>(
        &self,
        patience: Duration,
        ask: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let until = Instant::now() + patience;
        let _queued = match patience {
            LONG_PATIENCE => None,
            _ => Some(self.queue.try_acquire().map_err(|_| PortalError::Overloaded)?),
        };
        let turn = wait(&self.turn, patience).await?;
        let writer = self.writer.clone();
        apart(move || {
            let _turn = turn;
            // A panic while the lock is held leaves no half state: SQLite rolls back.
            let mut ledger = writer.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.wait(until.saturating_duration_since(Instant::now()).max(LEAST))?;
            ask(&mut ledger)
        })
        .await
    }

    /// Reads.
    pub async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let turn = wait(&self.reading, PATIENCE).await?;
        let (readers, path) = (self.readers.clone(), self.path.clone());
        apart(move || {
            let _turn = turn;
            let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let ledger = idle.map_or_else(|| Ledger::reader(&path), Ok)?;
            let asked = ask(&ledger)?;
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(ledger);
            Ok(asked)
        })
        .await
    }

    /// Reads for long, over a connection of its own.
    pub async fn read_apart<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let path = self.path.clone();
        apart(move || ask(&Ledger::reader(&path)?)).await
    }
}

async fn wait(turns: &Arc<Semaphore>, patience: Duration) -> Result<OwnedSemaphorePermit, PortalError> {
    let turn = tokio::time::timeout(patience, turns.clone().acquire_owned()).await;
    turn.ok().and_then(Result::ok).ok_or(PortalError::Overloaded)
}

/// Away from the threads that serve pages.
async fn apart<T: Send + 'static>(ask: impl FnOnce() -> Result<T, LedgerError> + Send + 'static) -> Result<T, PortalError> {
    Ok(tokio::task::spawn_blocking(ask).await.map_err(|e| PortalError::bug(e.to_string()))??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::NewEntry;

    #[tokio::test]
    async fn readers_pass_a_writer_that_holds_the_ledger_and_writers_wait_in_vain() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ledger.sqlite");
        let connections = Arc::new(Connections::open(&path)?);
        let other = rusqlite::Connection::open(&path)?;
        other.execute_batch("BEGIN IMMEDIATE")?;
        let note = |l: &mut Ledger| l.note(&NewEntry { action: "upload", ..NewEntry::default() }, "2026-07-01");
        let short = Duration::from_millis(300);
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let connections = connections.clone();
                tokio::spawn(async move { connections.write(short, note).await })
            })
            .collect();
        for _ in 0..2 * READERS {
            connections.read(|l| l.accounts()).await.map_err(|e| format!("{e:?}"))?;
        }
        for waited in waiting {
            assert_eq!(waited.await?, Err(PortalError::Overloaded));
        }
        other.execute_batch("ROLLBACK")?;
        connections.write(short, note).await.map_err(|e| format!("{e:?}"))?;
        let written = connections.read(|l| l.audit_objects("upload")).await.map_err(|e| format!("{e:?}"))?;
        assert_eq!(written.len(), 1, "a reader sees what was written before");
        let changed = connections.read(|l| l.end_sessions()).await;
        assert!(matches!(changed, Err(PortalError::Bug(_))), "a reader changes nothing: {changed:?}");
        Ok(())
    }
}
