//! What a run is: the one record that is written of it, and the one way to read it again.
//!
//! Owns: `run.json` with all that a run was made from (inputs in their order of receipt, what was decided of them, the
//! reference date, the adopted run), `settings.toml` beside it with the settings that count, what the run concludes (`proposal.json`,
//! `phases.json`, `feasibility.json`), the files of a run's folder through their hashes, the comparison of two runs, and the causes of what
//! differs. Takes: the content of the folder. Gives: types; pages, downloads,
//! adoption, backup, retention and workbooks read no other.
//! Invariants: no clock, no run id, no build and no secret stands in what a run publishes; a file is given only with the
//! bytes that its run wrote; a record of an earlier build is read as far as it goes.

mod causes;
mod compare;
mod held;
mod published;
mod record;
mod rows;
mod text;

pub use causes::{Cause, Causes, Follows, Moved, Named, Side, Untraced};
pub use compare::{Difference, ENTERPRISES, Enterprises, Rejudged, Unread, compare, counted, figures_of_both, rejudged};
pub use held::{HeldBack, HeldRecords};
pub use published::{FileFlaw, PublishedRun};
pub use record::{
    Adopted, Counts, Decision, Differences, Explained, FEASIBILITY, FORMAT, Input, PHASES, PROPOSAL, PublishedDataset, RECORD, RunRecord,
    SETTINGS, Sheets, Uploaded, Written,
};
pub use rows::Rows;
pub use text::cell;
