//! The audit log as people read it, as a table to take along, and whether its chain holds.

use super::books::Books;
use super::error::PortalError;
use super::pool::column_label;
use super::text::{portal, say, shown};
use crate::finding::find_word;
use crate::ledger::{ANCHORED, Anchor, Anchors, Astray, AuditFilter, ChainEntry, Ledger, LedgerError, Upload};
use crate::model::text::neutral;
use crate::model::words::Lang;
use chrono::NaiveDate;
use serde::Serialize;
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::watch;

/// Seconds between two anchors.
const ANCHOR_S: u64 = 300;
/// Rows of a page.
pub const ROWS: u64 = 50;
/// Actions whose object may be a return that a bureau sent.
const SENT: [&str; 4] = ["upload", "download", "explanation", "choice"];
/// Digits that no number has and every hash.
const HASH_DIGITS: usize = 32;
/// Digits of a hash that are shown.
const HASH_SHOWN: usize = 12;

/// Which entries are wanted; empty texts want all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this person or program.
    pub who: String,
    /// This action.
    pub action: String,
    /// With this in object, facts or address.
    pub text: String,
    /// From this day.
    pub from: Option<NaiveDate>,
    /// Until this day, the day included.
    pub until: Option<NaiveDate>,
}

impl Wanted {
    /// Asks with the filter of the ledger; days are compared as the beginnings of moments.
    fn ask<T>(&self, ask: impl FnOnce(&AuditFilter<'_>) -> T) -> T {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let (who, action, text) = (some(&self.who), some(&self.action), some(&self.text));
        let from = self.from.map(|d| d.to_string());
        let until = self.until.and_then(|d| d.succ_opt()).map(|d| d.to_string());
        ask(&AuditFilter {
            account: who.as_deref(),
            action: action.as_deref(),
            text: text.as_deref(),
            from: from.as_deref(),
            until: until.as_deref(),
        })
    }

    /// The filter in words, for the log's own entry of an export.
    pub fn facts(&self) -> String {
        let day = |d: Option<NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
        let all = [
            ("who", self.who.clone()),
            ("action", self.action.clone()),
            ("text", self.text.clone()),
            ("from", day(self.from)),
            ("until", day(self.until)),
        ];
        all.into_iter().filter(|(_, v)| !v.trim().is_empty()).map(|(k, v)| format!("{k}={}", v.trim())).collect::<Vec<_>>().join(" ")
    }
}

/// An entry as people read it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Number.
    pub number: i64,
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The page of the object, if it has one.
    pub page: Option<String>,
    /// Further facts.
    pub detail: String,
    /// From where.
    pub address: String,
}

/// A page of entries.
#[derive(Debug, Clone, Serialize)]
pub struct Entries {
    /// Newest first.
    pub rows: Vec<AuditEntry>,
    /// How many there are in all.
    pub total: u64,
}

/// How the chain stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Chain {
    /// Whether it holds.
    pub holds: bool,
    /// Number of the last entry, or of the first that does not fit.
    pub number: i64,
    /// Hash of the last entry.
    pub hash: String,
    /// When the whole of it was last read.
    pub read: String,
}

/// What an action is called; one without a name is called as it is kept.
pub fn action_word(lang: Lang, action: &str) -> String {
    find_word(lang, &format!("action.{action}")).unwrap_or(action).to_owned()
}

/// Who acted, as people call them.
fn who(account: &str) -> String {
    match account {
        "system" | "command_line" => portal(&format!("actor_{account}")).to_owned(),
        other => match other.strip_prefix("token:") {
            Some(label) => format!("{} {label}", portal("actor_token")),
            None => other.to_owned(),
        },
    }
}

/// The word of what is kept, or itself.
fn known(section: &str, part: &str) -> String {
    find_word(Lang::Zh, &format!("{section}{part}")).unwrap_or(part).to_owned()
}

