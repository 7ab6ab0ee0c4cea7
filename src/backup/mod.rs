//! Backup and restore of a site's state: ledger, originals, checks, and the runs that must not be lost.
//!
//! A backup is a folder: `manifest.json`, `state/` as `<outputs>/.huichi/` holds it (without what can be made again), and
//! `runs/`. It is made while the portal and runs go on: the ledger's copy is one moment of it, and what an entry of the
//! ledger names lies in the store before the entry is written, so copying the store afterwards misses nothing.
//!
//! Owns: what belongs to a backup, the manifest with the hash of every file.
//! Invariants: a backup and a restored state take their names by a rename when they are whole and on disk; what was cut
//! off midway carries another name, and is never taken for a backup or a site. A restore believes nothing that it has not
//! seen: every file is named and as it was, runs are what they say of themselves, and what the ledger names is there; one
//! that fails leaves nothing. Taking a backup writes nothing to the state, and takes nothing that a restore refuses.

mod manifest;
mod restore;
mod sound;
mod take;

pub use manifest::{BackupPart, Manifest};
pub use restore::{interrupted, restore};
pub use take::take;
