//! The pipeline: the only room that runs stages one after another, counts and records.
//!
//! ```text
//! inputs/ -> acquire -> ingest -> standardize -> validate -> link -> merge -> screen -> publish -> outputs/
//! ```
//!
//! Owns: the order of stages, the parsing children, the cache between runs, row accounting, the lock and the switch of
//! `latest`. Stages never call each other; what one leaves, the next reads by name.

mod accounting;
mod adopted;
mod beside;
mod changes;
mod check;
pub mod child;
mod conditions;
mod datasets;
mod excerpt;
mod explained;
mod gather;
mod judging;
mod keys;
mod lanes;
mod names;
mod origin;
mod parse;
pub mod parser;
mod recall;
mod receipts;
mod refused;
mod replay;
mod rests;
mod runner;
mod scope;
mod space;
mod summary;
mod tables;
mod turns;
mod versions;
mod way;
mod whatif;
mod words;

pub use beside::Beside;
pub use changes::{Change, Changes};
pub use check::{Checked, check, compare, judge_among, judge_tables};
pub use child::{Bound, Children, Ending, Limits};
pub use conditions::problems;
pub use excerpt::Excerpt;
pub use gather::{InputFile, of_upload};
pub use keys::{Missing, missing};
pub use lanes::Lanes;
pub use origin::{OriginCell, OriginColumn, OriginRow, Seek, origin_of};
pub use parse::{Parsing, parse, read_tables};
pub use parser::{dead_of, too_much};
pub use receipts::ReceiptUse;
pub use replay::{Fate, KeptRun, Replayed, ReplayedFile, kept, replay};
pub use rests::Rests;
pub use runner::{RunOutcome, run};
pub use summary::{ProgressEvent, Severities, Stage, Summary};
pub use way::{Asked, Book, NotShown, Way, WayCell, WaysBack};
pub use whatif::{Judged, Moved, Proposed, Tried, enterprises_of, feasibility_of, phases_of, proposed, whatif};

use crate::config::{Config, EngineOptions};
use crate::engine::Resources;

/// Records of a dataset from which on its plans are computed in parts.
const MANY: u64 = 100_000;

/// What the settings let the engine take for datasets of so many records.
fn resources(config: &Config, most: u64) -> Resources {
    let EngineOptions { memory, partitions, batch_rows, shuffle } = &config.engine;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let partitions = match partitions {
        0 if most < MANY => 1,
        0 => cores(),
        stated => *stated,
    };
    Resources { memory: memory.bytes(), partitions, batch_rows: *batch_rows, shuffle: *shuffle }
}

/// Told what a run does, while it does it.
pub trait Progress: Sync {
    /// A stage begins; `total` steps if they can be counted.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// One step of the stage is done.
    fn step(&self, stage: Stage);
    /// A stage ends; `rows` records came out of it.
    fn end(&self, stage: Stage, rows: Option<u64>);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn step(&self, _: Stage) {}
    fn end(&self, _: Stage, _: Option<u64>) {}
}
