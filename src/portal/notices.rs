//! Notices: that a report waits or a run failed, to the services of `[[notice]]`. They carry no data.
//!
//! A notice is queued in the ledger and sent by a task of its own, signed as its service wants, tried again after pauses
//! that grow, and given up at last; no page ever waits for it.

use super::books::Books;
use super::clock::Clock;
use super::error::PortalError;
use super::text::{quoted, say};
use crate::config::{Address, NoticeEvent, NoticeKind, NoticeOptions, Secret};
use crate::ledger::Notice;
use crate::model::text::hex;
use crate::stages::acquire::hash_text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use serde::Deserialize;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Seconds for one try.
const TIMEOUT_S: u64 = 15;
/// Seconds before each further try; after the last one a notice is given up.
const PAUSES_S: [i64; 6] = [5, 30, 120, 600, 3600, 4 * 3600];
/// Bytes of an answer that are looked at.
const LONGEST_ANSWER: usize = 16 << 10;
/// How often the queue is looked at for tries that are due.
const LOOK: Duration = Duration::from_secs(5);

/// The queue of notices; clones share it.
#[derive(Clone)]
pub struct Notices {
    books: Books,
    /// Wakes the task that sends them.
    queued: Arc<Notify>,
}

impl Notices {
    /// The queue in these books.
    pub fn new(books: Books) -> Self {
        Self { books, queued: Arc::default() }
    }
}

/// Queues what is to be told of an event, for every channel that wants it.
pub async fn queue(Notices { books, queued }: &Notices, event: NoticeEvent) -> Result<(), PortalError> {
    let now = books.clock.stamp();
    let channels: Vec<(String, String)> =
        books.config.notice.iter().filter(|n| n.tells(event)).map(|n| (mark(n), body(n.kind, event, &books.address(), &now))).collect();
    if channels.is_empty() {
        return Ok(());
    }
    books.ledger_patiently(move |l| channels.iter().try_for_each(|(channel, body)| l.queue_notice(channel, body, &now))).await?;
    queued.notify_one();
    Ok(())
}

/// What names a channel in the ledger, which is to hold no keys.
fn mark(options: &NoticeOptions) -> String {
    let url = match &options.url {
        Address::Plain(url) => url.clone(),
        Address::Secret(place) => place.to_string(),
    };
    hash_text(&format!("{:?} {url}", options.kind)).chars().take(16).collect()
}

/// What is sent.
fn body(kind: NoticeKind, event: NoticeEvent, address: &str, now: &str) -> String {
    let text = say(&format!("portal.notice_{}", event.id()), &[address.to_owned()]);
    let body = match kind {
        NoticeKind::Wecom | NoticeKind::Dingtalk => serde_json::json!({ "msgtype": "text", "text": { "content": text } }),
        NoticeKind::Generic => serde_json::json!({ "event": event.id(), "text": text, "url": address, "at": now }),
    };
    body.to_string()
}

