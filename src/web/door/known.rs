//! Browsers that are known: an account was signed in there before, so that whoever guesses its password elsewhere does not
//! hold its owner up. A cookie for each account says so, signed with a key of the ledger; it lets nobody in.

use crate::model::text::hex;
use crate::portal::password::secret;
use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, FixedOffset};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Days for which a browser is known.
const DAYS: i64 = 180;

/// Who is known, and where.
#[derive(Debug, Clone)]
pub struct Known {
    key: Vec<u8>,
    now: DateTime<FixedOffset>,
}

impl Known {
    /// By a key, at a moment.
    pub fn new(key: Vec<u8>, now: DateTime<FixedOffset>) -> Self {
        Self { key, now }
    }

    /// What marks the browser of a request, if the account was signed in there before.
    pub fn mark(&self, headers: &HeaderMap, account: i64) -> Option<String> {
        let name = name(account);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
        let value = cookies.filter_map(|c| c.trim().split_once('=')).find(|(n, _)| *n == name)?.1;
        let (said, sign) = value.rsplit_once('.')?;
        let (mark, since) = said.split_once('.')?;
        let since: i64 = since.parse().ok()?;
        let days = (self.now.timestamp() - since).div_euclid(24 * 3600);
        let signed = self.signature(account, said)? == sign && mark.len() == 32;
        (signed && (0..DAYS).contains(&days)).then(|| mark.to_owned())
    }

    /// The cookie by which the browser is known from now on.
    pub fn cookie(&self, account: i64, secure: bool) -> Option<HeaderValue> {
        let said = format!("{}.{}", secret(), self.now.timestamp());
        let sign = self.signature(account, &said)?;
        let (name, age, flag) = (name(account), DAYS * 24 * 3600, if secure { "; Secure" } else { "" });
        HeaderValue::try_from(format!("{name}={said}.{sign}; Path=/sign-in; Max-Age={age}; HttpOnly; SameSite=Strict{flag}")).ok()
    }

    fn signature(&self, account: i64, said: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(format!("{account} {said}").as_bytes());
        Some(hex(&mac.finalize().into_bytes()))
    }
}

fn name(account: i64) -> String {
    format!("huichi_known_{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_for_its_account_its_portal_and_half_a_year() {
        let at = |text: &str| text.parse::<DateTime<FixedOffset>>().expect("a moment");
        let known = |key: u8, time: &str| Known::new(vec![key; 32], at(time));
        let start = "2026-01-01T08:00:00+08:00";
        let cookie = known(1, start).cookie(7, true).expect("a cookie").to_str().expect("letters").to_owned();
        assert!(["HttpOnly", "Secure", "SameSite=Strict", "Path=/sign-in"].iter().all(|flag| cookie.contains(flag)), "{cookie}");
        let value = cookie.split(';').next().expect("a value").to_owned();
        let mark = |known: &Known, account: i64, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::try_from(format!("a=b; {value}; c=d")).expect("a header"));
            known.mark(&headers, account)
        };
        assert!(mark(&known(1, "2026-06-29T08:00:00+08:00"), 7, &value).is_some());
        assert_eq!(mark(&known(1, "2026-07-01T08:00:00+08:00"), 7, &value), None, "too old");
        assert_eq!(mark(&known(1, "2025-12-01T08:00:00+08:00"), 7, &value), None, "of days to come");
        assert_eq!(mark(&known(2, start), 7, &value), None, "another portal's");
        assert_eq!(mark(&known(1, start), 8, &value), None);
        assert_eq!(mark(&known(1, start), 8, &value.replace("known_7", "known_8")), None, "another account's");
        for wrong in ["huichi_known_7=", "huichi_known_7=..", "huichi_known_7=a.1.2", "huichi_known_7"] {
            assert_eq!(mark(&known(1, start), 7, wrong), None, "{wrong}");
        }
    }
}
