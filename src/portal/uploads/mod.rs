//! Returns that bureaus send: taken in, checked at once, shown with what to do.
//!
//! Owns: `<outputs>/.huichi/incoming/` for what is on its way in, and `checks/` with what the checks found. An upload is
//! acknowledged once its bytes are in the store and its receipt is in the ledger; a check that is cut off is made again.
//! No file's records and no list of findings is ever in memory here: children read and judge (`desk`, `judge`), and a page
//! reads the findings that it shows (`list`).

mod changes;
mod checks;
mod desk;
mod explain;
mod former_keys;
mod intake;
pub mod judge;
mod last_run;
mod list;
mod names;
mod own;
mod present;
mod receive;
mod relation;
mod result;
mod room;
mod shown;
mod slip;
mod standing;
mod view;
mod workbook;

pub use checks::resume;
pub use explain::{MOST_AT_ONCE, SHORTEST, explain};
pub use intake::Intake;
pub use last_run::{LastRun, last_run};
pub use own::own;
pub use receive::{Arriving, Incoming, Sent, receive, source_of};
pub use relation::{PartStanding, Related};
pub use result::Among;
pub use room::Uploads;
pub use standing::{Choosing, Standings, choose};
pub use view::{Detail, Item, ListPage, Told, Version, detail, list, one, related};
pub use workbook::findings_workbook;
