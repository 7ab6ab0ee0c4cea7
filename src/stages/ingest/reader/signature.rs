//! Tells by its first bytes what a file is, whatever its name says.
//!
//! Owns: the signatures of all formats that bureaus send under the name of a spreadsheet.
//! Gives: the container to open, or a refusal that says what the file is and what to do with it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::archive::unreadable;
use super::feed::too_much;
use super::limits::Limits;
use super::row::Refusal;

/// Bytes looked at.
const HEAD_BYTES: u64 = 8 << 10;

/// What has to open the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// A zip archive.
    Archive,
    /// An OLE compound file, or the workbook that should stand in one.
    Ole,
    /// Text, or something that the text reader will refuse.
    Text,
}

/// Formats known by their first bytes, and why they are refused.
const REFUSED: &[(&[u8], &str)] = &[
    (b"%PDF", "FIL-127"),
    (b"\x89PNG", "FIL-128"),
    (b"\xFF\xD8\xFF", "FIL-128"),
    (b"GIF8", "FIL-128"),
    (b"II*\0", "FIL-128"),
    (b"MM\0*", "FIL-128"),
    (b"PK\x05\x06", "FIL-129"),
    (b"Rar!\x1A", "FIL-129"),
    (b"7z\xBC\xAF\x27\x1C", "FIL-129"),
    (b"\x1F\x8B", "FIL-129"),
    (b"\xFD7zXZ", "FIL-129"),
    (b"{\\rtf", "FIL-126"),
    // Sheets of Excel 2 to 4 without a container.
    (b"\x09\x00\x04\x00", "FIL-134"),
    (b"\x09\x00\x06\x00", "FIL-134"),
    (b"\x09\x02\x06\x00", "FIL-134"),
    (b"\x09\x04\x06\x00", "FIL-134"),
];

/// Reads the head of a file and tells what has to open it.
pub(super) fn container(path: &Path, limits: &Limits) -> Result<Container, Refusal> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let length = file.metadata().map_err(|error| unreadable(&error))?.len();
    if length > limits.file_bytes {
        return Err(too_much("file bytes", limits.file_bytes));
    }
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
    recognize(&head)
}

/// Tells from the head of a file what has to open it.
fn recognize(head: &[u8]) -> Result<Container, Refusal> {
    if head.is_empty() {
        return Err(Refusal::new("FIL-101"));
    }
    if head.starts_with(b"PK\x03\x04") {
        return document(head).map_or(Ok(Container::Archive), |code| Err(Refusal::new(code)));
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(Container::Ole);
    }
    // A workbook of Excel 5 or later without a container begins with itself, a single sheet with a sheet.
    if head.starts_with(b"\x09\x08\x08\x00") || head.starts_with(b"\x09\x08\x10\x00") {
        return if head.get(6..8) == Some(b"\x05\x00") { Ok(Container::Ole) } else { Err(Refusal::new("FIL-134")) };
    }
    let known = REFUSED.iter().find(|(start, _)| head.starts_with(start));
    let code = known.map(|(_, code)| *code).or_else(|| binary(head)).or_else(|| markup(head));
    match code {
        Some(code) => Err(Refusal::new(code)),
        None => Ok(Container::Text),
    }
}

/// Recognizes archives that are documents of another kind by the names of their first entries, so that one whose rest is unusual is still
/// called what it is.
fn document(head: &[u8]) -> Option<&'static str> {
    let entries = memchr::memmem::find_iter(head, b"PK\x03\x04").filter_map(|at| {
        let length = u16::from_le_bytes(head.get(at + 26..at + 28)?.try_into().ok()?);
        head.get(at + 30..at + 30 + usize::from(length))
    });
    let begins = |name: &[u8], starts: &[&[u8]]| starts.iter().any(|start| name.starts_with(start));
    entries
        .into_iter()
        .find_map(|name| match name {
            _ if begins(name, &[b"word/", b"ppt/"]) => Some("FIL-130"),
            _ if begins(name, &[b"OFD.xml", b"Doc_0/"]) => Some("FIL-141"),
            _ if begins(name, &[b"xl/"]) => Some(""),
            _ => None,
        })
        .filter(|code| !code.is_empty())
}

