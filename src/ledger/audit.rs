//! The audit log: append-only, each entry holding the hash of the one before it.
//!
//! An entry's hash is SHA-256 over its fields and the hash before it, each field preceded by its length, so that no two
//! different entries give the same bytes. A changed or missing entry breaks the chain; what was cut off at the end shows
//! in the number and hash of the last entry, which are anchored by day (`anchor`) and printed for keeping elsewhere.

use super::{Anchor, Ledger, LedgerError};
use crate::model::text::hex;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// The hash before the first entry.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who makes a change, and when: a change stands in one transaction with its entry here, so that none is without.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Name of the account, or `command_line`.
    pub account: &'a str,
    /// The role in which it is done.
    pub role: &'a str,
    /// The address that it comes from.
    pub address: &'a str,
    /// When.
    pub at: &'a str,
}

/// Something that happened, to be noted.
#[derive(Debug, Clone, Default)]
pub struct NewEntry<'a> {
    /// Who: an account's name, a token's label, `system`.
    pub account: &'a str,
    /// The role in which it was done.
    pub role: &'a str,
    /// What was done, such as `upload` or `sign_in`.
    pub action: &'a str,
    /// To what: an id.
    pub object: &'a str,
    /// Further facts; never the content of a file.
    pub detail: &'a str,
    /// The address that it came from.
    pub address: &'a str,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEntry {
    /// Number, from 1 without gaps.
    pub number: i64,
    /// When, in Asia/Shanghai.
    pub at: String,
    /// Who.
    pub account: String,
    /// The role in which it was done.
    pub role: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Further facts.
    pub detail: String,
    /// The address that it came from.
    pub address: String,
    /// Hash of the entry before.
    pub previous: String,
    /// Hash of this entry.
    pub hash: String,
}

impl ChainEntry {
    fn computed(&self) -> String {
        let mut hasher = Sha256::new();
        let number = self.number.to_string();
        for field in [&number, &self.at, &self.account, &self.role, &self.action, &self.object, &self.detail, &self.address, &self.previous]
        {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Number of the first entry that does not fit.
    pub number: i64,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter<'a> {
    /// Only of this account.
    pub account: Option<&'a str>,
    /// Only this action.
    pub action: Option<&'a str>,
    /// Only with this in object, detail or address.
    pub text: Option<&'a str>,
    /// Only from this moment.
    pub from: Option<&'a str>,
    /// Only before this moment.
    pub until: Option<&'a str>,
}

const ENTRY: &str = "SELECT number, at, account, role, action, object, detail, address, previous, hash FROM audit";
const WHERE: &str = "WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR action = ?2)
    AND (?3 IS NULL OR instr(object, ?3) > 0 OR instr(detail, ?3) > 0 OR instr(address, ?3) > 0) AND (?4 IS NULL OR at >= ?4) AND (?5 IS NULL OR at < ?5)";

fn entry(row: &Row<'_>) -> Result<ChainEntry, LedgerError> {
    Ok(ChainEntry {
        number: row.get(0)?,
        at: row.get(1)?,
        account: row.get(2)?,
        role: row.get(3)?,
        action: row.get(4)?,
        object: row.get(5)?,
        detail: row.get(6)?,
        address: row.get(7)?,
        previous: row.get(8)?,
        hash: row.get(9)?,
    })
}

/// Notes a change within its transaction.
pub(super) fn noted(connection: &Connection, by: By<'_>, action: &str, object: &str, detail: &str) -> Result<(), LedgerError> {
    append(connection, &NewEntry { account: by.account, role: by.role, action, object, detail, address: by.address }, by.at)
}

/// Appends an entry within a transaction that has the ledger to itself.
fn append(connection: &Connection, new: &NewEntry<'_>, at: &str) -> Result<(), LedgerError> {
    let last: Option<(i64, String)> = connection
        .query_row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (number, previous) = last.unwrap_or_else(|| (0, START.to_owned()));
    let mut entry = ChainEntry {
        number: number + 1,
        at: at.to_owned(),
        account: new.account.to_owned(),
        role: new.role.to_owned(),
        action: new.action.to_owned(),
        object: new.object.to_owned(),
        detail: new.detail.to_owned(),
        address: new.address.to_owned(),
        previous,
        hash: String::new(),
    };
    entry.hash = entry.computed();
    connection.execute(
        "INSERT INTO audit (number, at, account, role, action, object, detail, address, previous, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            entry.number,
            entry.at,
            entry.account,
            entry.role,
            entry.action,
            entry.object,
            entry.detail,
            entry.address,
            entry.previous,
            entry.hash
        ],
    )?;
    Ok(())
}

impl Ledger {
    /// Appends an entry.
    pub fn note(&mut self, new: &NewEntry<'_>, at: &str) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        append(&transaction, new, at)?;
        transaction.commit()
    }

    /// Entries that pass a filter, newest first, and how many there are in all.
    pub fn audit(&self, filter: &AuditFilter<'_>, offset: u64, limit: u64) -> Result<(Vec<ChainEntry>, u64), LedgerError> {
        let arguments = params![filter.account, filter.action, filter.text, filter.from, filter.until];
        let total: i64 = self.0.query_row(&format!("SELECT count(*) FROM audit {WHERE}"), arguments, |r| r.get(0))?;
        let page = format!("{ENTRY} {WHERE} ORDER BY number DESC LIMIT {limit} OFFSET {offset}");
        let entries = self.0.prepare_cached(&page)?.query_map(arguments, entry)?.collect::<Result<_, _>>()?;
        Ok((entries, total.unsigned_abs()))
    }

