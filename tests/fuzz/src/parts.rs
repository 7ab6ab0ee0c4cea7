//! Archives as their parts: `%% name`, a line end, the content, and so on; an input that begins otherwise is the file itself.

use crate::records::{self, Framing};
use crate::{Dice, changed, put};
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What stands in front of a part's name.
const MARK: &[u8] = b"%% ";
/// Likewise, of all parts but the first.
const NEXT: &[u8] = b"\n%% ";
/// Parts that no reader opens.
const UNREAD: [&str; 7] = ["docProps/", "xl/theme/", "xl/printerSettings/", "Thumbnails/", "Configurations2/", "settings.xml", "meta.xml"];

/// A part: its name and its content.
type Part = (Vec<u8>, Vec<u8>);

/// The file that an input stands for; none where its parts cannot be packed.
pub fn file(input: &[u8]) -> Option<Vec<u8>> {
    split(input).map_or_else(|| Some(input.to_vec()), |parts| packed(&parts))
}

/// Changes an input: takes an archive apart, changes one part, or anything.
pub fn mutate(data: &mut [u8], size: usize, room: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    let input = &data[..size];
    let next = match split(input) {
        Some(parts) if dice.throw(4) > 0 => Some(joined(&with_one_changed(parts, room.saturating_sub(size), &mut dice))),
        None if dice.throw(8) > 0 => unpacked(input).map(|parts| joined(&parts)),
        _ => None,
    };
    let put = next.and_then(|next| put(&next, data, room));
    put.unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(data, size, room))
}

/// Cuts an input into parts.
fn split(input: &[u8]) -> Option<Vec<Part>> {
    let mut rest = input.strip_prefix(MARK)?;
    let mut parts = Vec::new();
    loop {
        let end = memchr::memmem::find(rest, NEXT);
        let part = &rest[..end.unwrap_or(rest.len())];
        let name_end = memchr::memchr(b'\n', part).unwrap_or(part.len());
        parts.push((part[..name_end].to_vec(), part.get(name_end + 1..).unwrap_or_default().to_vec()));
        match end {
            Some(end) => rest = &rest[end + NEXT.len()..],
            None => return Some(parts),
        }
    }
}

/// Makes an input of parts.
fn joined(parts: &[Part]) -> Vec<u8> {
    let written = parts.iter().map(|(name, content)| [MARK, name, b"\n", content].concat());
    written.collect::<Vec<_>>().join(&b'\n')
}

/// Changes one of the parts; a binary one mostly record by record.
fn with_one_changed(mut parts: Vec<Part>, room: usize, dice: &mut Dice) -> Vec<Part> {
    let place = dice.throw(parts.len());
    let (name, content) = &mut parts[place];
    let room = content.len() + room;
    let old = std::mem::take(content);
    *content =
        if name.ends_with(b".bin") && dice.throw(4) > 0 { records::mutated(&old, room, Framing::Xlsb, dice) } else { changed(old, room) };
    parts
}

/// Packs parts; none where two have one name, or one has a name that no archive takes.
fn packed(parts: &[Part]) -> Option<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(String::from_utf8_lossy(name), options).ok()?;
        writer.write_all(content).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}

/// Takes a sound archive apart and leaves out what no reader opens.
fn unpacked(archive: &[u8]) -> Option<Vec<Part>> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).ok()?;
        let name = part.name().ok()?.into_owned();
        if UNREAD.iter().any(|unread| name.starts_with(unread)) || name.ends_with('/') {
            continue;
        }
        let mut content = Vec::new();
        part.read_to_end(&mut content).ok()?;
        parts.push((name.into_bytes(), content));
    }
    Some(parts)
}
