//! Writers of plain workbooks; where no library here writes the format, just enough for a reader to take it.
//!
//! Numbers are stored as Excel stores them: as doubles, and where it can as 30-bit hundredths.

use rust_xlsxwriter::{Format, Workbook};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

/// A cell.
pub enum Cell {
    Text(String),
    Double(f64),
    /// A whole number of hundredths.
    Hundredths(u32),
    /// A number shown as a percentage, by the built-in format 10 (`0.00%`).
    Percent(f64),
}

/// A sheet: its name and its rows.
pub type Sheet = (String, Vec<Vec<Cell>>);

/// The number formats of the styles that cells have.
const FORMATS: [usize; 2] = [0, 10];

/// The style of a cell.
fn style(cell: &Cell) -> usize {
    usize::from(matches!(cell, Cell::Percent(_)))
}

fn halves(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|n| u16::try_from(*n).expect("16 bits").to_le_bytes()).collect()
}

fn words(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|n| u32::try_from(*n).expect("32 bits").to_le_bytes()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A whole number of hundredths as RK: bit 0 for hundredths, bit 1 for an integer.
fn rk(hundredths: u32) -> Vec<u8> {
    (hundredths << 2 | 3).to_le_bytes().to_vec()
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Writes a workbook of today (Office Open XML).
pub fn xlsx(sheets: &[Sheet]) -> Vec<u8> {
    let percent = Format::new().set_num_format("0.00%");
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        for (row, cells) in (0u32..).zip(rows) {
            for (column, cell) in (0u16..).zip(cells) {
                let written = match cell {
                    Cell::Text(text) => sheet.write_string(row, column, text),
                    Cell::Double(number) => sheet.write_number(row, column, *number),
                    Cell::Hundredths(n) => sheet.write_number(row, column, f64::from(*n) / 100.0),
                    Cell::Percent(share) => sheet.write_number_with_format(row, column, *share, &percent),
                };
                written.expect("a cell");
            }
        }
    }
    book.save_to_buffer().expect("bytes")
}

/// Writes an OpenDocument spreadsheet.
pub fn ods(sheets: &[Sheet]) -> Vec<u8> {
    let mut xml = String::from(
        r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>"#,
    );
    for (name, rows) in sheets {
        xml += &format!(r#"<table:table table:name="{name}">"#);
        for row in rows {
            xml += "<table:table-row>";
            for cell in row {
                let (value, shown) = match cell {
                    Cell::Text(text) => (r#"office:value-type="string""#.to_owned(), text.clone()),
                    Cell::Double(number) => (format!(r#"office:value-type="float" office:value="{number}""#), number.to_string()),
                    Cell::Hundredths(n) => {
                        let number = f64::from(*n) / 100.0;
                        (format!(r#"office:value-type="float" office:value="{number}""#), number.to_string())
                    }
                    Cell::Percent(share) => {
                        (format!(r#"office:value-type="percentage" office:value="{share}""#), format!("{:.2}%", share * 100.0))
                    }
                };
                xml += &format!("<table:table-cell {value}><text:p>{shown}</text:p></table:table-cell>");
            }
            xml += "</table:table-row>";
        }
        xml += "</table:table>";
    }
    xml += "</office:spreadsheet></office:body></office:document-content>";
    archive(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", xml.as_bytes())])
}

/// Writes a binary workbook (MS-XLSB).
pub fn xlsb(sheets: &[Sheet]) -> Vec<u8> {
    fn record(out: &mut Vec<u8>, id: u16, body: &[u8]) {
        if id < 0x80 {
            out.push(id as u8)
        } else {
            out.extend([(id & 0x7F) as u8 | 0x80, (id >> 7) as u8])
        }
        let mut length = body.len();
        while length >= 0x80 {
            out.push((length & 0x7F) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(body);
    }
    let wide = |text: &str| [words(&[text.encode_utf16().count()]), utf16(text)].concat();
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut book = Vec::new();
    let mut relations = String::from("<Relationships>");
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, (name, rows)) in (1..).zip(sheets) {
        record(&mut book, 156, &[words(&[0, number]), wide(&format!("rId{number}")), wide(name)].concat());
        relations += &format!(r#"<Relationship Id="rId{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.bin"/>"#);
        let mut out = Vec::new();
        record(&mut out, 129, &[]);
        record(&mut out, 145, &[]);
        for (row, cells) in rows.iter().enumerate() {
            record(&mut out, 0, &[words(&[row, 0]), vec![0; 9]].concat());
            for (column, cell) in cells.iter().enumerate() {
                let at = words(&[column, style(cell)]);
                match cell {
                    Cell::Text(text) => record(&mut out, 6, &[at, wide(text)].concat()),
                    Cell::Double(number) | Cell::Percent(number) => record(&mut out, 5, &[at, number.to_le_bytes().to_vec()].concat()),
                    Cell::Hundredths(n) => record(&mut out, 2, &[at, rk(*n)].concat()),
                }
            }
        }
        record(&mut out, 146, &[]);
        record(&mut out, 130, &[]);
        parts.push((format!("xl/worksheets/sheet{number}.bin"), out));
    }
    relations += &format!(r#"<Relationship Id="styles" Type="{office}/styles" Target="styles.bin"/></Relationships>"#);
    let mut styles = Vec::new();
    record(&mut styles, 617, &words(&[2]));
    for format in FORMATS {
        record(&mut styles, 47, &[halves(&[0, format]), vec![0; 12]].concat());
    }
    record(&mut styles, 618, &[]);
    parts.push(("xl/styles.bin".to_owned(), styles));
    let root = format!(r#"<Relationships><Relationship Id="a" Type="{office}/officeDocument" Target="xl/workbook.bin"/></Relationships>"#);
    let mut all =
        vec![("_rels/.rels", root.as_bytes()), ("xl/_rels/workbook.bin.rels", relations.as_bytes()), ("xl/workbook.bin", book.as_slice())];
    all.extend(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    archive(&all)
}

/// Writes an Excel 97 workbook (MS-XLS) in its container (MS-CFB).
pub fn xls(sheets: &[Sheet]) -> Vec<u8> {
    fn record(out: &mut Vec<u8>, id: usize, body: &[u8]) {
        out.extend(halves(&[id, body.len()]));
        out.extend(body);
    }
    let begin = |kind: usize| halves(&[0x0600, kind, 0, 0, 0, 0, 0, 0]);
    let bodies: Vec<Vec<u8>> = sheets
        .iter()
        .map(|(_, rows)| {
            let mut out = Vec::new();
            record(&mut out, 0x0809, &begin(0x0010));
            for (row, cells) in rows.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    let at = halves(&[row, column, style(cell)]);
                    match cell {
                        Cell::Text(text) => {
                            let body = [at, halves(&[text.encode_utf16().count()]), vec![1], utf16(text)].concat();
                            record(&mut out, 0x0204, &body);
                        }
                        Cell::Double(number) | Cell::Percent(number) => {
                            record(&mut out, 0x0203, &[at, number.to_le_bytes().to_vec()].concat())
                        }
                        Cell::Hundredths(n) => record(&mut out, 0x027E, &[at, rk(*n)].concat()),
                    }
                }
            }
            record(&mut out, 0x000A, &[]);
            out
        })
        .collect();
    let globals = |offsets: &[usize]| {
        let mut out = Vec::new();
        record(&mut out, 0x0809, &begin(0x0005));
        record(&mut out, 0x0042, &halves(&[1_200]));
        for format in FORMATS {
            record(&mut out, 0x00E0, &halves(&[0, format, 0, 0, 0, 0, 0, 0, 0, 0]));
        }
        for ((name, _), offset) in sheets.iter().zip(offsets) {
            let length = u8::try_from(name.encode_utf16().count()).expect("a short name");
            record(&mut out, 0x0085, &[words(&[*offset]), vec![0, 0, length, 1], utf16(name)].concat());
        }
        record(&mut out, 0x000A, &[]);
        out
    };
    let mut at = globals(&vec![0; sheets.len()]).len();
    let mut offsets = Vec::new();
    for body in &bodies {
        offsets.push(at);
        at += body.len();
    }
    container(&[globals(&offsets), bodies.concat()].concat())
}

const SECTOR: usize = 512;
const END: usize = 0xFFFF_FFFE;

/// Puts the stream of a workbook into a container: header, tables, directory, stream.
fn container(stream: &[u8]) -> Vec<u8> {
    let mut data = stream.to_vec();
    data.resize(data.len().max(4_096).next_multiple_of(SECTOR), 0);
    let sectors = data.len() / SECTOR;
    let per_table = SECTOR / 4;
    let tables = (1..).find(|t| t * per_table > sectors + t).expect("enough");
    assert!(tables <= 109, "more would need tables of tables");
    let mut header = vec![0; SECTOR];
    header[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    for (at, value) in [(0x18, 0x3E), (0x1A, 3), (0x1C, 0xFFFE), (0x1E, 9), (0x20, 6), (0x2C, tables)] {
        header[at..at + 2].copy_from_slice(&halves(&[value]));
    }
    for (at, value) in [(0x30, tables), (0x38, 4_096), (0x3C, END), (0x44, END)] {
        header[at..at + 4].copy_from_slice(&words(&[value]));
    }
    header[0x4C..].fill(0xFF);
    let list = words(&(0..tables).collect::<Vec<_>>());
    header[0x4C..0x4C + list.len()].copy_from_slice(&list);
    // The tables name themselves, then the directory, then each sector's successor.
    let mut chain = vec![0xFFFF_FFFF; tables * per_table];
    chain[..tables].fill(0xFFFF_FFFD);
    chain[tables] = END;
    for sector in 0..sectors {
        chain[tables + 1 + sector] = if sector + 1 == sectors { END } else { tables + 2 + sector };
    }
    let mut directory = entry("Root Entry", 5, END, 0, 1);
    directory.extend(entry("Workbook", 2, tables + 1, data.len(), 0xFFFF_FFFF));
    directory.resize(SECTOR, 0);
    [header, words(&chain), directory, data].concat()
}

fn entry(name: &str, kind: u8, start: usize, size: usize, child: usize) -> Vec<u8> {
    let mut out = vec![0; 128];
    let units = utf16(name);
    out[..units.len()].copy_from_slice(&units);
    out[64..66].copy_from_slice(&halves(&[units.len() + 2]));
    (out[66], out[67]) = (kind, 1);
    out[68..76].fill(0xFF);
    out[76..80].copy_from_slice(&words(&[child]));
    out[116..124].copy_from_slice(&words(&[start, size]));
    out
}
