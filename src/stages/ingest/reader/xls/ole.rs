//! Walks through an OLE compound file and takes streams out of it.
//!
//! Owns: the check that every chain of sectors ends, stays in the file and shares no sector with
//! itself. A chain that returns to itself would make a careless reader ask for memory without end,
//! and half a file of zeros, as a failed copy leaves it, is such a chain.
//! Facts: MS-CFB; sector numbers are 32 bits, those from 0xFFFFFFFA on have special meanings.

use super::super::row::Refusal;
use super::bytes::{damaged, u16_at, u32_at, words};

/// First of the special sector numbers.
const SPECIAL: u32 = 0xFFFF_FFFA;
/// End of a chain.
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
/// Streams below this size live in the mini stream, in bytes.
const MINI_CUTOFF: u64 = 4_096;
/// Size of a sector of the mini stream, in bytes.
const MINI_SECTOR: usize = 64;
/// Size of a directory entry, in bytes.
const ENTRY_BYTES: usize = 128;
/// Sector numbers in the header.
const HEADER_DIFAT: usize = 109;

/// A stream as the directory lists it.
struct Entry {
    name: String,
    kind: u8,
    start: u32,
    size: u64,
}

/// A checked compound file.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u8>,
    entries: Vec<Entry>,
    /// Streams beside the workbook's whose chains are not sound.
    pub(super) unsound: usize,
}

impl<'a> Compound<'a> {
    /// Reads header, allocation tables and directory, and checks the chain of every stream.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let shift = u16_at(bytes, 0x1E).ok_or_else(|| damaged("header"))?;
        if !matches!(shift, 9 | 12) || bytes.len() < 512 {
            return Err(damaged("header"));
        }
        let mut compound = Self {
            bytes,
            sector: 1 << shift,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
            unsound: 0,
        };
        compound.fat = compound.read_fat()?;
        let directory = compound.chain(u32_at(bytes, 0x30), None, "directory")?;
        compound.entries = directory.chunks_exact(ENTRY_BYTES).filter_map(|raw| entry(raw, shift)).collect();
        let mini_start = u32_at(bytes, 0x3C);
        if mini_start.is_some_and(|start| start < SPECIAL) {
            match compound.chain(mini_start, None, "mini table") {
                Ok(bytes) => compound.mini_fat = words(&bytes),
                Err(_) => compound.unsound += 1,
            }
        }
        let root = compound.entries.iter().find(|entry| entry.kind == 5);
        let (start, size) = root.map_or((END_OF_CHAIN, 0), |root| (root.start, root.size));
        if size > 0 {
            // Some programs do not fill its last sector; what a stream needs of it is looked at when the stream is taken out.
            match compound.chain(Some(start), None, "mini stream") {
                Ok(bytes) => compound.mini_stream = bytes,
                Err(_) => compound.unsound += 1,
            }
        }
        compound.unsound += compound.entries.iter().filter(|entry| entry.kind == 2 && compound.check(entry).is_err()).count();
        Ok(compound)
    }

    /// Tells whether there is a stream of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Takes a stream out.
    pub(super) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(entry) = self.find(name) else {
            return Ok(None);
        };
        if entry.size >= MINI_CUTOFF {
            return self.chain(Some(entry.start), Some(entry.size), "stream").map(Some);
        }
        let places = follow(entry.start, &self.mini_fat, "mini stream")?;
        let mut stream = Vec::new();
        for place in places {
            let start = place as usize * MINI_SECTOR;
            let piece = self.mini_stream.get(start..(start + MINI_SECTOR).min(self.mini_stream.len()));
            stream.extend_from_slice(piece.ok_or_else(|| damaged("mini stream"))?);
        }
        sized(stream, entry.size, "stream").map(Some)
    }

    /// Finds a stream by its name.
    fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind == 2 && entry.name.eq_ignore_ascii_case(name))
    }

    /// Checks that a stream's chain ends and is as long as the directory says.
    fn check(&self, entry: &Entry) -> Result<(), Refusal> {
        if entry.size == 0 {
            return Ok(());
        }
        let (fat, sector) = if entry.size >= MINI_CUTOFF { (&self.fat, self.sector) } else { (&self.mini_fat, MINI_SECTOR) };
        let sectors = follow(entry.start, fat, "stream")?.len() as u64;
        if sectors * (sector as u64) < entry.size {
            return Err(damaged("stream size"));
        }
        Ok(())
    }

    /// Reads the allocation table through the list of its sectors.
    fn read_fat(&self) -> Result<Vec<u32>, Refusal> {
        let header = self.bytes.get(0x4C..0x4C + 4 * HEADER_DIFAT).ok_or_else(|| damaged("header"))?;
        let mut places = words(header);
        let mut next = u32_at(self.bytes, 0x44).unwrap_or(END_OF_CHAIN);
        let sectors = self.bytes.len() / self.sector;
        let mut visited = 0;
        while next < SPECIAL {
            visited += 1;
            if visited > sectors {
                return Err(damaged("table list returns to itself"));
            }
            let mut list = words(self.sector(next).ok_or_else(|| damaged("table list"))?);
            next = list.pop().unwrap_or(END_OF_CHAIN);
            places.extend(list);
        }
        // Behind the table's own sectors some programs leave zeros instead of the mark for none.
        places.truncate(u32_at(self.bytes, 0x2C).unwrap_or(0) as usize);
        let mut fat = Vec::new();
        let mut seen = vec![false; sectors + 1];
        for place in places.into_iter().filter(|place| *place < SPECIAL) {
            let known = seen.get_mut(place as usize).ok_or_else(|| damaged("table"))?;
            if std::mem::replace(known, true) {
                return Err(damaged("table sector used twice"));
            }
            fat.extend(words(self.sector(place).ok_or_else(|| damaged("table"))?));
        }
        Ok(fat)
    }

    /// Returns the bytes of a sector; the file's last one may be short.
    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize + 1).checked_mul(self.sector)?;
        let end = (start + self.sector).min(self.bytes.len());
        self.bytes.get(start..end).filter(|bytes| !bytes.is_empty())
    }

    /// Joins the sectors of a chain.
    fn chain(&self, start: Option<u32>, size: Option<u64>, what: &'static str) -> Result<Vec<u8>, Refusal> {
        let start = start.ok_or_else(|| damaged(what))?;
        let mut bytes = Vec::new();
        for number in follow(start, &self.fat, what)? {
            bytes.extend_from_slice(self.sector(number).ok_or_else(|| damaged(what))?);
        }
        match size {
            Some(size) => sized(bytes, size, what),
            None => Ok(bytes),
        }
    }
}

