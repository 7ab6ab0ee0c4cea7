//! The workbook that calamine gets: the values and nothing beside them.
//!
//! Owns: a fresh container and a fresh stream with the records that carry values, each as it stands in the file. Formulas, names, links,
//! merged regions, macro sheets and foreign streams stay behind, since calamine gives up, or panics, on what is odd in them; of a formula
//! its stored result is handed over, as the number, text or error that it is.
//! Invariants: a record that our own reading does not understand is never handed over; sheets are named by their numbers.

use super::cells::{Cell, Kind};
use super::globals::Globals;
use super::records::{Records, id};

/// Size of a sector, in bytes; the large one keeps the table of sectors within the header.
const SECTOR: usize = 4_096;
/// Mark of a sector that holds the table of sectors.
const TABLE: u32 = 0xFFFF_FFFD;
/// End of a chain.
const END: u32 = 0xFFFF_FFFE;
/// No sector.
const NONE: u32 = 0xFFFF_FFFF;

/// The name under which a sheet is handed over.
pub(super) fn sheet_name(index: usize) -> String {
    index.to_string()
}

/// Whether calamine can be given a cell, and comes to the same value.
pub(super) fn is_common(cell: &Cell, stream: &[u8], globals: &Globals<'_>) -> bool {
    match cell.kind {
        Kind::Number | Kind::Bool | Kind::Error => true,
        Kind::Shared => globals.strings.common_end.is_some(),
        // A text that goes on in the next record would be cut.
        Kind::Inline => cell.inline(stream, globals).is_some_and(|(text, spread)| !spread && globals.charset.is_common(&text)),
        Kind::Awaited | Kind::Empty | Kind::Broken => false,
    }
}

/// Makes the container of a workbook of these sheets.
pub(super) fn container(stream: &[u8], globals: &Globals<'_>, sheets: &[&[Cell]]) -> Vec<u8> {
    let head = |offsets: &[usize]| {
        let mut out = Vec::new();
        beginning(&mut out, globals.wide, 0x0005);
        record(&mut out, id::CODE_PAGE, &globals.charset.for_calamine.unwrap_or(1_200).to_le_bytes());
        for (index, offset) in offsets.iter().enumerate() {
            let name = sheet_name(index);
            let flags: &[u8] = if globals.wide { &[0] } else { &[] };
            let length = [u8::try_from(name.len()).unwrap_or_default()];
            record(&mut out, id::BOUND_SHEET, &[&number(*offset)[..], &[0, 0], &length, flags, name.as_bytes()].concat());
        }
        strings(&mut out, globals);
        record(&mut out, id::EOF, &[]);
        out
    };
    let mut offsets = vec![0; sheets.len()];
    let mut at = head(&offsets).len();
    let mut bodies = Vec::new();
    for (cells, offset) in sheets.iter().zip(&mut offsets) {
        *offset = at + bodies.len();
        beginning(&mut bodies, globals.wide, 0x0010);
        cells.iter().filter(|cell| is_common(cell, stream, globals)).for_each(|cell| hand_over(&mut bodies, cell, stream));
        record(&mut bodies, id::EOF, &[]);
    }
    at = head(&offsets).len();
    debug_assert!(offsets.first().is_none_or(|first| *first == at), "the head is as long as it was");
    contain(&[head(&offsets), bodies].concat())
}

/// Writes a record.
fn record(out: &mut Vec<u8>, id: u16, body: &[u8]) {
    out.extend(id.to_le_bytes());
    out.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(body);
}

/// Writes the beginning of the workbook or of a sheet.
fn beginning(out: &mut Vec<u8>, wide: bool, kind: u16) {
    let version: u16 = if wide { 0x0600 } else { 0x0500 };
    record(out, id::BOF, &[version.to_le_bytes(), kind.to_le_bytes(), [0; 2], [0; 2]].concat());
}

/// Writes the table of strings as it stands, up to the end of the last one.
fn strings(out: &mut Vec<u8>, globals: &Globals<'_>) {
    let Some((last, end)) = globals.strings.common_end else {
        return;
    };
    for (index, body) in globals.string_records.iter().enumerate().take(last + 1) {
        let body = if index == last { &body[..end.min(body.len())] } else { body };
        if !body.is_empty() {
            record(out, if index == 0 { id::SST } else { id::CONTINUE }, body);
        }
    }
}

/// Writes a cell's record.
fn hand_over(out: &mut Vec<u8>, cell: &Cell, stream: &[u8]) {
    let place = [cell.row, cell.column, 0].map(u16::to_le_bytes).concat();
    match cell.kind {
        Kind::Number => record(out, id::NUMBER, &[&place, &cell.bits.to_le_bytes()[..]].concat()),
        Kind::Shared => record(out, id::LABEL_SST, &[&place, &cell.bits.to_le_bytes()[..4]].concat()),
        Kind::Bool => record(out, id::BOOL_ERR, &[&place, &[cell.bits.to_le_bytes()[0], 0][..]].concat()),
        Kind::Error => record(out, id::BOOL_ERR, &[&place, &[cell.bits.to_le_bytes()[0], 1][..]].concat()),
        Kind::Inline => {
            let found = usize::try_from(cell.bits).ok().and_then(|at| Records::from(stream, at).next());
            if let Some(found) = found {
                let text = if found.id == id::STRING { found.body } else { found.body.get(6..).unwrap_or_default() };
                record(out, id::LABEL, &[&place, text].concat());
            }
        }
        Kind::Awaited | Kind::Empty | Kind::Broken => {}
    }
}

/// Four bytes of a number.
fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// Puts a stream into a container of its own.
fn contain(stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().max(SECTOR).div_ceil(SECTOR);
    // Sector numbers per sector of the table; the table lists itself and the directory too.
    let entries = SECTOR / 4;
    let tables = (sectors + 1).div_ceil(entries - 1);
    let mut header = vec![0; SECTOR];
    header[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    for (at, value) in [(0x18, 0x3E_u16), (0x1A, 4), (0x1C, 0xFFFE), (0x1E, 12), (0x20, 6)] {
        header[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    header[0x4C..512].fill(0xFF);
    let directory = tables as u32;
    let fields = [(0x28, 1), (0x2C, tables as u32), (0x30, directory), (0x38, 4_096), (0x3C, END), (0x44, END)];
    let listed = (0..tables).map(|table| (0x4C + 4 * table, table as u32));
    for (at, value) in fields.into_iter().chain(listed) {
        header[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
    }
    let mut table = vec![TABLE; tables];
    table.push(END);
    table.extend((1..sectors).map(|sector| directory + 1 + sector as u32));
    table.push(END);
    table.resize(tables * entries, NONE);
    let mut out = header;
    out.extend(table.into_iter().flat_map(u32::to_le_bytes));
    // Large sectors ask for a root that begins somewhere.
    out.extend(entry("Root Entry", 5, 0, 0));
    out.extend(entry("Workbook", 2, directory + 1, sectors * SECTOR));
    out.resize((2 + tables) * SECTOR, 0);
    out.extend(stream);
    out.resize((2 + tables + sectors) * SECTOR, 0);
    out
}

/// Makes a directory entry.
fn entry(name: &str, kind: u8, start: u32, size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = out.len() as u8 + 2;
    out.resize(128, 0);
    (out[64], out[66], out[67]) = (length, kind, 1);
    out[68..80].fill(0xFF);
    out[116..120].copy_from_slice(&start.to_le_bytes());
    out[120..124].copy_from_slice(&number(size));
    out
}
