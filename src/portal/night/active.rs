//! What runs at the moment, and whether the last run failed.

use super::progress::Current;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use tokio::sync::{Notify, watch};

/// Why a run is stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody wants it.
    Cancelled,
    /// The portal stops.
    Parked,
}

/// What runs, and what is known of the last failure.
pub(super) struct Active {
    pub(super) current: watch::Sender<Option<Current>>,
    pub(super) stop: watch::Sender<Option<Stop>>,
    /// When the run began that failed, while none succeeded after it.
    pub(super) failed: RwLock<Option<String>>,
    /// Wakes the task that runs on arrival; what arrives during a run is one more run.
    pub(super) arrived: Notify,
    /// Whether the portal stops and begins nothing more.
    pub(super) closing: AtomicBool,
}

impl Default for Active {
    fn default() -> Self {
        Self {
            current: watch::Sender::new(None),
            stop: watch::Sender::new(None),
            failed: RwLock::default(),
            arrived: Notify::new(),
            closing: AtomicBool::new(false),
        }
    }
}

impl Active {
    /// Waits until nothing runs.
    pub(super) async fn idle(&self) {
        let _ = self.current.subscribe().wait_for(Option::is_none).await;
    }
}
