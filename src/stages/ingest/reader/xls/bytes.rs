//! Numbers in little-endian bytes, and the refusal of a container that makes no sense.

use super::super::row::Refusal;

/// Makes the refusal of a damaged container or stream.
pub(super) fn damaged(what: &'static str) -> Refusal {
    Refusal::new("FIL-132").with("what", what)
}

/// Reads a number of 16 bits.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

/// Reads a number of 32 bits.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// Reads a double.
pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let eight: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(f64::from_le_bytes(eight))
}

/// Reads numbers of 16 bits.
pub(super) fn halves(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Reads numbers of 32 bits.
pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}
