//! HTTP(S) sources: fetched with conditions, limits and patience, straight into the store.
//!
//! A reply is counted while it streams to disk; nothing of it is used before it is whole and, where a checksum is
//! stated, equal to it. What can pass by itself (no connection, a timeout, 408, 429, 5xx) is tried again after a pause
//! that doubles each time and varies at random, so that many sites do not come back in step.
//!
//! Where the other side sends us on, we go ourselves: the client would name an address whole, with a password in it, to its
//! log, and could not say why it went no further.

use super::store::Store;
use crate::config::{HttpOptions, Secret, Unread};
use crate::model::text::hex;
use rand::RngExt;
use reqwest::header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::{Duration, Instant};
use validator::Validate;

/// Seconds for one try where the source states none.
const TIMEOUT_S: u64 = 60;
/// Tries where the source states none.
const TRIES: u32 = 4;
/// Pause before the second try.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Addresses followed at most.
const FOLLOWED: usize = 5;
/// Longest pause, also where the other side asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the other side calls a version of its content; guards what we send back to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Validate)]
pub struct Validators {
    /// `ETag`, sent back as `If-None-Match`.
    #[validate(length(max = 512))]
    pub etag: Option<String>,
    /// `Last-Modified`, sent back as `If-Modified-Since`.
    #[validate(length(max = 64))]
    pub last_modified: Option<String>,
}

impl Validators {
    /// Those of a reply; one that is no sound text is as good as none.
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let found = Self { etag: text(ETAG), last_modified: text(LAST_MODIFIED) };
        if found.validate().is_ok() { found } else { Self::default() }
    }
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The other side has nothing newer than the version at hand.
    Unchanged,
    /// A content, now in the store.
    New {
        /// SHA-256, hexadecimal.
        sha256: String,
        /// Bytes.
        bytes: u64,
        /// What the other side calls this version.
        validators: Validators,
    },
}

/// Why nobody follows where a source leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detour {
    /// From HTTPS to HTTP, or out of the web.
    Open,
    /// Back to where it was before, again and again.
    Circle,
    /// Over too many addresses.
    Long,
    /// To what is no address.
    Nowhere,
}

/// Why a source gave nothing; `Display` is the catalogue reference that people read.
#[derive(Debug)]
pub enum FetchError {
    /// The address or the password cannot be had.
    Secret(Unread),
    /// It leads to where nobody follows.
    Redirect(Detour),
    /// No connection: wrong name, refused, no route, or a certificate that is not trusted.
    Connect(String),
    /// No whole reply in time.
    Timeout(u64),
    /// The connection ended before the reply did.
    Broken,
    /// A status that is no content.
    Status(u16),
    /// More bytes than a file may have.
    TooLarge(u64),
    /// Another content than the configuration states.
    Checksum(String),
    /// The store cannot keep it.
    Store(std::io::Error),
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FetchError::Secret(unread) => write!(f, "{unread}"),
            FetchError::Redirect(Detour::Open) => write!(f, "@http.redirect"),
            FetchError::Redirect(Detour::Circle) => write!(f, "@http.circle"),
            FetchError::Redirect(Detour::Long) => write!(f, "@http.detour|{FOLLOWED}"),
            FetchError::Redirect(Detour::Nowhere) => write!(f, "@http.nowhere"),
            FetchError::Connect(_) => write!(f, "@http.connect"),
            FetchError::Timeout(seconds) => write!(f, "@http.timeout|{seconds}"),
            FetchError::Broken => write!(f, "@http.broken"),
            FetchError::Status(status) => write!(f, "@http.status|{status}"),
            FetchError::TooLarge(mib) => write!(f, "@http.too_large|{mib}"),
            FetchError::Checksum(found) => write!(f, "@http.checksum|{}", &found[..12.min(found.len())]),
            FetchError::Store(_) => write!(f, "@http.store"),
        }
    }
}

impl std::error::Error for FetchError {}

impl FetchError {
    /// Whether it may pass by itself.
    fn passes(&self) -> bool {
        match self {
            FetchError::Connect(_) | FetchError::Timeout(_) | FetchError::Broken => true,
            FetchError::Status(status) => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            FetchError::Secret(_) | FetchError::Redirect(_) | FetchError::TooLarge(_) | FetchError::Checksum(_) | FetchError::Store(_) => {
                false
            }
        }
    }
}

/// Fetches sources into a store.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    store: Store,
    limit_mib: u64,
}

