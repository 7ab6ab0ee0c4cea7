//! Acquire: every input pinned by its content hash.
//!
//! Takes: the inputs root, the sources and their addresses. Gives: [`SourceFile`]s, each with a copy in the store that
//! nothing changes, and what could not be had.
//! Invariants: the store is append-only and named by hash; equal bytes are kept once; the order of files is that of
//! source and path, so it does not depend on the folder's.

mod folder;
mod http;
mod regular;
mod store;
mod version;

pub use crate::content::hash_text;
pub use folder::{Bounds, Found, FoundFile, Unread, list, source_of};
pub use http::{FetchError, Fetched, Fetcher, Validators};
pub use store::Store;
pub use version::{Received, order, version};

use serde::{Deserialize, Serialize};

/// One input, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The source's id.
    pub source: String,
    /// Path below the inputs root, or the name of an HTTP source.
    pub path: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// What is known of a file that was uploaded; of all others their paths tell.
    pub upload: Option<Uploaded>,
}

/// What the ledger knows of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// The file's name as the bureau knows it.
    pub name: String,
    /// When it was received.
    pub received: String,
    /// Number of its receipt.
    pub number: i64,
}

impl SourceFile {
    /// The file's own name.
    pub fn name(&self) -> &str {
        self.upload.as_ref().map_or_else(|| self.path.rsplit('/').next().unwrap_or(&self.path), |u| &u.name)
    }
}
