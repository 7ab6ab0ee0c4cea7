//! Opens the archive of a workbook, after checking that it is sound and of bearable size.
//!
//! Owns: the check of the archive's directory, the reading of parts, the count of inflated bytes.
//! Invariants: no part is handed out before the directory was found consistent (no duplicate names, no overlap,
//! no encryption, the two records of each entry agree); of names that differ in case only the one written as asked
//! for counts, and none if neither is; a part read to its end has had its checksum compared, and [`Archive::small`] always reads to the end.
//! Deliberately absent: extraction to disk.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::limits::Limits;
use super::row::Refusal;
use super::xml::{Scanner, XmlError};

/// Bytes of a local header before the name.
const LOCAL_HEADER_BYTES: usize = 30;

/// A checked archive.
pub(super) struct Archive<'a> {
    zip: ZipArchive<BufReader<File>>,
    /// Index of each part by its name.
    places: HashMap<String, usize>,
    /// Index of each part by its name in lower case; none for several that differ in case only.
    folded: HashMap<String, Option<usize>>,
    limits: &'a Limits,
    /// Bytes inflated so far.
    inflated: u64,
}

impl<'a> Archive<'a> {
    /// Opens and checks an archive.
    pub(super) fn open(path: &Path, limits: &'a Limits) -> Result<Self, Refusal> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| Refusal::new("FIL-105").with("reason", error))?;
        if zip.len() > limits.archive_entries {
            return Err(Refusal::new("FIL-106").with("found", zip.len()).with("limit", limits.archive_entries));
        }
        let mut archive =
            Self { places: HashMap::with_capacity(zip.len()), folded: HashMap::with_capacity(zip.len()), zip, limits, inflated: 0 };
        archive.check_names()?;
        archive.check_entries(path)?;
        Ok(archive)
    }

    /// Refuses names that occur twice, and lists the others.
    fn check_names(&mut self) -> Result<(), Refusal> {
        if self.zip.has_duplicate_names() {
            return Err(Refusal::new("FIL-107").with("part", "?"));
        }
        for (index, raw) in self.zip.file_names_raw().enumerate() {
            let name = part_name(&String::from_utf8_lossy(raw));
            self.folded.entry(name.to_lowercase()).and_modify(|index| *index = None).or_insert(Some(index));
            if self.places.insert(name.clone(), index).is_some() {
                return Err(Refusal::new("FIL-107").with("part", name));
            }
        }
        Ok(())
    }

    /// Refuses encryption, odd methods, overlap, and entries whose two records disagree.
    fn check_entries(&mut self, path: &Path) -> Result<(), Refusal> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let mut file = BufReader::with_capacity(512, file);
        if self.zip.offset() != 0 {
            return Err(Refusal::new("FIL-105").with("reason", "bytes before the archive"));
        }
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_data(index).map_err(|error| Refusal::new("FIL-105").with("reason", error))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if entry.encrypted() {
                return Err(Refusal::new("FIL-108").with("part", name));
            }
            let method = entry.compression();
            if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
                return Err(Refusal::new("FIL-110").with("part", name).with("method", method));
            }
            if !local_name_agrees(&mut file, entry.header_start(), entry.name_raw()) {
                return Err(Refusal::new("FIL-109").with("part", name));
            }
        }
        match self.zip.has_overlapping_entries() {
            Ok(false) => Ok(()),
            Ok(true) => Err(Refusal::new("FIL-109").with("part", "*")),
            Err(error) => Err(Refusal::new("FIL-105").with("reason", error)),
        }
    }

    /// Tells whether there is a part of this name.
    pub(super) fn has(&self, part: &str) -> bool {
        self.folded.contains_key(&part_name(part).to_lowercase())
    }

    /// Returns which entry a part is; nothing if there is none, or if several differ in case only and none is written so.
    pub(super) fn place(&self, part: &str) -> Option<usize> {
        let name = part_name(part);
        self.places.get(&name).copied().or_else(|| self.folded.get(&name.to_lowercase()).copied().flatten())
    }

    /// Opens a part; its bytes count toward the limit unless it was counted before.
    pub(super) fn part(&mut self, part: &str, counted: bool) -> Result<impl Read + '_, Refusal> {
        let missing = || Refusal::new(if self.has(part) { "FIL-107" } else { "FIL-115" }).with("part", part);
        let index = self.place(part).ok_or_else(missing)?;
        let file = self.zip.by_index(index).map_err(|error| zip_refusal(part, error))?;
        let ratio_bytes = file.compressed_size().saturating_mul(self.limits.inflate_ratio).max(self.limits.ratio_from_bytes);
        Ok(Counter {
            inner: file,
            read: 0,
            ratio_bytes,
            total: counted.then_some(&mut self.inflated),
            total_bytes: self.limits.inflated_bytes,
        })
    }

    /// Opens a part as XML.
    pub(super) fn xml(&mut self, part: &str, counted: bool) -> Result<Scanner<'_>, Refusal> {
        let token_bytes = self.limits.token_bytes;
        let reader = self.part(part, counted)?;
        Scanner::new(Box::new(reader), token_bytes).map_err(|error| xml_refusal(part, &error))
    }

    /// Reads a small part whole.
    pub(super) fn small(&mut self, part: &str) -> Result<Vec<u8>, Refusal> {
        let limit = self.limits.small_part_bytes;
        let mut bytes = Vec::new();
        self.part(part, true)?.take(limit + 1).read_to_end(&mut bytes).map_err(|error| stream_refusal(part, &error))?;
        if bytes.len() as u64 > limit {
            return Err(super::feed::too_much("part bytes", limit));
        }
        Ok(bytes)
    }
}

