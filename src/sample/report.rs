//! What was written of the sample.

use super::fault::PlantedFault;

/// A file of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFile {
    /// Relative to the inputs folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: usize,
    /// Rows that hold records, hidden sheets included; none where a file holds none that can be read.
    pub records: Option<usize>,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleReport {
    /// The files, without the list itself.
    pub files: Vec<SampleFile>,
    /// Every fault planted on purpose, file by file.
    pub faults: Vec<PlantedFault>,
}