/// Lists the sectors of a chain; one that leaves the table or returns to itself is refused.
fn follow(start: u32, table: &[u32], what: &'static str) -> Result<Vec<u32>, Refusal> {
    let mut places = Vec::new();
    let mut next = start;
    while next < SPECIAL {
        // A chain longer than the table must have met a sector twice.
        if places.len() >= table.len() {
            return Err(damaged(what));
        }
        places.push(next);
        next = *table.get(next as usize).ok_or_else(|| damaged(what))?;
    }
    if next == END_OF_CHAIN { Ok(places) } else { Err(damaged(what)) }
}

/// Cuts a stream to its size, which it must reach.
fn sized(mut bytes: Vec<u8>, size: u64, what: &'static str) -> Result<Vec<u8>, Refusal> {
    match usize::try_from(size) {
        Ok(size) if size <= bytes.len() => {
            bytes.truncate(size);
            Ok(bytes)
        }
        _ => Err(damaged(what)),
    }
}

/// Reads a directory entry; unused ones give nothing.
fn entry(raw: &[u8], shift: u16) -> Option<Entry> {
    let kind = *raw.get(66)?;
    let length = usize::from(u16_at(raw, 64)?).saturating_sub(2).min(62);
    let units: Vec<u16> = raw[..length].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let low = u64::from(u32_at(raw, 120)?);
    // With sectors of 512 bytes the upper half may hold anything.
    let high = if shift == 12 { u64::from(u32_at(raw, 124)?) } else { 0 };
    matches!(kind, 1 | 2 | 5).then(|| Entry {
        name: String::from_utf16_lossy(&units),
        kind,
        start: u32_at(raw, 116).unwrap_or(END_OF_CHAIN),
        size: high << 32 | low,
    })
}