/// Sends what is queued, until the portal stops.
pub async fn keep(Notices { books, queued }: Notices, mut stopped: watch::Receiver<bool>) {
    if books.config.notice.is_empty() {
        return;
    }
    // A second installation is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("huichi/", env!("CARGO_PKG_VERSION")))
        .timeout(Duration::from_secs(TIMEOUT_S))
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "notices cannot be sent"),
    };
    loop {
        if let Err(error) = send_due(&books, &client).await {
            tracing::error!(?error, "the queue of notices cannot be read");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = queued.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

async fn send_due(books: &Books, client: &Client) -> Result<(), PortalError> {
    let now = books.clock.stamp();
    for notice in books.read(move |l| l.due_notices(&now)).await? {
        let channel = books.config.notice.iter().find(|n| mark(n) == notice.channel);
        let sent = match channel {
            Some(options) => send(client, options, &notice, books.clock.now().timestamp_millis()).await,
            // The configuration has another address by now.
            None => Err(Unsent::Gone),
        };
        let (id, now) = (notice.id, books.clock.now());
        match sent {
            Ok(()) => books.ledger_patiently(move |l| l.notice_sent(id, &Clock::text(now))).await?,
            Err(error) => {
                tracing::warn!(?error, notice.tries = notice.tries + 1, "a notice was not taken");
                let pause = PAUSES_S.get(notice.tries as usize).filter(|_| error != Unsent::Gone);
                let next = pause.map(|seconds| Clock::text(now + TimeDelta::seconds(*seconds)));
                books.ledger_patiently(move |l| l.notice_failed(id, next.as_deref(), &Clock::text(now))).await?;
            }
        }
    }
    Ok(())
}

/// Why a notice was not taken; addresses hold keys, so none is named.
#[derive(Debug, PartialEq, Eq)]
enum Unsent {
    /// There is no such channel any more.
    Gone,
    /// Its address or its secret cannot be had.
    Secret,
    /// No answer.
    NoAnswer,
    /// Answered with another status than success.
    Status(u16),
    /// The service says that it does not take it.
    Refused(i64),
}

/// The answer of 企业微信 and 钉钉, which say in its body whether they took a notice.
#[derive(Deserialize)]
struct ServiceAnswer {
    errcode: i64,
}

async fn send(client: &Client, options: &NoticeOptions, notice: &Notice, milliseconds: i64) -> Result<(), Unsent> {
    let url = options.url.read().map_err(|_| Unsent::Secret)?;
    let secret = options.secret.as_ref().map(Secret::read).transpose().map_err(|_| Unsent::Secret)?;
    let mut request =
        client.post(address(options.kind, url, secret.as_deref(), milliseconds)).header("Content-Type", "application/json; charset=utf-8");
    if let (NoticeKind::Generic, Some(secret)) = (options.kind, &secret) {
        request = request.header("X-Huichi-Signature", hex(&signature(secret, notice.body.as_bytes())));
    }
    let mut response = request.body(notice.body.clone()).send().await.map_err(|_| Unsent::NoAnswer)?;
    if !response.status().is_success() {
        return Err(Unsent::Status(response.status().as_u16()));
    }
    if options.kind == NoticeKind::Generic {
        return Ok(());
    }
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|_| Unsent::NoAnswer)? {
        answer.extend_from_slice(&part);
        if answer.len() > LONGEST_ANSWER {
            return Err(Unsent::NoAnswer);
        }
    }
    match serde_json::from_slice::<ServiceAnswer>(&answer) {
        Ok(ServiceAnswer { errcode: 0 }) => Ok(()),
        Ok(ServiceAnswer { errcode }) => Err(Unsent::Refused(errcode)),
        Err(_) => Err(Unsent::NoAnswer),
    }
}

/// The address of a try; 钉钉 wants time and signature in it.
fn address(kind: NoticeKind, url: String, secret: Option<&str>, milliseconds: i64) -> String {
    let (NoticeKind::Dingtalk, Some(secret)) = (kind, secret) else { return url };
    let sign = STANDARD.encode(signature(secret, format!("{milliseconds}\n{secret}").as_bytes()));
    // Between letters of Base64 a slash must be escaped as well.
    let sign = quoted(&sign).replace('/', "%2F");
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}timestamp={milliseconds}&sign={sign}")
}

/// HMAC-SHA256; it takes keys of any length.
fn signature(secret: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&signature("Jefe", b"what do ya want for nothing?")), expected);
    }

    #[test]
    fn only_the_service_that_wants_it_is_signed_in_its_address() {
        let signed = address(NoticeKind::Dingtalk, "https://d/send?access_token=t".into(), Some("this is secret"), 1_700_000_000_000);
        let expected = "https://d/send?access_token=t&timestamp=1700000000000&sign=";
        assert!(signed.starts_with(expected), "{signed}");
        let sign = signed.rsplit('=').next().unwrap_or_default();
        assert!(signed.len() > expected.len() + 40 && !sign.contains(['+', '/']), "{signed}");
        assert_eq!(address(NoticeKind::Wecom, "https://w/send?key=k".into(), Some("s"), 1), "https://w/send?key=k");
    }

    #[test]
    fn notices_say_where_to_look_and_nothing_else() -> Result<(), serde_json::Error> {
        let body = body(NoticeKind::Generic, NoticeEvent::RunFailed, "https://h", "t");
        let value: serde_json::Value = serde_json::from_str(&body)?;
        let keys: Vec<&String> = value.as_object().into_iter().flat_map(|o| o.keys()).collect();
        assert_eq!(keys, ["at", "event", "text", "url"]);
        assert!(value["text"].as_str().is_some_and(|t| t.contains("https://h") && !t.contains('{')));
        Ok(())
    }
}
