//! What tells a finding from others, in whichever version of a file and at whichever row it stands.
//!
//! It is the edit, the dataset, the record's own key, the fields and the period, with what was found there: so an
//! explanation stays good in a corrected file as long as what it explains is unchanged, and no longer.

use super::text::hex;
use sha2::{Digest, Sha256};

/// The key of a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingKey(pub [u8; 16]);

impl FindingKey {
    /// The key of parts that tell it, in their order.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // Lengths go before the parts, so that no two different findings give the same text.
            hash.update(format!("{}:{part}", part.len()));
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }

    /// From its text.
    pub fn of(text: &str) -> Option<Self> {
        let number = if text.len() == 32 { u128::from_str_radix(text, 16).ok()? } else { return None };
        Some(Self(number.to_be_bytes()))
    }
}

impl std::fmt::Display for FindingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_and_texts_read_back() {
        assert_ne!(FindingKey::of_parts(["ab", "c"]), FindingKey::of_parts(["a", "bc"]));
        let key = FindingKey::of_parts(["F1", "returns"]);
        assert_eq!(FindingKey::of(&key.to_string()), Some(key));
        assert_eq!(FindingKey::of(&"0f".repeat(16)).map(|k| k.to_string()), Some("0f".repeat(16)));
        assert_eq!(FindingKey::of("+f"), None);
    }
}