impl Fetcher {
    /// Builds the client.
    ///
    /// # Errors
    /// The system's trusted certificates cannot be read.
    pub fn new(store: &Store, limit_mib: u64) -> Result<Self, reqwest::Error> {
        // A second installation is refused and harmless.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("huichi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(Policy::none())
            // An address may hold a key, which is nothing for the next one.
            .referer(false)
            .build()?;
        Ok(Self { client, store: store.clone(), limit_mib })
    }

    /// Fetches one address; `known` are the validators of the version at hand, if its content is still in the store.
    ///
    /// # Errors
    /// Every try failed, or one failed in a way that no further try mends.
    pub async fn fetch(&self, options: &HttpOptions, known: Option<&Validators>) -> Result<Fetched, FetchError> {
        let tries = options.tries.unwrap_or(TRIES);
        let (mut attempt, mut pause) = (1, FIRST_PAUSE);
        loop {
            let (error, asked) = match self.once(options, known).await {
                Ok(fetched) => return Ok(fetched),
                Err(failed) => failed,
            };
            tracing::info!(http.attempt = attempt, error.kind = %error, "source not fetched");
            if attempt >= tries || !error.passes() {
                return Err(error);
            }
            let spread = pause.mul_f64(rand::rng().random_range(0.5..1.5));
            tokio::time::sleep(asked.unwrap_or(spread).min(LONGEST_PAUSE)).await;
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }

    /// One try; a failure comes with the pause that the other side asks for.
    async fn once(&self, options: &HttpOptions, known: Option<&Validators>) -> Result<Fetched, (FetchError, Option<Duration>)> {
        let timeout_s = options.timeout_s.unwrap_or(TIMEOUT_S);
        let reply = self.reply(options, known, timeout_s).await.map_err(|e| (e, None))?;
        match reply.status() {
            StatusCode::NOT_MODIFIED if known.is_some() => Ok(Fetched::Unchanged),
            StatusCode::OK => self.keep(reply, options, timeout_s).await.map_err(|e| (e, None)),
            status => {
                let asked = reply.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
                Err((FetchError::Status(status.as_u16()), asked))
            }
        }
    }

    /// The reply at the end of the way, all of which may take so many seconds.
    async fn reply(&self, options: &HttpOptions, known: Option<&Validators>, timeout_s: u64) -> Result<Response, FetchError> {
        let until = Instant::now() + Duration::from_secs(timeout_s);
        let address = options.url.read().map_err(FetchError::Secret)?;
        let mut next = Url::parse(&address).map_err(|_| FetchError::Connect("no address".to_owned()))?;
        let mut way = Vec::new();
        loop {
            // What opens one door is not shown at another, nor on the way back from there.
            let at_home = way.iter().all(|url: &Url| url.origin() == next.origin());
            let request = self.request(&next, options, known, at_home)?.timeout(until.saturating_duration_since(Instant::now()));
            let reply = request.send().await.map_err(|e| failure(&e, timeout_s))?;
            let place = reply.headers().get(LOCATION).filter(|_| sends_on(reply.status()));
            let Some(place) = place else { return Ok(reply) };
            let onward = onward(&next, place.as_bytes()).ok_or(FetchError::Redirect(Detour::Nowhere))?;
            way.push(next);
            if let Some(detour) = detour(&way, &onward) {
                return Err(FetchError::Redirect(detour));
            }
            next = onward;
        }
    }

    /// A request with conditions; user and password of the settings go where the settings lead, those that stand in the
    /// address itself become its header and are named nowhere.
    fn request(&self, url: &Url, options: &HttpOptions, known: Option<&Validators>, at_home: bool) -> Result<RequestBuilder, FetchError> {
        let mut request = self.client.get(url.clone());
        if let Some(user) = options.user.as_ref().filter(|_| at_home) {
            let password = options.password.as_ref().map(Secret::read).transpose().map_err(FetchError::Secret)?;
            request = request.basic_auth(user, password);
        }
        let conditions = known.into_iter().flat_map(|k| [(IF_NONE_MATCH, &k.etag), (IF_MODIFIED_SINCE, &k.last_modified)]);
        Ok(conditions.fold(request, |request, (name, value)| match value {
            Some(value) => request.header(name, value),
            None => request,
        }))
    }

    /// Streams a reply into the store, counted and hashed on its way.
    async fn keep(&self, mut reply: Response, options: &HttpOptions, timeout_s: u64) -> Result<Fetched, FetchError> {
        let limit = self.limit_mib << 20;
        if reply.content_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge(self.limit_mib));
        }
        let validators = Validators::of(reply.headers());
        let mut copy = self.store.temporary().map_err(FetchError::Store)?;
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = reply.chunk().await.map_err(|e| failure(&e, timeout_s))? {
            bytes += chunk.len() as u64;
            if bytes > limit {
                return Err(FetchError::TooLarge(self.limit_mib));
            }
            hash.update(&chunk);
            copy.write_all(&chunk).map_err(FetchError::Store)?;
        }
        let sha256 = hex(&hash.finalize());
        if options.sha256.as_ref().is_some_and(|stated| !stated.eq_ignore_ascii_case(&sha256)) {
            return Err(FetchError::Checksum(sha256));
        }
        self.store.keep(copy, &sha256).map_err(FetchError::Store)?;
        Ok(Fetched::New { sha256, bytes, validators })
    }
}

