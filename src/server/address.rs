//! The address that a request comes from, as the audit log keeps it and limits count it.

use super::accept::Peer;
use super::error::PageError;
use super::state::App;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::net::IpAddr;

/// The address of whoever asks, as the accept loop found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub String);

impl Address {
    /// As far as it tells one place from another.
    pub fn place(&self) -> String {
        self.0.parse().map_or_else(|_| self.0.clone(), super::limits::place)
    }
}

impl FromRequestParts<App> for Address {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, PageError> {
        Ok(Self(parts.extensions.get::<Peer>().map(|p| p.0.ip().to_string()).unwrap_or_default()))
    }
}

/// Whom the proxy names. It appends to what it was sent, so only the last name is its own; all before it anybody can write.
pub fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_name_is_the_proxys_own() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().expect("a header"));
            }
            forwarded(&headers).map(|ip| ip.to_string())
        };
        assert_eq!(read(&["1.2.3.4, 10.0.0.7"]).as_deref(), Some("10.0.0.7"));
        assert_eq!(read(&["1.2.3.4", "10.0.0.8"]).as_deref(), Some("10.0.0.8"));
        assert_eq!(read(&["10.0.0.7, <script>"]), None);
        assert_eq!(read(&[]), None);
    }
}
