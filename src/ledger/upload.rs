//! Returns as bureaus sent them: numbered receipts, series of versions, verdicts.
//!
//! Of a file's content nothing is kept here but its hash; what the check found lies in a file of its own.

use super::audit::noted;
use super::standing::choose;
use super::{By, Ledger, LedgerError};
use crate::model::standing::Choice;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No error finding, and every explain finding is answered.
    Accepted,
    /// It enters runs, with the values that fail withheld.
    NeedsCorrection,
    /// Unreadable, or none of the forms that its source may send: it enters no run and supersedes nothing.
    Refused,
}

impl Verdict {
    /// The word in the ledger and in the API.
    pub fn id(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::NeedsCorrection => "needs_correction",
            Verdict::Refused => "refused",
        }
    }

    fn from_id(id: &str) -> Option<Self> {
        [Verdict::Accepted, Verdict::NeedsCorrection, Verdict::Refused].into_iter().find(|v| v.id() == id)
    }
}

/// A form that an upload holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPart {
    /// The form's id.
    pub form: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// Records.
    pub rows: u64,
}

/// What a check came to, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records read.
    pub rows: u64,
    /// Error findings.
    pub errors: u64,
    /// Explain findings.
    pub explains: u64,
    /// Explain findings that nobody has explained.
    pub open: u64,
    /// Notes.
    pub notes: u64,
    /// Forms found.
    pub parts: Vec<UploadPart>,
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// Number of its receipt.
    pub number: i64,
    /// Its unguessable id.
    pub id: String,
    /// The source that sent it.
    pub source: String,
    /// The account that sent it.
    pub account: String,
    /// The file's name as shown; never a path on this machine.
    pub name: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// When it was received.
    pub received: String,
    /// The return of which it is a version.
    pub series: String,
    /// The part of the return, which all versions share.
    pub part: String,
    /// Which version of its return it is, from 1.
    pub version: u32,
    /// What became of it; nothing until it is checked.
    pub verdict: Option<Verdict>,
    /// When it was checked.
    pub checked: Option<String>,
    /// The file of the check's result.
    pub result: Option<String>,
    /// The check in numbers.
    pub tally: Tally,
}

/// An upload to be noted.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its unguessable id.
    pub id: String,
    /// The source that sends it.
    pub source: String,
    /// The account that sends it.
    pub account: String,
    /// The file's name as shown.
    pub name: String,
    /// SHA-256 of the content.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// The name without its version mark.
    pub part: String,
    /// Series and receipts of the uploads that this one replaces, if that was said.
    pub replaces: Option<(String, Vec<i64>)>,
}

const UPLOAD: &str = "SELECT number, id, source, account, name, sha256, bytes, received, series,
    (SELECT f.part FROM upload f WHERE f.series = u.series ORDER BY f.number LIMIT 1),
    (SELECT count(*) FROM upload e WHERE e.series = u.series AND e.number <= u.number),
    verdict, checked, result, rows, errors, explains, open, notes, parts FROM upload u";

fn upload(row: &Row<'_>) -> Result<Upload, LedgerError> {
    let count = |column: usize| Ok::<_, LedgerError>(row.get::<_, Option<i64>>(column)?.unwrap_or(0).unsigned_abs());
    let unknown = |column, text: String| LedgerError::FromSqlConversionFailure(column, Type::Text, text.into());
    let verdict: Option<String> = row.get(11)?;
    let parts: Option<String> = row.get(19)?;
    let parts = parts.map(|p| serde_json::from_str(&p).map_err(|e| LedgerError::FromSqlConversionFailure(19, Type::Text, e.into())));
    Ok(Upload {
        number: row.get(0)?,
        id: row.get(1)?,
        source: row.get(2)?,
        account: row.get(3)?,
        name: row.get(4)?,
        sha256: row.get(5)?,
        bytes: count(6)?,
        received: row.get(7)?,
        series: row.get(8)?,
        part: row.get(9)?,
        version: row.get(10)?,
        verdict: verdict.map(|v| Verdict::from_id(&v).ok_or_else(|| unknown(11, v))).transpose()?,
        checked: row.get(12)?,
        result: row.get(13)?,
        tally: Tally {
            rows: count(14)?,
            errors: count(15)?,
            explains: count(16)?,
            open: count(17)?,
            notes: count(18)?,
            parts: parts.transpose()?.unwrap_or_default(),
        },
    })
}

