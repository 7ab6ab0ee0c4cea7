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

/// Makes the container of a workbook of these sheets: header, stream, directory and table of sectors, in one piece of memory.
pub(super) fn container(stream: &[u8], globals: &Globals<'_>, sheets: &[&[Cell]]) -> Vec<u8> {
    let mut offsets = vec![0; sheets.len()];
    let mut out = vec![0; SECTOR];
    out.extend(head(globals, &offsets));
    for (cells, offset) in sheets.iter().zip(&mut offsets) {
        *offset = out.len() - SECTOR;
        beginning(&mut out, globals.wide, 0x0010);
        cells.iter().filter(|cell| is_common(cell, stream, globals)).for_each(|cell| hand_over(&mut out, cell, stream));
        record(&mut out, id::EOF, &[]);
    }
    // The offsets are known now, and the head is as long as it was.
    let head = head(globals, &offsets);
    out[SECTOR..SECTOR + head.len()].copy_from_slice(&head);
    contain(out)
}

/// Makes the records in front of the sheets, which begin at these offsets.
fn head(globals: &Globals<'_>, offsets: &[usize]) -> Vec<u8> {
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

/// Completes a container in which the stream stands behind room for the header.
fn contain(mut out: Vec<u8>) -> Vec<u8> {
    // Shorter streams would have to stand elsewhere.
    out.resize(out.len().max(2 * SECTOR).next_multiple_of(SECTOR), 0);
    let sectors = out.len() / SECTOR - 1;
    // Sector numbers per sector of the table; the table lists itself and the directory too.
    let entries = SECTOR / 4;
    let tables = (sectors + 1).div_ceil(entries - 1);
    let directory = sectors as u32;
    // Large sectors ask for a root that begins somewhere.
    out.extend(entry("Root Entry", 5, 0, 0));
    out.extend(entry("Workbook", 2, 0, sectors * SECTOR));
    out.resize((sectors + 2) * SECTOR, 0);
    let mut table: Vec<u32> = (1..directory).collect();
    table.extend([END, END]);
    table.resize(sectors + 1 + tables, TABLE);
    table.resize(tables * entries, NONE);
    out.extend(table.into_iter().flat_map(u32::to_le_bytes));
    out[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    for (at, value) in [(0x18, 0x3E_u16), (0x1A, 4), (0x1C, 0xFFFE), (0x1E, 12), (0x20, 6)] {
        out[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    out[0x4C..512].fill(0xFF);
    let fields = [(0x28, 1), (0x2C, tables as u32), (0x30, directory), (0x38, 4_096), (0x3C, END), (0x44, END)];
    let listed = (0..tables).map(|table| (0x4C + 4 * table, directory + 1 + table as u32));
    for (at, value) in fields.into_iter().chain(listed) {
        out[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
    }
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
