//! How far a run is, stage by stage.

use crate::ledger::Cause;
use crate::pipeline::{ProgressEvent, Stage};
use serde::Serialize;
use std::time::Instant;

/// A run that is active.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Current {
    /// Number of the attempt.
    pub attempt: i64,
    /// Why it was started.
    pub cause: Cause,
    /// Who started it, as pages show it.
    pub person: Option<String>,
    /// When it began.
    pub started: String,
    /// Whether it is being stopped.
    pub cancelling: bool,
    /// Whether it waits for a run that was started past the portal.
    pub waiting: bool,
    /// Its stages in order.
    pub stages: Vec<StageProgress>,
}

/// How far a stage is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StageProgress {
    /// The stage.
    pub stage: Stage,
    /// Whether it has begun or ended.
    pub state: StageState,
    /// Steps done.
    pub steps: u64,
    /// Steps in all, if they can be counted.
    pub total: Option<u64>,
    /// Records that came out of it.
    pub rows: Option<u64>,
    /// Milliseconds that it took.
    pub milliseconds: Option<u64>,
    #[serde(skip)]
    begun: Option<Instant>,
}

/// Where a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageState {
    /// Not begun.
    Waiting,
    /// Going on.
    Running,
    /// Ended.
    Done,
}

impl StageState {
    /// The word in pages' marks.
    pub fn id(self) -> &'static str {
        match self {
            StageState::Waiting => "waiting",
            StageState::Running => "running",
            StageState::Done => "done",
        }
    }
}

impl Current {
    /// A run whose stages all wait.
    pub fn new(cause: Cause, person: Option<String>, started: String) -> Self {
        Self { attempt: 0, cause, person, started, cancelling: false, waiting: false, stages: fresh() }
    }

    /// Begins again from the first stage.
    pub fn again(&mut self, waiting: bool) {
        self.waiting = waiting;
        self.stages = fresh();
    }

    /// Takes in what the run tells.
    pub fn told(&mut self, event: ProgressEvent) {
        let (ProgressEvent::Begin { stage: named, .. } | ProgressEvent::Step { stage: named } | ProgressEvent::End { stage: named, .. }) =
            event;
        let Some(stage) = self.stages.iter_mut().find(|s| s.stage == named) else { return };
        match event {
            ProgressEvent::Begin { total, .. } => {
                (stage.state, stage.total, stage.begun) = (StageState::Running, total, Some(Instant::now()));
            }
            ProgressEvent::Step { .. } => stage.steps += 1,
            ProgressEvent::End { rows, .. } => {
                let taken = stage.begun.map(|begun| u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
                (stage.state, stage.rows, stage.milliseconds) = (StageState::Done, rows, taken);
            }
        }
    }
}

fn fresh() -> Vec<StageProgress> {
    let waiting =
        |stage| StageProgress { stage, state: StageState::Waiting, steps: 0, total: None, rows: None, milliseconds: None, begun: None };
    Stage::ALL.into_iter().map(waiting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_go_from_waiting_to_done() {
        let mut current = Current::new(Cause::Manual, None, String::new());
        current.told(ProgressEvent::Begin { stage: Stage::Ingest, total: Some(2) });
        current.told(ProgressEvent::Step { stage: Stage::Ingest });
        let ingest = &current.stages[1];
        assert_eq!((ingest.state, ingest.steps, ingest.total), (StageState::Running, 1, Some(2)));
        current.told(ProgressEvent::End { stage: Stage::Ingest, rows: Some(9) });
        let states: Vec<_> = current.stages.iter().map(|s| s.state).collect();
        assert_eq!(states[..3], [StageState::Waiting, StageState::Done, StageState::Waiting]);
        assert!(current.stages[1].milliseconds.is_some());
    }
}