impl Ledger {
    /// Notes uploads, all or none, each with a receipt of its own; gives each one's id and whether its source sent the
    /// content for the first time.
    pub fn add_uploads(&mut self, uploads: &[NewUpload], by: By<'_>) -> Result<Vec<(String, bool)>, LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut ids = Vec::new();
        for new in uploads {
            let sql = "SELECT EXISTS (SELECT 1 FROM upload WHERE source = ?1 AND sha256 = ?2)";
            let known: bool = transaction.query_row(sql, params![new.source, new.sha256], |r| r.get(0))?;
            let same_part: Option<String> = transaction
                .query_row(
                    "SELECT series FROM upload WHERE source = ?1 AND part = ?2 ORDER BY number DESC LIMIT 1",
                    params![new.source, new.part],
                    |r| r.get(0),
                )
                .optional()?;
            let replaced = new.replaces.clone();
            let series = replaced.as_ref().map(|(series, _)| series.clone()).or(same_part).unwrap_or_else(|| new.id.clone());
            transaction.execute(
                "INSERT INTO upload (id, source, account, name, sha256, bytes, received, series, part)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    new.id,
                    new.source,
                    new.account,
                    new.name,
                    new.sha256,
                    i64::try_from(new.bytes).unwrap_or(i64::MAX),
                    by.at,
                    series,
                    new.part
                ],
            )?;
            let number = transaction.last_insert_rowid();
            for older in replaced.into_iter().flat_map(|(_, older)| older) {
                choose(&transaction, (older, number), ("", None), Choice::Replace, by)?;
            }
            noted(&transaction, by, "upload", &new.id, &format!("{} {} {}", new.sha256, new.bytes, if known { "again" } else { "new" }))?;
            ids.push((new.id.clone(), !known));
        }
        transaction.commit()?;
        Ok(ids)
    }

    /// An upload by its id.
    pub fn upload(&self, id: &str) -> Result<Option<Upload>, LedgerError> {
        self.0.query_row(&format!("{UPLOAD} WHERE id = ?1"), [id], upload).optional()
    }

    /// An upload by the number of its receipt.
    pub fn numbered_upload(&self, number: i64) -> Result<Option<Upload>, LedgerError> {
        self.0.query_row(&format!("{UPLOAD} WHERE number = ?1"), [number], upload).optional()
    }

    /// The uploads by which a source sent a content, the newest first.
    pub fn uploads_of(&self, source: &str, sha256: &str) -> Result<Vec<Upload>, LedgerError> {
        let query = format!("{UPLOAD} WHERE source = ?1 AND sha256 = ?2 ORDER BY number DESC");
        self.0.prepare_cached(&query)?.query_map(params![source, sha256], upload)?.collect()
    }

    /// Uploads, the newest first: of one source or of all, `most` of them past the first `skip`.
    pub fn uploads(&self, source: Option<&str>, skip: u32, most: u32) -> Result<Vec<Upload>, LedgerError> {
        let query = format!("{UPLOAD} WHERE ?1 IS NULL OR source = ?1 ORDER BY number DESC LIMIT ?2 OFFSET ?3");
        self.0.prepare_cached(&query)?.query_map(params![source, most, skip], upload)?.collect()
    }

    /// How many uploads there are of one source or of all.
    pub fn count_uploads(&self, source: Option<&str>) -> Result<u32, LedgerError> {
        self.0.query_row("SELECT count(*) FROM upload WHERE ?1 IS NULL OR source = ?1", [source], |r| r.get(0))
    }

    /// The versions of a return, the oldest first.
    pub fn versions(&self, series: &str) -> Result<Vec<Upload>, LedgerError> {
        self.0.prepare_cached(&format!("{UPLOAD} WHERE series = ?1 ORDER BY number"))?.query_map([series], upload)?.collect()
    }

    /// Uploads without a verdict, the oldest first.
    pub fn unchecked_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        self.0.prepare_cached(&format!("{UPLOAD} WHERE verdict IS NULL ORDER BY number"))?.query_map([], upload)?.collect()
    }

    /// Uploads that runs take in, in the order of their receipts: those checked and not refused.
    pub fn standing_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        let query = format!("{UPLOAD} WHERE verdict IN ('accepted', 'needs_correction') ORDER BY number");
        self.0.prepare_cached(&query)?.query_map([], upload)?.collect()
    }

    /// Whether an upload refers to the result of a check.
    pub fn is_result_in_use(&self, result: &str) -> Result<bool, LedgerError> {
        self.0.query_row("SELECT EXISTS (SELECT 1 FROM upload WHERE result = ?1)", [result], |row| row.get(0))
    }

    /// Keeps what a check came to.
    pub fn judge_upload(&self, id: &str, verdict: Verdict, tally: &Tally, result: &str, now: &str) -> Result<(), LedgerError> {
        let parts = serde_json::to_string(&tally.parts).map_err(|e| LedgerError::ToSqlConversionFailure(e.into()))?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.0
            .execute(
                "UPDATE upload SET verdict = ?2, checked = ?3, result = ?4, rows = ?5, errors = ?6, explains = ?7, open = ?8,
                 notes = ?9, parts = ?10 WHERE id = ?1",
                params![
                    id,
                    verdict.id(),
                    now,
                    result,
                    count(tally.rows),
                    count(tally.errors),
                    count(tally.explains),
                    count(tally.open),
                    count(tally.notes),
                    parts
                ],
            )
            .map(|_| ())
    }

    /// Takes a verdict back, so that the upload is checked again.
    pub fn unjudge_upload(&self, id: &str) -> Result<(), LedgerError> {
        self.0.execute("UPDATE upload SET verdict = NULL, checked = NULL, result = NULL WHERE id = ?1", [id]).map(|_| ())
    }

    /// Joins an upload to a series.
    pub fn join_series(&self, id: &str, series: &str) -> Result<(), LedgerError> {
        self.0.execute("UPDATE upload SET series = ?2 WHERE id = ?1", [id, series]).map(|_| ())
    }
}

