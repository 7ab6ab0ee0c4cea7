//! All findings of a check on disk: a line of JSON each, and an index by which a page of them is found.
//!
//! A file may be wrong in a million places, so no more than a page of findings is ever in memory here. They stand in the
//! order of their severities; an entry of the index has the same size for all, so that a place in the list is a place in
//! the index, and what asks for an explanation, a stretch of its own, can be counted without reading any finding.

use super::shown::{Key, Shown};
use crate::model::severity::Severity;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// The findings.
const LINES: &str = "findings.jsonl";
/// Where each begins, its key, and the place of its code among all codes.
const INDEX: &str = "findings.index";
/// Bytes of an entry of the index.
const ENTRY: usize = 8 + 16 + 4;

/// How many findings there are of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeCount {
    /// The code.
    pub code: String,
    /// What the code stands for.
    pub name: String,
    /// Its severity.
    pub severity: Severity,
    /// How many.
    pub count: u64,
}

/// Writes a list.
pub struct ListWriter {
    lines: BufWriter<File>,
    index: BufWriter<File>,
    offset: u64,
}

impl ListWriter {
    /// Begins a list in a folder.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let file = |name| File::create(folder.join(name)).map(BufWriter::new);
        Ok(Self { lines: file(LINES)?, index: file(INDEX)?, offset: 0 })
    }

    /// Adds a finding; `code` is the place of its code.
    pub fn add(&mut self, finding: &Shown, code: u32) -> io::Result<()> {
        let mut line = serde_json::to_vec(finding)?;
        line.push(b'\n');
        self.index.write_all(&self.offset.to_le_bytes())?;
        self.index.write_all(&key_bytes(&finding.key)?)?;
        self.index.write_all(&code.to_le_bytes())?;
        self.offset += line.len() as u64;
        self.lines.write_all(&line)
    }

    /// Forces all of it to disk.
    pub fn finish(self) -> io::Result<()> {
        let settle = |file: BufWriter<File>| file.into_inner().map_err(io::Error::from)?.sync_all();
        settle(self.lines)?;
        settle(self.index)
    }
}

/// The sixteen bytes of a key.
fn key_bytes(key: &str) -> io::Result<[u8; 16]> {
    u128::from_str_radix(key, 16).map(u128::to_be_bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// An entry of the index.
#[derive(Debug, Clone, Copy)]
pub struct ListEntry {
    offset: u64,
    /// The finding's key.
    pub key: Key,
    /// The place of its code.
    pub code: usize,
}

/// Reads a list.
pub struct List<'a> {
    folder: &'a Path,
    /// By severity, how many findings there are.
    counts: [u64; 3],
}

impl<'a> List<'a> {
    /// The list in a folder, of so many findings by severity.
    pub fn new(folder: &'a Path, counts: [u64; 3]) -> Self {
        Self { folder, counts }
    }

    /// Places of the findings that ask for an explanation.
    fn asking(&self) -> Range<u64> {
        let [errors, explains, _] = self.counts;
        errors..errors + explains
    }

    /// What asks for an explanation, in the order of the list.
    pub fn questions(&self) -> io::Result<impl Iterator<Item = io::Result<ListEntry>>> {
        self.entries(self.asking())
    }

    fn entries(&self, places: Range<u64>) -> io::Result<impl Iterator<Item = io::Result<ListEntry>> + use<>> {
        let mut index = BufReader::with_capacity(64 << 10, File::open(self.folder.join(INDEX))?);
        index.seek(SeekFrom::Start(places.start * ENTRY as u64))?;
        Ok(places.map(move |_| {
            let (mut offset, mut key, mut code) = ([0; 8], [0; 16], [0; 4]);
            index.read_exact(&mut offset)?;
            index.read_exact(&mut key)?;
            index.read_exact(&mut code)?;
            Ok(ListEntry { offset: u64::from_le_bytes(offset), key: Key(key), code: u32::from_le_bytes(code) as usize })
        }))
    }

    /// Findings from a place on, at most so many: within what asks, the answered ones stand last.
    pub fn page(&self, answered: impl Fn(&Key) -> bool, skip: u64, most: u64) -> io::Result<Vec<Shown>> {
        let wanted = skip..(skip + most).min(self.counts.iter().sum());
        let asking = self.asking();
        let mut entries: Vec<ListEntry> = Vec::new();
        let within = |range: Range<u64>| wanted.start.max(range.start)..wanted.end.min(range.end).max(wanted.start.max(range.start));
        entries.extend(self.entries(within(0..asking.start))?.collect::<io::Result<Vec<_>>>()?);
        if !within(asking.clone()).is_empty() {
            let (mut open, mut done) = (asking.start, Vec::new());
            for entry in self.questions()? {
                let entry = entry?;
                if answered(&entry.key) {
                    done.push(entry);
                } else {
                    if wanted.contains(&open) {
                        entries.push(entry);
                    }
                    open += 1;
                }
            }
            entries.extend(done.into_iter().zip(open..).filter(|(_, place)| wanted.contains(place)).map(|(entry, _)| entry));
        }
        entries.extend(self.entries(within(asking.end..u64::MAX))?.collect::<io::Result<Vec<_>>>()?);
        let mut lines = BufReader::new(File::open(self.folder.join(LINES))?);
        let mut line = Vec::new();
        let mut read = |entry: ListEntry| {
            lines.seek(SeekFrom::Start(entry.offset))?;
            line.clear();
            lines.read_until(b'\n', &mut line)?;
            Ok(serde_json::from_slice(&line)?)
        };
        entries.into_iter().map(&mut read).collect()
    }

    /// All findings, one after another.
    pub fn all(&self) -> io::Result<impl Iterator<Item = io::Result<Shown>> + use<>> {
        let lines = BufReader::with_capacity(256 << 10, File::open(self.folder.join(LINES))?);
        Ok(lines.split(b'\n').map(|line| Ok(serde_json::from_slice(&line?)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pages_come_from_the_disk_and_the_answered_stand_last() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut writer = ListWriter::create(folder.path())?;
        // Two errors, five questions, two notes; the messages number them.
        let counts = [2, 5, 2];
        let severities = Severity::ALL.into_iter().zip(counts).flat_map(|(s, n)| std::iter::repeat_n(s, n as usize));
        for (i, severity) in severities.enumerate() {
            let shown = Shown { key: format!("{i:032x}"), severity, message: i.to_string(), ..Shown::default() };
            writer.add(&shown, u32::from(i % 2 == 0))?;
        }
        writer.finish()?;
        let list = List::new(folder.path(), counts);
        let answered: HashSet<Key> = [2, 4, 8_u128].map(|k| Key(k.to_be_bytes())).into();
        let page = |skip, most| {
            let page = list.page(|k| answered.contains(k), skip, most)?;
            Ok::<_, io::Error>(page.into_iter().map(|s| s.message).collect::<Vec<_>>().concat())
        };
        assert_eq!(page(0, 100)?, "013562478", "an answer to what is no question moves nothing");
        assert_eq!([page(0, 4)?, page(4, 4)?, page(8, 4)?, page(12, 4)?], ["0135", "6247", "8", ""]);
        assert_eq!(list.questions()?.map(|e| e.map(|e| e.code)).collect::<io::Result<Vec<_>>>()?, [1, 0, 1, 0, 1]);
        assert_eq!(list.all()?.count(), 9);
        let none = tempfile::tempdir()?;
        ListWriter::create(none.path())?.finish()?;
        assert!(List::new(none.path(), [0; 3]).page(|_| false, 0, 50)?.is_empty());
        Ok(())
    }
}