/// Facts such as `role=clerk disabled=true`, or a word that the action knows, in words; all else is shown as it is kept.
fn detail(books: &Books, action: &str, kept: &str) -> String {
    let told = |part: &str| match action {
        "view_source" => column_label(&books.config, part),
        "upload" if part.bytes().all(|b| b.is_ascii_digit()) => say("kept.bytes", &[part.to_owned()]),
        "explanation" if part.len() < HASH_DIGITS => say("kept.explained", &[part.to_owned()]),
        // The key of a finding says nothing to people; the hash of a file is long.
        "explanation" => String::new(),
        "upload" if part.len() >= HASH_DIGITS => part.chars().take(HASH_SHOWN).collect(),
        "run_started" => known("portal.cause_", part),
        "run_finished" => known("portal.outcome_", part),
        _ => known("kept.", part),
    };
    let fact = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let name = find_word(Lang::Zh, &format!("fact.{key}"))?;
        let value = match key {
            "role" => portal(&format!("role_{value}")).to_owned(),
            "source" => books.config.source.get(value).map_or_else(|| value.to_owned(), |s| s.bureau.clone()),
            "disabled" => crate::finding::word(Lang::Zh, &format!("value.{value}")).to_owned(),
            "expires" => shown(value),
            "action" => action_word(Lang::Zh, value),
            _ => value.to_owned(),
        };
        Some(format!("{name}{value}"))
    };
    let facts = kept.split(' ').map(fact).collect::<Option<Vec<_>>>();
    let words = || kept.split(' ').map(told).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    facts.map_or_else(words, |facts| facts.join("，"))
}

/// What an entry is about, as people know it, and its page: a return by its receipt, a run by its number.
fn object(entry: &ChainEntry, sent: Option<&Upload>) -> (String, Option<String>) {
    let object = entry.object.clone();
    match (entry.action.as_str(), sent) {
        (_, Some(upload)) => {
            let receipt = say("portal.receipt", &[upload.number.to_string(), upload.name.clone()]);
            (receipt, Some(format!("/uploads/{}", upload.id)))
        }
        ("run_started" | "run_finished" | "run_cancelled", None) => (say("portal.attempt", &[object]), None),
        ("download", None) => {
            let run = object.split_once('/').map(|(run, _)| format!("/runs/{run}"));
            (object, run)
        }
        ("adopted", None) => (object.clone(), Some(format!("/runs/{object}"))),
        _ => (object, None),
    }
}

fn row(books: &Books, entry: ChainEntry, sent: Option<&Upload>) -> AuditEntry {
    let role = if entry.role.is_empty() { String::new() } else { portal(&format!("role_{}", entry.role)).to_owned() };
    let (object, page) = object(&entry, sent);
    AuditEntry {
        number: entry.number,
        at: shown(&entry.at),
        who: who(&entry.account),
        role,
        action: action_word(Lang::Zh, &entry.action),
        object,
        page,
        detail: detail(books, &entry.action, &entry.detail),
        address: entry.address,
    }
}

/// A page of the log, counted from 1, and the actions that can be asked for.
pub async fn entries(books: &Books, wanted: &Wanted, page: u64) -> Result<(Entries, Vec<(String, String)>), PortalError> {
    let wanted = wanted.clone();
    let offset = page.saturating_sub(1).saturating_mul(ROWS);
    let ask = move |l: &Ledger| {
        let (entries, total) = wanted.ask(|filter| l.audit(filter, offset, ROWS))?;
        let about = |e: ChainEntry| Ok((if SENT.contains(&e.action.as_str()) { l.upload(&e.object)? } else { None }, e));
        Ok((entries.into_iter().map(about).collect::<Result<Vec<_>, LedgerError>>()?, total, l.audit_actions()?))
    };
    let (entries, total, actions) = books.read_apart(ask).await?;
    let actions = actions.into_iter().map(|a| (action_word(Lang::Zh, &a), a)).map(|(word, id)| (id, word)).collect();
    Ok((Entries { rows: entries.into_iter().map(|(sent, e)| row(books, e, sent.as_ref())).collect(), total }, actions))
}

/// Whether the log holds. Read from the entry last known, or all of it if so asked, and compared with that entry and the
/// anchors. What was known stays known when it does not hold: a second look finds what the first did.
pub async fn chain(books: &Books, whole: bool) -> Result<Chain, PortalError> {
    let (known, before) = {
        let seen = books.followed.seen();
        (seen.last.clone(), seen.read.clone().filter(|_| !whole))
    };
    let anchors = before.is_none().then(|| books.anchors.clone());
    let read = before.unwrap_or_else(|| shown(&books.clock.stamp()));
    Ok(match books.read_apart(move |l| verified(l, known.as_ref(), anchors.as_ref())).await? {
        Ok(last) => {
            let mut seen = books.followed.seen();
            seen.read = Some(read.clone());
            if last.number > seen.last.as_ref().map_or(0, |known| known.number) {
                seen.last = Some(last.clone());
            }
            drop(seen);
            tokio::spawn(anchor(books.clone()));
            Chain { holds: true, number: last.number, hash: last.hash, read }
        }
        Err(number) => Chain { holds: false, number, hash: String::new(), read },
    })
}

