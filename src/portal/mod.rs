//! What the portal does, whoever asks and however that comes: returns taken in and checked, runs at night, the pool, quality,
//! people, the audit log.
//!
//! A front door to the pipeline, never a second copy of its logic: files are checked by `pipeline::check`, runs are child
//! processes of this program, pages read what runs published.
//!
//! Owns: the books (settings, clock and the ledger over its connections), which all rooms stand on, and the rooms. What a room has in
//! memory is a type of its own, whose clones share it: `Uploads`, `Night`, `Pool`, `Quality`.
//! Invariant: nothing here knows requests, answers or pages; what went wrong is a `PortalError`, which `web` answers.

pub(crate) mod actor;
pub(crate) mod adoption;
pub mod anchors;
pub mod audit;
pub(crate) mod books;
pub(crate) mod calendar;
pub mod clock;
mod connections;
pub(crate) mod demo;
pub(crate) mod error;
pub(crate) mod flaws;
mod followed;
pub(crate) mod integrity;
pub mod night;
pub(crate) mod notices;
pub mod password;
pub mod people;
pub(crate) mod pool;
pub(crate) mod quality;
pub(crate) mod reserve;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod text;
pub mod uploads;
pub mod waivers;