/// Recognizes images whose signature could also begin a text.
fn binary(head: &[u8]) -> Option<&'static str> {
    let has_nul = memchr::memchr(0, head).is_some();
    let bitmap = head.starts_with(b"BM") && has_nul;
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let brand =
        head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|b| [b"heic", b"heix", b"mif1", b"avif"].iter().any(|k| b == *k));
    (bitmap || webp || brand).then_some("FIL-128")
}

/// Recognizes texts that are no delimited tables.
fn markup(head: &[u8]) -> Option<&'static str> {
    // Dropping NULs makes UTF-16 readable enough for a look at Latin words.
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
    let text = text.trim_start_matches(|c: char| c == '\u{FEFF}' || c == '\u{FFFD}' || c.is_whitespace());
    let begins = |start: &str| text.starts_with(start);
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if begins("mime-version:") || (begins("from:") && holds(&["multipart/related"])) {
        return Some("FIL-124");
    }
    if begins("id;p") || begins("table\r\n0,1") || begins("table\n0,1") {
        return Some("FIL-138");
    }
    if !begins("<") {
        return None;
    }
    if holds(&["urn:schemas-microsoft-com:office:spreadsheet", "progid=\"excel.sheet\""]) && !holds(&["<html"]) {
        return Some("FIL-125");
    }
    if holds(&["<html", "<!doctype html", "<table", "<head", "<body", "<meta", "<style", "<div", "<script"]) {
        return Some("FIL-123");
    }
    begins("<?xml").then_some("FIL-138")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        for (head, code) in [
            (&b""[..], "FIL-101"),
            (b"%PDF-1.7", "FIL-127"),
            (b"BM\x10\0\0\0", "FIL-128"),
            (b"{\\rtf1", "FIL-126"),
            (b"\x09\x08\x10\x00\x00\x06\x10\x00", "FIL-134"),
            (b"\r\n<HTML xmlns:x=\"urn:schemas-microsoft-com:office:spreadsheet\">", "FIL-123"),
            (b"\xEF\xBB\xBF<table border=1>", "FIL-123"),
            (b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>", "FIL-125"),
            (b"MIME-Version: 1.0\r\n", "FIL-124"),
            (b"ID;PWXL;N;E\r\n", "FIL-138"),
            (b"<\0h\0t\0m\0l\0>\0", "FIL-123"),
        ] {
            assert_eq!(recognize(head).expect_err("refused").code, code);
        }
        assert_eq!(recognize(b"PK\x03\x04"), Ok(Container::Archive));
        let archive = |names: &[&str]| -> Vec<u8> {
            names.iter().flat_map(|name| [b"PK\x03\x04", &[0; 22][..], &[name.len() as u8, 0, 0, 0], name.as_bytes()].concat()).collect()
        };
        for (names, code) in [
            (&["[Content_Types].xml", "word/document.xml"][..], "FIL-130"),
            (&["[Content_Types].xml", "_rels/.rels", "ppt/presentation.xml"], "FIL-130"),
            (&["OFD.xml"], "FIL-141"),
        ] {
            assert_eq!(recognize(&archive(names)).expect_err("refused").code, code);
        }
        assert_eq!(recognize(&archive(&["xl/workbook.xml", "word/embedded"])), Ok(Container::Archive));
        assert_eq!(recognize(b"\0\0\0\x20ftypheic").expect_err("refused").code, "FIL-128");
        assert_eq!(recognize(b"BM,123"), Ok(Container::Text));
        assert_eq!(recognize("企业名称,代码".as_bytes()), Ok(Container::Text));
    }
}