/// Whether a status sends us on.
fn sends_on(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The address that stands in a reply from `here`; at the same door, whoever was let in by the address stays so.
fn onward(here: &Url, place: &[u8]) -> Option<Url> {
    let mut next = here.join(std::str::from_utf8(place).ok()?).ok()?;
    next.set_fragment(None);
    if next.origin() == here.origin() && next.username().is_empty() && next.password().is_none() {
        next.set_username(here.username()).ok()?;
        next.set_password(here.password()).ok()?;
    }
    Some(next)
}

/// Why nobody goes on over these addresses to the next, if so: a few are followed, and none out of what is encrypted or out
/// of the web.
fn detour(way: &[Url], next: &Url) -> Option<Detour> {
    match () {
        () if !leads_on(way, next) => Some(Detour::Open),
        () if way.len() <= FOLLOWED => None,
        () if way.contains(next) => Some(Detour::Circle),
        () => Some(Detour::Long),
    }
}

/// Whether somebody who came over these addresses may go on to the next.
fn leads_on(over: &[Url], next: &Url) -> bool {
    match next.scheme() {
        "https" => true,
        "http" => over.iter().all(|url| url.scheme() == "http"),
        _ => false,
    }
}

fn failure(error: &reqwest::Error, timeout_s: u64) -> FetchError {
    if error.is_timeout() {
        FetchError::Timeout(timeout_s)
    } else if error.is_connect() || error.is_builder() {
        // What it says names the address, which may hold a key.
        FetchError::Connect(kind(error).to_owned())
    } else {
        FetchError::Broken
    }
}

fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_builder() { "no address" } else { "no connection" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    #[test]
    fn a_circle_is_told_from_a_long_way_and_the_door_stays_open_at_home() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let way: Vec<Url> = (0..=FOLLOWED).map(|i| url(&format!("http://a/{i}"))).collect();
        assert_eq!(detour(&way[..FOLLOWED], &url("http://a/0")), None);
        assert_eq!(detour(&way, &url("http://a/3")), Some(Detour::Circle));
        assert_eq!(detour(&way, &url("http://a/x")), Some(Detour::Long));
        assert_eq!(detour(&way, &url("ftp://a/x")), Some(Detour::Open));
        let here = url("http://u:p%40@a/x?k=1#f");
        let on = |place: &str| onward(&here, place.as_bytes()).map(|u| u.to_string());
        assert_eq!(on("/y#g").as_deref(), Some("http://u:p%40@a/y"));
        assert_eq!(on("http://a/z").as_deref(), Some("http://u:p%40@a/z"));
        assert_eq!(on("http://v:q@a/z").as_deref(), Some("http://v:q@a/z"));
        assert_eq!(on("http://b/z").as_deref(), Some("http://b/z"), "elsewhere nobody is let in by it");
        assert_eq!((on("http://"), onward(&here, b"/\xff")), (None, None));
    }

    #[test]
    fn what_is_encrypted_stays_encrypted() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let (plain, tls) = (url("http://a/"), url("https://a/"));
        assert!(
            leads_on(slice::from_ref(&plain), &tls) && leads_on(slice::from_ref(&tls), &tls) && leads_on(slice::from_ref(&plain), &plain)
        );
        assert!(!leads_on(slice::from_ref(&tls), &plain));
        assert!(!leads_on(&[plain.clone(), tls.clone()], &plain), "nor after a stay in between");
        assert!(!leads_on(slice::from_ref(&plain), &url("file:///etc/passwd")) && !leads_on(slice::from_ref(&tls), &url("ftp://a/")));
    }
}
