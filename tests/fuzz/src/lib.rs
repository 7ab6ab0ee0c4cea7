//! What the fuzz targets share: how an input becomes a file, how a file is read and what must hold, and how inputs are changed.
//!
//! An input is the file itself, or what the file would hide from mutation: the parts of an archive, whose checksums no change survives
//! ([`parts`]), or the stream of an old workbook, whose container is a maze of its own ([`workbook`]). The mutators take sound files apart
//! by themselves, so that seeds are plain workbooks.

pub mod parts;
pub mod reading;
pub mod records;
pub mod workbook;

/// Numbers from a seed, for what libFuzzer leaves to us.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    /// Throws a number below `sides` (splitmix64).
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 33) as usize % sides.max(1)
    }
}

/// Has libFuzzer change bytes, which may grow up to `room`.
fn changed(mut bytes: Vec<u8>, room: usize) -> Vec<u8> {
    let size = bytes.len();
    bytes.resize(size.max(room).max(1), 0);
    let size = libfuzzer_sys::fuzzer_mutate(&mut bytes, size, room.max(1));
    bytes.truncate(size);
    bytes
}

/// Puts a new input in place of the one in libFuzzer's buffer, if it fits.
fn put(input: &[u8], data: &mut [u8], room: usize) -> Option<usize> {
    let fits = input.len() <= room && !input.is_empty();
    fits.then(|| {
        data[..input.len()].copy_from_slice(input);
        input.len()
    })
}
