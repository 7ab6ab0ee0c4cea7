//! What tells a record from others of its return, as hashes: they are compared and kept, the codes and names behind them
//! are not.

use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Bytes of a packed key.
const PACKED: usize = 41;

/// The key of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordKey {
    code: Option<u64>,
    code_ok: bool,
    name: Option<u64>,
    /// What it says of amounts.
    pub amounts: Amounts,
}

/// What a record says of amounts: a bit for each amount field of its form, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// It can be read, with its unit.
    pub stated: u64,
    /// It cannot, though its cell holds something: no unit, or no number.
    pub withheld: u64,
    /// It is left when the edits have spoken.
    pub used: u64,
}

impl Amounts {
    /// The bit of a field by its place; the fields of a form of more than 64 share the last.
    pub fn bit(place: usize) -> u64 {
        1 << place.min(63)
    }

    /// What one of two records says at least.
    fn or(self, other: Self) -> Self {
        let stated = self.stated | other.stated;
        Self { stated, withheld: (self.withheld | other.withheld) & !stated, used: self.used | other.used }
    }
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

    /// What is equal of records of one enterprise, as a text; empty of a record that states neither code nor name.
    pub fn text(&self) -> String {
        let (code, name) = self.identity();
        let hash = |hash: Option<u64>| hash.map(|hash| format!("{hash:016x}")).unwrap_or_default();
        if self.is_keyed() { format!("{}-{}", hash(code), hash(name)) } else { String::new() }
    }

    /// What is equal of records of one enterprise: the code if it is valid, else all that is stated.
    fn identity(&self) -> (Option<u64>, Option<u64>) {
        let named = self.name.filter(|_| !(self.code_ok && self.code.is_some()));
        (self.code, named)
    }

    /// The keys by which records can be found again, each enterprise once with what its records say between them.
    pub fn distinct(keys: &[Self]) -> Vec<Self> {
        let mut distinct: HashMap<_, Self> = HashMap::with_capacity(keys.len());
        for key in keys.iter().filter(|key| key.is_keyed()) {
            let known = distinct.entry(key.identity()).or_insert(*key);
            // Of several names of a code the least, whichever row comes first.
            known.name = match (known.name, key.name) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            known.amounts = known.amounts.or(key.amounts);
        }
        distinct.into_values().collect()
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
        bytes[16..24].copy_from_slice(&stated.to_le_bytes());
        bytes[24..32].copy_from_slice(&withheld.to_le_bytes());
        bytes[32..40].copy_from_slice(&used.to_le_bytes());
        bytes[40] = u8::from(self.code_ok);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let number = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let [code, name] = [0, 8].map(|at| Some(number(at)).filter(|hash| *hash != 0));
        let [stated, withheld, used] = [16, 24, 32].map(number);
        Self { code, code_ok: bytes[40] == 1, name, amounts: Amounts { stated, withheld, used } }
    }
}

/// The first bytes of SHA-256; never zero, which stands for nothing.
fn hashed(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)).max(1)
}

/// Records for looking up by either of their keys, with what they say of amounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    codes: HashMap<u64, Amounts>,
    /// Names that stand beside a valid code.
    coded_names: HashMap<u64, Amounts>,
    /// Names that stand without one.
    bare_names: HashMap<u64, Amounts>,
}

impl KeySet {
    /// The keys of some records.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a RecordKey>) -> Self {
        let mut set = Self::default();
        let note = |said: &mut HashMap<u64, Amounts>, hash: u64, amounts: Amounts| {
            let noted = said.entry(hash).or_default();
            *noted = noted.or(amounts);
        };
        for key in keys {
            key.code.into_iter().for_each(|code| note(&mut set.codes, code, key.amounts));
            let names = if key.code.is_some() && key.code_ok { &mut set.coded_names } else { &mut set.bare_names };
            key.name.into_iter().for_each(|name| note(names, name, key.amounts));
        }
        set
    }

    /// Whether a record is of the same enterprise as one of these: by its code, else by its name, unless both codes are
    /// valid and differ. A correction of a wrong or missing code so finds the record that it corrects.
    pub fn contains(&self, key: &RecordKey) -> bool {
        self.find(key).is_some()
    }

    /// What those of that enterprise say of amounts.
    pub fn find(&self, key: &RecordKey) -> Option<Amounts> {
        let coded = key.code.and_then(|code| self.codes.get(&code));
        let named = || {
            let name = key.name?;
            let elsewhere = || self.coded_names.get(&name).filter(|_| !(key.code.is_some() && key.code_ok));
            self.bare_names.get(&name).or_else(elsewhere)
        };
        coded.or_else(named).copied()
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
        let masks = [0, 1, 0b1010, u64::MAX];
        let all = masks.into_iter().flat_map(|a| masks.map(|b| masks.map(move |c| (a, b, c)))).flatten();
        let mut keys: Vec<RecordKey> = all.map(|(stated, withheld, used)| key("a").saying(Amounts { stated, withheld, used })).collect();
        keys.extend([RecordKey::default(), RecordKey::of(None, false, Some("乙")), RecordKey::of(Some("1"), false, None)]);
        let back = RecordKey::unpack(&RecordKey::pack(&keys));
        assert_eq!(back.len(), keys.len());
        assert!(keys.iter().all(|key| back.contains(key)));
    }
}
