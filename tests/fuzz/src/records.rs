//! Changes binary streams record by record, so that what follows a change stays readable.

use crate::{Dice, changed};

/// How a stream is cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// An id and a length of two bytes each.
    Xls,
    /// An id of one or two bytes and a length of one to four, seven bits each.
    Xlsb,
}

/// Longest body that the older format takes, in bytes.
const XLS_BODY_BYTES: usize = 0xFFFF;
/// Records of .xls that the mutation knows.
const BOF: u32 = 0x0809;
const BOUND_SHEET: u32 = 0x0085;
const CONTINUE: u32 = 0x003C;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    id: u32,
    body: Vec<u8>,
}

impl Framing {
    /// Cuts a record off the front of a stream.
    fn cut<'b>(self, bytes: &'b [u8]) -> Option<(Record, &'b [u8])> {
        let (id, length, body) = match self {
            Self::Xls => {
                let half = |at| bytes.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                (u32::from(half(0)?), usize::from(half(2)?), &bytes[4..])
            }
            Self::Xlsb => {
                let (id, rest) = seven_bits(bytes, 2)?;
                let (length, rest) = seven_bits(rest, 4)?;
                (id, length as usize, rest)
            }
        };
        let (body, rest) = body.split_at_checked(length)?;
        Some((Record { id, body: body.to_vec() }, rest))
    }

    /// Writes a record.
    fn write(self, record: &Record, out: &mut Vec<u8>) {
        match self {
            Self::Xls => {
                let body = &record.body[..record.body.len().min(XLS_BODY_BYTES)];
                out.extend((record.id as u16).to_le_bytes());
                out.extend((body.len() as u16).to_le_bytes());
                out.extend(body);
            }
            Self::Xlsb => {
                write_seven_bits(record.id, out);
                write_seven_bits(record.body.len() as u32, out);
                out.extend(&record.body);
            }
        }
    }
}

/// Reads a number of seven bits a byte, the highest bit telling that another follows.
fn seven_bits(bytes: &[u8], most: usize) -> Option<(u32, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(most) {
        number |= u32::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 || place + 1 == most {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

fn write_seven_bits(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Changes a stream: mostly one or two of its records, else any of its bytes.
pub(crate) fn mutated(stream: &[u8], room: usize, framing: Framing, dice: &mut Dice) -> Vec<u8> {
    let mut records = Vec::new();
    let mut rest = stream;
    while let Some((record, behind)) = framing.cut(rest) {
        records.push(record);
        rest = behind;
    }
    if records.is_empty() || dice.throw(8) == 0 {
        return changed(stream.to_vec(), room);
    }
    for _ in 0..=dice.throw(2) {
        change(&mut records, room.saturating_sub(stream.len()), framing, dice);
    }
    if framing == Framing::Xls && dice.throw(8) > 0 {
        aim(&mut records);
    }
    let mut out = Vec::with_capacity(stream.len());
    records.iter().for_each(|record| framing.write(record, &mut out));
    out.extend(rest);
    out
}

/// Changes a record, or where it stands.
fn change(records: &mut Vec<Record>, room: usize, framing: Framing, dice: &mut Dice) {
    let place = dice.throw(records.len());
    let other = dice.throw(records.len());
    match dice.throw(12) {
        0 => records.insert(other, records[place].clone()),
        1 if records.len() > 1 => drop(records.remove(place)),
        2 => records.swap(place, other),
        3 => records[place].id = records[other].id,
        4 if framing == Framing::Xls => {
            let at = dice.throw(records[place].body.len() + 1);
            let body = records[place].body.split_off(at);
            records.insert(place + 1, Record { id: CONTINUE, body });
        }
        _ => {
            let body = std::mem::take(&mut records[place].body);
            let room = body.len() + room;
            records[place].body = changed(body, room);
        }
    }
}

/// Lets the entries of the list of sheets name the places where sheets now begin, in their order.
fn aim(records: &mut [Record]) {
    let mut at = 0_usize;
    let mut beginnings = Vec::new();
    for record in records.iter() {
        if record.id == BOF && at > 0 {
            beginnings.push(at as u32);
        }
        at += 4 + record.body.len().min(XLS_BODY_BYTES);
    }
    let entries = records.iter_mut().filter(|record| record.id == BOUND_SHEET && record.body.len() >= 4);
    for (entry, beginning) in entries.zip(beginnings) {
        entry.body[..4].copy_from_slice(&beginning.to_le_bytes());
    }
}