/// Makes names comparable: forward slashes, none in front.
fn part_name(name: &str) -> String {
    name.trim_start_matches(['/', '\\']).replace('\\', "/")
}

/// Tells whether the record in front of an entry's bytes has the name that the directory gives it.
fn local_name_agrees(file: &mut BufReader<File>, start: u64, name: &[u8]) -> bool {
    let mut header = [0; LOCAL_HEADER_BYTES];
    let mut local = vec![0; name.len()];
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut header)).and_then(|()| file.read_exact(&mut local));
    let length = usize::from(u16::from_le_bytes([header[26], header[27]]));
    read.is_ok() && header.starts_with(b"PK\x03\x04") && length == name.len() && local == name
}

/// A part that counts what comes out of it.
struct Counter<'a, R> {
    inner: R,
    read: u64,
    ratio_bytes: u64,
    total: Option<&'a mut u64>,
    total_bytes: u64,
}

/// Why a [`Counter`] stopped.
#[derive(Debug)]
enum Excess {
    Ratio,
    Total,
}

impl std::fmt::Display for Excess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("inflates beyond the limit")
    }
}

impl std::error::Error for Excess {}

impl<R: Read> Read for Counter<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read += count as u64;
        if self.read > self.ratio_bytes {
            return Err(io::Error::other(Excess::Ratio));
        }
        if let Some(total) = &mut self.total {
            **total += count as u64;
            if **total > self.total_bytes {
                return Err(io::Error::other(Excess::Total));
            }
        }
        Ok(count)
    }
}

/// Makes the refusal of a file that cannot be read at all.
pub(super) fn unreadable(error: &io::Error) -> Refusal {
    Refusal::new("FIL-100").with("reason", error)
}

/// Makes the refusal of a part that cannot be opened.
fn zip_refusal(part: &str, error: ZipError) -> Refusal {
    match error {
        ZipError::Io(error) => stream_refusal(part, &error),
        ZipError::FileNotFound => Refusal::new("FIL-115").with("part", part),
        other => Refusal::new("FIL-104").with("part", part).with("reason", other),
    }
}

/// Makes the refusal of a part whose bytes fail.
pub(super) fn stream_refusal(part: &str, error: &io::Error) -> Refusal {
    let excess = error.get_ref().and_then(|inner| inner.downcast_ref::<Excess>());
    match excess {
        Some(Excess::Ratio) => Refusal::new("FIL-112").with("part", part),
        Some(Excess::Total) => Refusal::new("FIL-111").with("part", part),
        None => Refusal::new("FIL-104").with("part", part).with("reason", error),
    }
}

/// Makes the refusal of a part that is no XML.
pub(super) fn xml_refusal(part: &str, error: &XmlError) -> Refusal {
    match error {
        XmlError::Stream(error) => stream_refusal(part, error),
        XmlError::Doctype => Refusal::new("FIL-113").with("part", part),
        XmlError::Malformed(offset) => Refusal::new("FIL-114").with("part", part).with("offset", offset),
        XmlError::TooLong(limit) => super::feed::too_much("token bytes", limit),
    }
}
