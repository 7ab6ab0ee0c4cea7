//! What tells a record from others of its return, as hashes: they are compared and kept, the codes and names behind them
//! are not.

use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Bytes of a packed key.
const PACKED: usize = 17;

/// The key of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordKey {
    code: Option<u64>,
    code_ok: bool,
    name: Option<u64>,
    /// What it says of amounts.
    pub amounts: Amounts,
}

/// What a record says of amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// One at least can be read, with its unit.
    pub stated: bool,
    /// None can, though cells hold something: no unit, or no number.
    pub withheld: bool,
    /// One at least is left when the edits have spoken.
    pub used: bool,
}

impl RecordKey {
    /// The key of a record by its code (of a patent, the number), whether that passes its check, and its name's match key.
    pub fn of(code: Option<&str>, code_ok: bool, name: Option<&str>) -> Self {
        Self { code: code.map(hashed), code_ok, name: name.map(hashed), amounts: Amounts::default() }
    }

    /// The same key, with what its record says of amounts.
    pub fn saying(self, amounts: Amounts) -> Self {
        Self { amounts, ..self }
    }

    /// Whether it states anything by which it can be found again.
    pub fn is_keyed(&self) -> bool {
        self.code.is_some() || self.name.is_some()
    }

    /// Keys as bytes, in an order that tells nothing of the rows'.
    pub fn pack(keys: &[Self]) -> Vec<u8> {
        let mut packed: Vec<[u8; PACKED]> = keys.iter().map(|key| key.bytes()).collect();
        packed.sort_unstable();
        packed.concat()
    }

    /// Keys from bytes.
    pub fn unpack(bytes: &[u8]) -> Vec<Self> {
        bytes.chunks_exact(PACKED).map(Self::from_bytes).collect()
    }

    fn bytes(&self) -> [u8; PACKED] {
        let mut bytes = [0; PACKED];
        bytes[..8].copy_from_slice(&self.code.unwrap_or_default().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.name.unwrap_or_default().to_le_bytes());
        let Amounts { stated, withheld, used } = self.amounts;
        bytes[16] = [self.code_ok, stated, withheld, used].into_iter().enumerate().map(|(bit, set)| u8::from(set) << bit).sum();
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let number = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let [code, name] = [0, 8].map(|at| Some(number(at)).filter(|hash| *hash != 0));
        let bit = |bit: u8| bytes[16] >> bit & 1 == 1;
        Self { code, code_ok: bit(0), name, amounts: Amounts { stated: bit(1), withheld: bit(2), used: bit(3) } }
    }
}

/// The first bytes of SHA-256; never zero, which stands for nothing.
fn hashed(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)).max(1)
}

/// Records for looking up by either of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    codes: HashSet<u64>,
    /// Names that stand beside a valid code.
    coded_names: HashSet<u64>,
    /// Names that stand without one.
    bare_names: HashSet<u64>,
}

impl KeySet {
    /// The keys of some records.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a RecordKey>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.codes.extend(key.code);
            let names = if key.code.is_some() && key.code_ok { &mut set.coded_names } else { &mut set.bare_names };
            names.extend(key.name);
        }
        set
    }

    /// Whether a record is of the same enterprise as one of these: by its code, else by its name, unless both codes are
    /// valid and differ. A correction of a wrong or missing code so finds the record that it corrects.
    pub fn contains(&self, key: &RecordKey) -> bool {
        if key.code.is_some_and(|code| self.codes.contains(&code)) {
            return true;
        }
        let Some(name) = key.name else { return false };
        self.bare_names.contains(&name) || (!(key.code.is_some() && key.code_ok) && self.coded_names.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: &str) -> RecordKey {
        RecordKey::of(Some(code), true, Some(&format!("{code}公司")))
    }

    #[test]
    fn a_corrected_code_finds_its_record_by_name_and_a_namesake_does_not() {
        let corrected = KeySet::of(&[key("a")]);
        let same_name = |code: Option<&str>, code_ok| RecordKey::of(code, code_ok, Some("a公司"));
        assert!(corrected.contains(&same_name(None, false)), "the code was missing");
        assert!(corrected.contains(&same_name(Some("x"), false)), "the code was wrong");
        assert!(!corrected.contains(&same_name(Some("b"), true)), "another enterprise of that name");
        assert!(KeySet::of(&[same_name(None, false)]).contains(&key("a")), "the correction states the name only");
    }

    #[test]
    fn packed_keys_come_back_whole() {
        let flags = [false, true].into_iter().flat_map(|a| [false, true].map(|b| [false, true].map(move |c| (a, b, c)))).flatten();
        let mut keys: Vec<RecordKey> = flags.map(|(stated, withheld, used)| key("a").saying(Amounts { stated, withheld, used })).collect();
        keys.extend([RecordKey::default(), RecordKey::of(None, false, Some("乙")), RecordKey::of(Some("1"), false, None)]);
        let back = RecordKey::unpack(&RecordKey::pack(&keys));
        assert_eq!(back.len(), keys.len());
        assert!(keys.iter().all(|key| back.contains(key)));
    }
}
