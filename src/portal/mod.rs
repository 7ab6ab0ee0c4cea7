//! What the portal does, whoever asks and however that comes: returns taken in and checked, runs at night, the pool, quality,
//! people, the audit log.
//!
//! A front door to the pipeline, never a second copy of its logic: files are checked by `pipeline::check`, runs are child
//! processes of this program, pages read what runs published.
//!
//! Owns: the books (settings, clock and the ledger over its connections), which all rooms stand on, and the rooms. What a room has in
//! memory is a type of its own, whose clones share it: [`uploads::Uploads`], [`night::Night`], [`pool::Pool`], [`quality::Quality`].
//! Invariant: nothing here knows requests, answers or pages; what went wrong is a [`error::PortalError`], which `web` answers.

pub mod actor;
pub mod adoption;
pub mod anchors;
pub mod audit;
pub mod books;
pub mod calendar;
pub mod clock;
mod connections;
pub mod demo;
pub mod error;
pub mod flaws;
mod followed;
pub mod integrity;
pub mod night;
pub mod notices;
pub mod password;
pub mod people;
pub mod pool;
pub mod quality;
pub mod reserve;
pub mod retention;
pub mod runs;
pub mod text;
pub mod uploads;
