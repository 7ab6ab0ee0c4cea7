//! The table of shared strings of an old workbook.
//!
//! Owns: all its texts, end to end in one buffer. Memory is taken by what is there, never by the stated number.
//! Facts: MS-XLS 2.4.265.

use super::super::feed::too_much;
use super::super::limits::Limits;
use super::super::row::Refusal;
use super::bytes::u32_at;
use super::charset::{Charset, Evidence};
use super::oddities::{Oddities, Oddity};
use super::text::Cursor;

/// Uses up to which a difference is damage and no habit of the program.
const FEW_USES: u64 = 3;
/// Where the strings begin.
const HEAD_BYTES: usize = 8;

/// The table.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
    /// Strings whose characters are not certain; ascending.
    uncertain: Vec<u32>,
    /// How many cells use it, as it says.
    stated_uses: u32,
    /// Whether all of it makes sense.
    pub(super) sound: bool,
    /// Where the last string ends, as body and offset; none where calamine would not come to the same.
    pub(super) common_end: Option<(usize, usize)>,
}

impl Strings {
    /// Lets the texts be looked at.
    pub(super) fn look(bodies: &[&[u8]], evidence: &mut Evidence) {
        let mut cursor = Cursor::new(bodies, HEAD_BYTES);
        while !cursor.is_at_end() {
            match cursor.rich_text() {
                Some(text) => evidence.take(&text),
                None => return,
            }
        }
    }

    /// Reads the table, as far as it makes sense, however many strings it says it has: some programs miscount.
    pub(super) fn read(bodies: &[&[u8]], charset: &Charset, limits: &Limits) -> Result<Self, Refusal> {
        let stated = bodies.first().and_then(|first| u32_at(first, 4)).unwrap_or(0) as usize;
        let stated_uses = bodies.first().and_then(|first| u32_at(first, 0)).unwrap_or(0);
        let mut strings = Self { sound: true, stated_uses, ..Self::default() };
        let mut cursor = Cursor::new(bodies, HEAD_BYTES);
        let mut common = true;
        while !cursor.is_at_end() {
            let place = cursor.place();
            let split = std::mem::take(&mut cursor.split);
            let Some(raw) = cursor.rich_text() else {
                // What is left over behind the stated number is no string.
                strings.sound = strings.ends.len() == stated;
                strings.common_end = (common && !split).then_some(place);
                return Ok(strings);
            };
            cursor.split |= split;
            common &= charset.is_common(&raw);
            let (text, certain) = charset.decode(&raw);
            strings.text.push_str(&text);
            let (Ok(index), Ok(end)) = (u32::try_from(strings.ends.len()), u32::try_from(strings.text.len())) else {
                return Err(too_much("shared string bytes", u32::MAX));
            };
            if strings.ends.len() >= limits.shared_strings || strings.text.len() > limits.shared_text_bytes {
                return Err(too_much("shared strings", limits.shared_strings));
            }
            if !certain {
                strings.uncertain.push(index);
            }
            strings.ends.push(end);
        }
        strings.common_end = (common && !cursor.split).then(|| cursor.place());
        Ok(strings)
    }

    /// Returns a string, and whether its characters are certain.
    pub(super) fn get(&self, index: u64) -> Option<(&str, bool)> {
        let index = usize::try_from(index).ok()?;
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let certain = self.uncertain.binary_search_by_key(&index, |index| *index as usize).is_err();
        self.text.get(start..end).map(|text| (text, certain))
    }

    /// Compares the uses of the strings with what programs keep to: the table says how many there are, and each is used.
    ///
    /// A program that does not keep to it is far off, or counts too few; a few that are missing are lost or changed cells.
    pub(super) fn check_uses(&self, uses: impl Iterator<Item = u64>, oddities: &mut Oddities) {
        let mut used = vec![false; self.ends.len()];
        let mut count: u64 = 0;
        for index in uses {
            count += 1;
            if let Some(used) = usize::try_from(index).ok().and_then(|index| used.get_mut(index)) {
                *used = true;
            }
        }
        let unused = used.iter().filter(|used| !**used).count() as u64;
        let missing = u64::from(self.stated_uses).checked_sub(count).filter(|missing| *missing <= FEW_USES);
        if let Some(missing) = missing
            && unused <= FEW_USES
        {
            (0..missing.max(unused)).for_each(|_| oddities.add(Oddity::Strings));
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all texts.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}