/// Settles what became of an upload after something was said of it.
pub(super) fn settle(connection: &Connection, id: &str, verdict: Verdict, open: u64) -> Result<(), LedgerError> {
    let open = i64::try_from(open).unwrap_or(i64::MAX);
    connection.execute("UPDATE upload SET verdict = ?2, open = ?3 WHERE id = ?1", params![id, verdict.id(), open]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: By<'_> = By { account: "wang", role: "clerk", address: "", at: "2026-01-01T00:00:00+0800" };

    fn new(id: &str, source: &str, sha256: &str, part: &str) -> NewUpload {
        NewUpload {
            id: id.into(),
            source: source.into(),
            account: "wang".into(),
            name: format!("{part}.xlsx"),
            sha256: sha256.into(),
            bytes: 3,
            part: part.into(),
            replaces: None,
        }
    }

    #[test]
    fn every_sending_has_its_receipt_and_versions_join_a_series() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let sent = |ledger: &mut Ledger, new| ledger.add_uploads(&[new], BY).map(|mut ids| ids.remove(0));
        assert_eq!(sent(&mut ledger, new("a", "s", "1", "年报"))?, ("a".into(), true));
        assert_eq!(sent(&mut ledger, new("b", "s", "1", "年报"))?, ("b".into(), false), "the same content, a new receipt");
        assert_eq!(sent(&mut ledger, new("c", "s", "2", "年报"))?, ("c".into(), true));
        assert_eq!(sent(&mut ledger, new("d", "other", "1", "年报"))?, ("d".into(), true), "another source has its own receipt");
        let renamed = NewUpload { replaces: Some(("a".into(), vec![1])), ..new("e", "s", "3", "年报表") };
        sent(&mut ledger, renamed)?;
        let versions: Vec<_> = ledger.versions("a")?.into_iter().map(|u| (u.id, u.version, u.part)).collect();
        assert_eq!(versions, [("a", 1), ("b", 2), ("c", 3), ("e", 4)].map(|(id, v)| (id.to_owned(), v, "年报".to_owned())));
        assert_eq!(ledger.upload("d")?.map(|u| (u.series, u.number)), Some(("d".into(), 4)));
        let of_content: Vec<_> = ledger.uploads_of("s", "1")?.into_iter().map(|u| u.id).collect();
        assert_eq!(of_content, ["b", "a"]);
        let choices = ledger.choices()?;
        let said: Vec<_> = choices.iter().map(|(pair, form, _, said)| (pair, form, said.choice, said.account.as_str())).collect();
        assert_eq!(said, [((1, 5), "", Choice::Replace, "wang")]);
        Ok(())
    }

    #[test]
    fn only_what_is_checked_and_not_refused_enters_runs() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        ledger.add_uploads(&["a", "b", "c"].map(|id| new(id, "s", id, id)), BY)?;
        let tally = Tally {
            rows: 2,
            errors: 1,
            parts: vec![UploadPart { form: "returns".into(), period: Some(2025), rows: 2 }],
            ..Tally::default()
        };
        ledger.judge_upload("a", Verdict::NeedsCorrection, &tally, "a.json", "t")?;
        ledger.judge_upload("b", Verdict::Refused, &Tally::default(), "b.json", "t")?;
        let standing = ledger.standing_uploads()?;
        assert_eq!(standing.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(standing[0].tally, tally);
        assert_eq!(ledger.unchecked_uploads()?.len(), 1);
        ledger.unjudge_upload("b")?;
        assert_eq!(ledger.unchecked_uploads()?.len(), 2);
        Ok(())
    }
}