    /// Hands every entry that passes a filter to `take`, oldest first; gives how many there were.
    pub fn each_entry<E: From<LedgerError>>(
        &self,
        filter: &AuditFilter<'_>,
        mut take: impl FnMut(ChainEntry) -> Result<(), E>,
    ) -> Result<u64, E> {
        let arguments = params![filter.account, filter.action, filter.text, filter.from, filter.until];
        let mut statement = self.0.prepare(&format!("{ENTRY} {WHERE} ORDER BY number"))?;
        let mut count = 0;
        for entry in statement.query_map(arguments, entry)? {
            take(entry?)?;
            count += 1;
        }
        Ok(count)
    }

    /// The last entry, if there is one.
    pub fn last_entry(&self) -> Result<Option<Anchor>, LedgerError> {
        let last = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
        self.0.query_row(last, [], |r| Ok(Anchor { number: r.get(0)?, hash: r.get(1)? })).optional()
    }

    /// Whether an entry is there with this very hash.
    pub fn has_entry(&self, anchor: &Anchor) -> Result<bool, LedgerError> {
        Ok(self.audit_hash(anchor.number)?.as_ref() == Some(&anchor.hash))
    }

    /// The hash of an entry.
    fn audit_hash(&self, number: i64) -> Result<Option<String>, LedgerError> {
        self.0.query_row("SELECT hash FROM audit WHERE number = ?1", [number], |r| r.get(0)).optional()
    }

    /// Objects of all entries of an action, oldest first.
    pub fn audit_objects(&self, action: &str) -> Result<Vec<String>, LedgerError> {
        self.0.prepare("SELECT object FROM audit WHERE action = ?1 ORDER BY number")?.query_map([action], |r| r.get(0))?.collect()
    }

    /// The actions that were ever noted.
    pub fn audit_actions(&self) -> Result<Vec<String>, LedgerError> {
        self.0.prepare("SELECT DISTINCT action FROM audit ORDER BY action")?.query_map([], |r| r.get(0))?.collect()
    }

    /// Checks the chain behind an entry that is known to be good, or the whole of it: the number and hash of its last
    /// entry, or where it does not hold.
    pub fn verify_audit(&self, known: Option<&(i64, String)>) -> Result<Result<(i64, String), Broken>, LedgerError> {
        // A log that was empty when it was last read vouches for nothing.
        let known = known.filter(|(number, _)| *number > 0);
        let mut last = known.cloned().unwrap_or_else(|| (0, START.to_owned()));
        if let Some((number, hash)) = known {
            let stands: Option<ChainEntry> = self.0.query_row(&format!("{ENTRY} WHERE number = ?1"), [number], entry).optional()?;
            if !stands.is_some_and(|e| e.hash == *hash && e.computed() == *hash) {
                return Ok(Err(Broken { number: *number }));
            }
        }
        let mut statement = self.0.prepare(&format!("{ENTRY} WHERE number > ?1 OR number <= 0 ORDER BY number"))?;
        for entry in statement.query_map([last.0], entry)? {
            let entry = entry?;
            if entry.number != last.0 + 1 || entry.previous != last.1 || entry.hash != entry.computed() {
                return Ok(Err(Broken { number: last.0 + 1 }));
            }
            last = (entry.number, entry.hash);
        }
        Ok(Ok(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_entry_breaks_the_chain() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ledger.sqlite");
        let mut ledger = Ledger::open(&path)?;
        let empty = ledger.verify_audit(None)?.ok();
        for object in ["a", "b", "c"] {
            ledger.note(&NewEntry { account: "wang", action: "upload", object, ..NewEntry::default() }, "2026-01-01")?;
        }
        assert_eq!(ledger.verify_audit(None)?.map(|(number, _)| number), Ok(3));
        assert_eq!(ledger.verify_audit(empty.as_ref())?.map(|(number, _)| number), Ok(3), "a log read while it was empty");
        assert!(ledger.0.execute("UPDATE audit SET object = 'x' WHERE number = 2", []).is_err(), "the ledger refuses");
        assert!(ledger.0.execute("DELETE FROM audit WHERE number = 3", []).is_err(), "the ledger refuses");
        // Somebody with the file and a tool of his own.
        ledger.0.execute_batch("DROP TRIGGER audit_is_never_changed; UPDATE audit SET object = 'x' WHERE number = 2")?;
        assert_eq!(ledger.verify_audit(None)?, Err(Broken { number: 2 }));
        let mut seen = Vec::new();
        let all = ledger.each_entry::<LedgerError>(&AuditFilter::default(), |e| {
            seen.push((e.number, e.hash));
            Ok(())
        })?;
        assert_eq!((all, seen.iter().map(|s| s.0).collect::<Vec<_>>()), (3, vec![1, 2, 3]));
        assert_eq!(ledger.verify_audit(seen.get(2))?.map(|(n, _)| n), Ok(3), "what lies before a known entry is not read again");
        assert_eq!(ledger.verify_audit(seen.get(1))?, Err(Broken { number: 2 }), "a known entry itself is");
        let filter = AuditFilter { text: Some("c"), ..AuditFilter::default() };
        assert_eq!(ledger.audit(&filter, 0, 10)?.1, 1);
        Ok(())
    }
}
