//! Web addresses: what of one people may read, and what names it where no secret may stand.

use super::text::hex;
use reqwest::Url;
use sha2::{Digest, Sha256};

/// Why an address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is no web address.
    NoWebAddress,
    /// It holds a user or a password.
    HoldsPassword,
}

/// Whether an address is one of the web, and without user and password.
///
/// # Errors
/// It is not.
pub fn usable(address: &str) -> Result<(), Unusable> {
    let url = web(address).ok_or(Unusable::NoWebAddress)?;
    let bare = url.username().is_empty() && url.password().is_none();
    if bare { Ok(()) } else { Err(Unusable::HoldsPassword) }
}

/// An address of the web; other schemes lead into the machine or nowhere.
pub fn web(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

/// Whether an address carries something after its path.
pub fn has_query(address: &str) -> bool {
    address.contains('?')
}

/// An address as people may read it: without user, password and query, which may hold secrets.
pub fn shown(address: &str) -> String {
    bare(address).map_or_else(|| "—".to_owned(), |url| url.to_string())
}

/// The place that an address leads to, without a path, which may be a key.
pub fn place(address: &str) -> String {
    bare(address).map_or_else(|| "—".to_owned(), |url| format!("{}/…", url.origin().ascii_serialization()))
}

/// What names an address in the ledger: as people may read it, and the hash of a query.
pub fn name(address: &str) -> String {
    let query = Url::parse(address).ok().and_then(|url| url.query().map(str::to_owned));
    query.map_or_else(|| shown(address), |query| format!("{}#{}", shown(address), hashed(&query)))
}

/// What names an address in the ledger that is a secret itself.
pub fn sealed(address: &str) -> String {
    format!("#{}", hashed(address))
}

fn bare(address: &str) -> Option<Url> {
    let mut url = web(address)?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(url)
}

fn hashed(text: &str) -> String {
    hex(&Sha256::digest(text))[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_without_passwords_are_usable() {
        for address in ["https://a.example/x?y=z", "http://127.0.0.1:8080", "HTTPS://[::1]/"] {
            assert_eq!(usable(address), Ok(()), "{address}");
        }
        for address in
            ["", "a.example/x", "file:///etc/passwd", "ftp://a/x", "javascript:x", "data:,x", "https://", "//a.example", "unix:/x"]
        {
            assert_eq!(usable(address), Err(Unusable::NoWebAddress), "{address}");
        }
        for address in ["https://u:p@a.example", "https://u@a.example", "https://:p@a.example", "https://u:p%40@a.example/x@y"] {
            assert_eq!(usable(address), Err(Unusable::HoldsPassword), "{address}");
        }
        assert_eq!(usable("https://a.example/x@y"), Ok(()), "a path may hold the sign");
    }

    #[test]
    fn what_is_shown_or_named_holds_no_secret() {
        let address = "https://user:geheim@a.example/b/c.csv?token=geheim#geheim";
        assert_eq!(shown(address), "https://a.example/b/c.csv");
        assert_eq!(place(address), "https://a.example/…");
        assert!([name(address), sealed(address)].iter().all(|n| !n.contains("geheim")));
        assert_eq!(name(address), name("https://a.example/b/c.csv?token=geheim"), "the password is no part of what is fetched");
        assert_ne!(name(address), name("https://a.example/b/c.csv?token=other"));
        assert_eq!(name("https://a.example/b"), "https://a.example/b");
    }
}
