//! The address that a request comes from, as the audit log keeps it and limits count it.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// The address at the other end of a connection; behind a proxy, what the proxy says it is.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The address of whoever asks, as the accept loop found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl ClientAddress {
    /// As far as it tells one place from another.
    pub fn place(&self) -> String {
        self.0.parse().map_or_else(|_| self.0.clone(), place)
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Peer>().map(|p| p.0.ip().to_string()).unwrap_or_default()))
    }
}

/// Whom the proxy names. It appends to what it was sent, so only the last name is its own; all before it anybody can write.
pub fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok()
}

/// An address as far as it tells one place from another: of IPv6 the network, since whoever has one has all of it.
pub fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
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

    #[test]
    fn an_ipv6_network_is_one_place() {
        let place = |text: &str| place(text.parse().expect("an address"));
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:1"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_eq!(place("::ffff:10.0.0.1"), "10.0.0.1");
    }
}
