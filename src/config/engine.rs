//! `[engine]`: what plans may take of the machine. Nothing that is computed depends on it.

use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[engine]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct EngineOptions {
    /// What joins, sorts and groupings may hold in memory; what needs more is put down on disk.
    pub memory: Memory,
    /// Parts in which a plan is computed side by side; 0 means one for few records, for many one per core.
    #[validate(range(max = 256))]
    pub partitions: usize,
    /// Records that are written, read and handed on at a time.
    #[validate(range(min = 1, max = 65536))]
    pub batch_rows: usize,
    /// Reads datasets in another order than they are written in, which this number makes: to see that nothing depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<u64>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { memory: Memory(512 << 20), partitions: 0, batch_rows: 8192, shuffle: None }
    }
}

/// A size of memory, written as `256MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Memory(usize);

/// Units of memory, the larger first.
const UNITS: [(&str, usize); 2] = [("GiB", 1 << 30), ("MiB", 1 << 20)];

impl Memory {
    /// The least that plans of a county get by with, and the most.
    const LEAST: usize = 64 << 20;
    const MOST: usize = 1 << 40;

    /// In bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl TryFrom<String> for Memory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let sized = UNITS.iter().find_map(|(unit, bytes)| {
            let number: usize = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            number.checked_mul(*bytes)
        });
        sized
            .filter(|bytes| (Self::LEAST..=Self::MOST).contains(bytes))
            .map(Self)
            .ok_or_else(|| "\"64MiB\", \"512MiB\", \"2GiB\" … \"1024GiB\"".to_owned())
    }
}

impl From<Memory> for String {
    fn from(memory: Memory) -> Self {
        let (unit, bytes) = if memory.0.is_multiple_of(1 << 30) { UNITS[0] } else { UNITS[1] };
        format!("{}{unit}", memory.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_they_are_read() {
        let read = |text: &str| Memory::try_from(text.to_owned()).ok();
        for (text, bytes) in [("64MiB", 64 << 20), ("1GiB", 1 << 30), ("1536MiB", 1536 << 20)] {
            assert_eq!(read(text).map(Memory::bytes), Some(bytes));
            assert_eq!(read(text).map(String::from).as_deref(), Some(text));
        }
        for wrong in ["", "1", "64 KiB", "63MiB", "-1GiB", "1.5GiB", "99999999999999999999GiB", "2048GiB", "GiB"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
