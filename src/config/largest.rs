//! What no setting may go beyond.

/// Largest file that the readers take, MiB; no setting may promise more.
pub const LARGEST_FILE_MIB: u64 = 512;
