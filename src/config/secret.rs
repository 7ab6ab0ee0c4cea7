//! What only its service may know: it stands in the environment or in a file, and pipeline.toml says where.

use crate::model::url;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// How a secret is written.
pub const SECRET_FORMS: [&str; 2] = ["{ env = \"NAME\" }", "{ file = \"PATH\" }"];
/// Bytes of a secret at most.
const LONGEST: u64 = 4096;

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// A variable of the environment.
    Env(String),
    /// A file; a line's end at its end is not part of it.
    File(String),
}

/// Why a secret cannot be had; `Display` is the catalogue reference that people read.
#[derive(Debug)]
pub enum Unread {
    /// The variable is not set.
    Unset(String),
    /// The file cannot be read.
    File(String, std::io::Error),
    /// What stands there cannot be a secret: nothing, several lines, or far too much.
    Unusable(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::Unset(name) => write!(f, "@secret.unset|{name}"),
            Unread::File(path, _) => write!(f, "@secret.file|{path}"),
            Unread::Unusable(place) => write!(f, "@secret.unusable|{place}"),
        }
    }
}

impl std::error::Error for Unread {}

impl Secret {
    /// The secret itself, as it stands there now.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn read(&self) -> Result<String, Unread> {
        let (place, text) = match self {
            Secret::Env(name) => (name, std::env::var(name).map_err(|_| Unread::Unset(name.clone()))?),
            Secret::File(path) => (path, file(path)?),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        let usable = !text.is_empty() && text.len() as u64 <= LONGEST && !text.contains(char::is_control);
        if usable { Ok(text.to_owned()) } else { Err(Unread::Unusable(place.clone())) }
    }

    /// Resolves a relative path against the configuration's folder.
    pub(super) fn below(&mut self, root: &Path) {
        if let Secret::File(path) = self {
            *path = root.join(&*path).display().to_string();
        }
    }

    fn names_something(&self) -> bool {
        match self {
            Secret::Env(name) => !name.is_empty() && !name.contains(['=', '\0']),
            Secret::File(path) => !path.is_empty(),
        }
    }
}

fn file(path: &str) -> Result<String, Unread> {
    let mut text = String::new();
    // One byte more than may be, so that what is too long is told from what just fits.
    let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST + 2).read_to_string(&mut text));
    read.map(|_| text).map_err(|error| Unread::File(path.to_owned(), error))
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Env(name) => write!(f, "{{ env = \"{name}\" }}"),
            Secret::File(path) => write!(f, "{{ file = \"{path}\" }}"),
        }
    }
}

/// A secret as it is written; both or none is no secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    env: Option<String>,
    file: Option<String>,
}

impl Written {
    fn secret<E: Error>(self) -> Result<Secret, E> {
        let secret = match (self.env, self.file) {
            (Some(name), None) => Some(Secret::Env(name)),
            (None, Some(path)) => Some(Secret::File(path)),
            _ => None,
        };
        secret.filter(Secret::names_something).ok_or_else(|| E::custom(SECRET_FORMS.join(" / ")))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&SECRET_FORMS.join(" / "))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                Written::deserialize(MapAccessDeserializer::new(map))?.secret()
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A web address: as it is, or a secret.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Address {
    /// As it is.
    Plain(String),
    /// The whole address is known to its service alone.
    Secret(Secret),
}

impl Default for Address {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// The address itself.
    ///
    /// # Errors
    /// It is a secret that cannot be had, or no web address.
    pub fn read(&self) -> Result<String, Unread> {
        match self {
            Address::Plain(address) => Ok(address.clone()),
            Address::Secret(secret) => secret.read().and_then(|address| match url::web(&address) {
                Some(_) => Ok(address),
                None => Err(Unread::Unusable(secret.to_string())),
            }),
        }
    }

    /// As people may read it: an address without what may be secret, or where it stands.
    pub fn shown(&self) -> String {
        match self {
            Address::Plain(address) => url::shown(address),
            Address::Secret(secret) => secret.to_string(),
        }
    }

    /// What names it in the ledger, `read` being the address itself.
    pub fn name(&self, read: &str) -> String {
        match self {
            Address::Plain(_) => url::name(read),
            Address::Secret(_) => url::sealed(read),
        }
    }

    /// The secret, if it is one.
    pub(super) fn secret_mut(&mut self) -> Option<&mut Secret> {
        match self {
            Address::Plain(_) => None,
            Address::Secret(secret) => Some(secret),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Address;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"https://…\" / {}", SECRET_FORMS.join(" / "))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Address, E> {
                Ok(Address::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Address, A::Error> {
                Written::deserialize(MapAccessDeserializer::new(map))?.secret().map(Address::Secret)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_of_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |content: &str| {
            std::fs::write(folder.path().join("word"), content).expect("a file");
            let mut secret = Secret::File("word".into());
            secret.below(folder.path());
            secret.read().map_err(|e| e.to_string().split('|').next().unwrap_or_default().to_owned())
        };
        assert_eq!(read("geheim\r\n").as_deref(), Ok("geheim"));
        assert_eq!(read(" 口令 ").as_deref(), Ok(" 口令 "), "spaces may be part of it");
        for content in ["", "\n", "a\nb\n", &"x".repeat(5000)] {
            assert_eq!(read(content), Err("@secret.unusable".to_owned()));
        }
        assert_eq!(Secret::File("nowhere".into()).read().map_err(|e| e.to_string()), Err("@secret.file|nowhere".into()));
        assert_eq!(Secret::Env("HUICHI_UNSET".into()).read().map_err(|e| e.to_string()), Err("@secret.unset|HUICHI_UNSET".into()));
    }
}
