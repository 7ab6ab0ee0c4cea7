//! Anchors of the audit log: number and hash of its last entry, kept by day outside the ledger.
//!
//! A chain of hashes tells that an entry was changed, not that the end was cut off or that all of it was computed anew; an
//! anchor tells both. Whoever can write the ledger can write beside it, so an anchor is signed (HMAC-SHA256) where a key
//! is set that lies elsewhere; the log itself notes each day that was anchored, so that removed anchors are missed; and
//! one that was copied elsewhere needs neither.

use super::{Ledger, LedgerError};
use crate::model::text::hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The action by which the log notes that a day has an anchor; the day is its object.
pub const ANCHORED: &str = "audit_anchored";
/// Below the state.
const FOLDER: &str = "anchors";
/// What the name of a signed one ends with.
const SIGNED: &str = ".signed";
/// Bytes of a key at least.
const SHORTEST_KEY: usize = 32;

/// The last entry of the log as it was known at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Number.
    pub number: i64,
    /// Hash.
    pub hash: String,
}

impl FromStr for Anchor {
    type Err = ();

    /// Reads `43:3dfa…` or `43 3dfa…`, as it is printed and kept.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, rest) = text.trim().split_once([':', ' ']).ok_or(())?;
        let hash = rest.split_whitespace().next().unwrap_or_default();
        let number: i64 = number.parse().map_err(|_| ())?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if number > 0 && is_hash { Ok(Self { number, hash: hash.to_owned() }) } else { Err(()) }
    }
}

/// What anchors are signed with.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads a key of 32 bytes or more.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        if bytes.len() < SHORTEST_KEY { Err(io::ErrorKind::InvalidData.into()) } else { Ok(Self(bytes)) }
    }

    fn mac(&self, day: &str, anchor: &Anchor) -> Hmac<Sha256> {
        // A key of any length is taken.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(format!("{day}\n{}\n{}", anchor.number, anchor.hash).as_bytes());
        mac
    }
}

/// How the log stands to its anchors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchored {
    /// Days that have an anchor.
    pub days: usize,
    /// Number of the last entry that is anchored.
    pub number: i64,
    /// Whether the last day's is signed, and the signature was verified.
    pub signed: bool,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Astray {
    /// The log has no such entry, or another: it was cut or computed anew.
    Log(i64),
    /// The day's anchor is missing, cannot be read, or was not signed with the key.
    Anchor(String),
}

/// The anchors of a state.
#[derive(Debug, Clone)]
pub struct Anchors {
    folder: PathBuf,
    key: Option<Key>,
    /// The first day of which an anchor must be signed, if there is a key.
    since: String,
}

impl Anchors {
    /// Those below a state's folder.
    pub fn of(state: &Path, key: Option<Key>) -> Self {
        Self { folder: state.join(FOLDER), key, since: String::new() }
    }

    /// The same, where a site has had its key only since a day: what is older may be unsigned.
    pub fn signed_since(self, day: &str) -> Self {
        Self { since: day.to_owned(), ..self }
    }

    /// Those of a copy of the state, which the same key signed.
    pub fn copied_to(&self, state: &Path) -> Self {
        Self { folder: state.join(FOLDER), ..self.clone() }
    }

    /// Keeps the last entry of a day; gives whether the day had none before.
    pub fn keep(&self, day: &str, anchor: &Anchor) -> io::Result<bool> {
        fs::create_dir_all(&self.folder)?;
        let signature = self.key.as_ref().map(|key| format!(" {}", hex(&key.mac(day, anchor).finalize().into_bytes())));
        let name = format!("{day}{}", if signature.is_some() { SIGNED } else { "" });
        let path = self.folder.join(name);
        let first = !path.exists();
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        writeln!(file, "{} {}{}", anchor.number, anchor.hash, signature.unwrap_or_default())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(first)
    }

    /// Compares a log whose chain holds with all anchors.
    ///
    /// # Errors
    /// The ledger or a file cannot be read.
    pub fn compare(&self, ledger: &Ledger) -> Result<Result<Anchored, Astray>, LedgerError> {
        let mut standing = Anchored::default();
        let days = match self.days() {
            Ok(days) => days,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(LedgerError::ToSqlConversionFailure(Box::new(error))),
        };
        for day in ledger.audit_objects(ANCHORED)? {
            if !days.iter().any(|(known, _)| *known == day) {
                return Ok(Err(Astray::Anchor(day)));
            }
        }
        for (day, signed) in &days {
            let Some((anchor, verified)) = self.read(day, *signed) else { return Ok(Err(Astray::Anchor(day.clone()))) };
            if !ledger.has_entry(&anchor)? {
                return Ok(Err(Astray::Log(anchor.number)));
            }
            standing = Anchored { days: standing.days + 1, number: standing.number.max(anchor.number), signed: verified };
        }
        Ok(Ok(standing))
    }