/// The last entry of a log that holds, or the number from which it does not; the whole of it is compared with anchors.
fn verified(ledger: &Ledger, known: Option<&Anchor>, whole: Option<&Anchors>) -> Result<Result<Anchor, i64>, LedgerError> {
    let from = known.filter(|_| whole.is_none()).map(|a| (a.number, a.hash.clone()));
    let (number, hash) = match ledger.verify_audit(from.as_ref())? {
        Ok(last) => last,
        Err(broken) => return Ok(Err(broken.number)),
    };
    if let Some(known) = known
        && !ledger.has_entry(known)?
    {
        return Ok(Err(known.number));
    }
    match whole.map(|anchors| anchors.compare(ledger)).transpose()? {
        Some(Err(Astray::Log(at))) => Ok(Err(at)),
        Some(Err(Astray::Anchor(day))) => {
            tracing::error!(day, "an anchor of the audit log is missing or unsound");
            Ok(Err(number))
        }
        _ => Ok(Ok(Anchor { number, hash })),
    }
}

/// Keeps what is known of the log outside it, time and again until the portal ends.
pub async fn keep(books: Books, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(ANCHOR_S)) => anchor(books.clone()).await,
            _ = stop.changed() => return,
        }
    }
}

/// Keeps what is known of the log outside it; the first time on a day, the log notes that. Nothing is kept before the whole
/// of it was found to hold: an anchor would take the place of one that it does not fit.
pub async fn anchor(books: Books) {
    let known = {
        let seen = books.followed.seen();
        seen.last.clone().filter(|_| seen.read.is_some())
    };
    let Some(last) = known else { return };
    let day = books.clock.now().date_naive().to_string();
    let (anchors, today) = (books.anchors.clone(), day.clone());
    let noted = match tokio::task::spawn_blocking(move || anchors.keep(&today, &last)).await {
        Ok(Ok(true)) => books.note_system("", ANCHORED, &day, "").await.map_err(|e| format!("{e:?}")),
        Ok(Ok(false)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(reason) = noted {
        tracing::error!(reason, "the audit log could not be anchored");
    }
}

/// Writes entries as a table: UTF-8 with mark, CRLF; no text in it is run by a spreadsheet.
pub fn write_table(ledger: &Ledger, wanted: &Wanted, lang: Lang, to: impl Write) -> io::Result<u64> {
    let mut to = to;
    to.write_all("\u{feff}".as_bytes())?;
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    let heads = ["number", "at", "account", "role", "action", "action_name", "object", "detail", "address", "previous", "hash"];
    table.write_record(heads.map(|head| crate::finding::word(lang, &format!("audit.{head}"))))?;
    let written = wanted.ask(|filter| {
        ledger.each_entry::<Failed>(filter, |e| {
            let name = action_word(lang, &e.action);
            let number = e.number.to_string();
            let fields = [&number, &e.at, &e.account, &e.role, &e.action, &name, &e.object, &e.detail, &e.address, &e.previous, &e.hash];
            table.write_record(fields.map(|f| neutral(f).into_owned())).map_err(|e| Failed(e.into()))
        })
    });
    let written = written.map_err(|failed| failed.0)?;
    table.flush()?;
    Ok(written)
}

/// A failure while entries are written.
struct Failed(io::Error);

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self(io::Error::other(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::NewEntry;

    #[test]
    fn an_export_runs_nothing_and_holds_what_was_asked_for() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        for (account, object, at) in [
            ("wang", "=HYPERLINK(1)", "2026-07-01T23:59:59+0800"),
            ("li", "a.xlsx", "2026-07-02T00:00:00+0800"),
            ("wang", "b", "2026-07-03T08:00:00+0800"),
        ] {
            ledger.note(&NewEntry { account, action: "sign_in", object, ..NewEntry::default() }, at)?;
        }
        let day = NaiveDate::from_ymd_opt(2026, 7, 1);
        let mut bytes = Vec::new();
        let wanted = Wanted { who: "wang".into(), from: day, until: day, ..Wanted::default() };
        assert_eq!(write_table(&ledger, &wanted, Lang::En, &mut bytes)?, 1, "the last day counts whole");
        let text = String::from_utf8(bytes)?;
        assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n"));
        assert!(text.contains(",'=HYPERLINK(1),") && !text.contains("a.xlsx"), "{text}");
        assert_eq!(wanted.facts(), "who=wang from=2026-07-01 until=2026-07-01");
        Ok(())
    }
}
