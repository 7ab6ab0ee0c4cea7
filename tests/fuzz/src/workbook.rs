//! Old workbooks as the stream in their container: `Workbook` or `Book`, a line end, the stream; an input that begins otherwise is the file
//! itself.

use crate::records::{self, Framing};
use crate::{Dice, put};
use cfb::{CompoundFile, Version};
use std::io::{Cursor, Read as _, Write as _};

/// The streams of Excel 97 and of the ones before.
const STREAMS: [&str; 2] = ["Workbook", "Book"];

/// The file that an input stands for.
pub fn file(input: &[u8]) -> Vec<u8> {
    split(input).and_then(|(name, stream)| contained(name, stream)).unwrap_or_else(|| input.to_vec())
}

/// Changes an input: takes a container apart, changes records of the stream, or anything.
pub fn mutate(data: &mut [u8], size: usize, room: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    let input = &data[..size];
    let next = match split(input) {
        Some((name, stream)) if dice.throw(8) > 0 => {
            Some(joined(name, &records::mutated(stream, room.saturating_sub(name.len() + 1), Framing::Xls, &mut dice)))
        }
        None if dice.throw(4) > 0 => taken_out(input),
        _ => None,
    };
    let put = next.and_then(|next| put(&next, data, room));
    put.unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(data, size, room))
}

/// Tells the stream's name from the stream.
fn split(input: &[u8]) -> Option<(&'static str, &[u8])> {
    STREAMS.into_iter().find_map(|name| Some((name, input.strip_prefix(name.as_bytes())?.strip_prefix(b"\n")?)))
}

/// Makes an input of a stream.
fn joined(name: &str, stream: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b"\n", stream].concat()
}

/// Puts a stream into a container.
fn contained(name: &str, stream: &[u8]) -> Option<Vec<u8>> {
    let mut compound = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).ok()?;
    compound.create_stream(name).ok()?.write_all(stream).ok()?;
    compound.flush().ok()?;
    Some(compound.into_inner().into_inner())
}

/// Takes the stream out of a sound container.
fn taken_out(container: &[u8]) -> Option<Vec<u8>> {
    let mut compound = CompoundFile::open(Cursor::new(container)).ok()?;
    let name = STREAMS.into_iter().find(|name| compound.is_stream(name))?;
    let mut stream = Vec::new();
    compound.open_stream(name).ok()?.read_to_end(&mut stream).ok()?;
    Some(joined(name, &stream))
}