    /// The days that have an anchor, and whether it is signed.
    fn days(&self) -> io::Result<Vec<(String, bool)>> {
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // What was being written when the portal ended.
            if !name.starts_with('.') {
                let day = name.strip_suffix(SIGNED);
                days.push((day.unwrap_or(&name).to_owned(), day.is_some()));
            }
        }
        days.sort();
        Ok(days)
    }

    /// A day's anchor and whether its signature was verified; nothing if it cannot be read or the key did not sign it.
    fn read(&self, day: &str, signed: bool) -> Option<(Anchor, bool)> {
        let text = fs::read_to_string(self.folder.join(format!("{day}{}", if signed { SIGNED } else { "" }))).ok()?;
        let anchor: Anchor = text.parse().ok()?;
        let Some(key) = &self.key else { return Some((anchor, false)) };
        // Whoever can write here can put an unsigned one in a signed one's place.
        if !signed {
            return (day < self.since.as_str()).then_some((anchor, false));
        }
        let stated = text.split_whitespace().nth(2)?;
        let bytes =
            (0..stated.len() / 2).map(|i| u8::from_str_radix(stated.get(2 * i..2 * i + 2)?, 16).ok()).collect::<Option<Vec<u8>>>()?;
        key.mac(day, &anchor).verify_slice(&bytes).ok()?;
        Some((anchor, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::NewEntry;

    #[test]
    fn anchors_are_read_as_they_are_printed() {
        let hash = "ab".repeat(32);
        let anchor = Some(Anchor { number: 7, hash: hash.clone() });
        for text in [format!("7:{hash}"), format!("7 {hash}\n"), format!("7 {hash} 0011\n")] {
            assert_eq!(text.parse().ok(), anchor, "{text}");
        }
        for wrong in ["7".to_owned(), format!("x:{hash}"), format!("0:{hash}"), format!("7:{}", hash.to_uppercase()), format!("7:{hash}0")]
        {
            assert_eq!(wrong.parse::<Anchor>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_log_is_compared_with_each_day_and_each_day_with_the_log() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let key = Key(vec![7; 32]);
        let anchors = Anchors::of(folder.path(), Some(key));
        assert_eq!(anchors.compare(&ledger)?, Ok(Anchored::default()));
        for (day, object) in [("2026-07-01", "a"), ("2026-07-02", "b")] {
            ledger.note(&NewEntry { action: "upload", object, ..NewEntry::default() }, day)?;
            let (number, hash) = ledger.verify_audit(None)?.map_err(|b| format!("{b:?}"))?;
            assert!(anchors.keep(day, &Anchor { number, hash: hash.clone() })?);
            assert!(!anchors.keep(day, &Anchor { number, hash })?, "once a day");
            ledger.note(&NewEntry { action: ANCHORED, object: day, ..NewEntry::default() }, day)?;
        }
        assert_eq!(anchors.compare(&ledger)?, Ok(Anchored { days: 2, number: 3, signed: true }));
        assert_eq!(Anchors::of(folder.path(), None).compare(&ledger)?, Ok(Anchored { days: 2, number: 3, signed: false }));
        let [first, second] = ["2026-07-01", "2026-07-02"].map(|day| folder.path().join(FOLDER).join(format!("{day}{SIGNED}")));
        let (text, other) = (fs::read_to_string(&first)?, fs::read_to_string(&second)?);
        // One day's anchor under another's name, none at all, and one of another key.
        fs::write(&second, &text)?;
        assert_eq!(anchors.compare(&ledger)?, Err(Astray::Anchor("2026-07-02".into())));
        fs::remove_file(&second)?;
        assert_eq!(anchors.compare(&ledger)?, Err(Astray::Anchor("2026-07-02".into())));
        fs::write(&second, other)?;
        let unsigned = Anchors::of(folder.path(), None);
        let (number, hash) = ledger.verify_audit(None)?.map_err(|b| format!("{b:?}"))?;
        fs::remove_file(&first)?;
        unsigned.keep("2026-07-01", &Anchor { number, hash })?;
        assert_eq!(anchors.compare(&ledger)?, Err(Astray::Anchor("2026-07-01".into())), "an unsigned one takes no signed one's place");
        assert!(anchors.clone().signed_since("2026-07-02").compare(&ledger)?.is_ok(), "unless the key came later");
        fs::remove_file(folder.path().join(FOLDER).join("2026-07-01"))?;
        fs::write(&first, &text)?;
        let stranger = Anchors::of(folder.path(), Some(Key(vec![8; 32])));
        assert_eq!(stranger.compare(&ledger)?, Err(Astray::Anchor("2026-07-01".into())));
        anchors.keep("2026-07-02", &Anchor { number: 9, hash: "ab".repeat(32) })?;
        assert_eq!(anchors.compare(&ledger)?, Err(Astray::Log(9)), "cut off");
        Ok(())
    }
}
