//! Accounts of people and tokens of programs.

use super::{Ledger, LedgerError};
use crate::model::role::Role;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Number.
    pub id: i64,
    /// What is typed to sign in.
    pub name: String,
    /// What pages show.
    pub display: String,
    /// Role.
    pub role: Role,
    /// The source whose returns a clerk sends.
    pub source: Option<String>,
    /// PHC string of the password (argon2id).
    pub password: String,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
    /// Whether the account may not sign in.
    pub disabled: bool,
    /// Failed sign-ins in a row.
    pub failures: u32,
    /// Until when no sign-in is tried.
    pub locked_until: Option<String>,
    /// Grows with each change that ends sessions.
    pub generation: i64,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// What is typed to sign in.
    pub name: &'a str,
    /// What pages show.
    pub display: &'a str,
    /// Role.
    pub role: Role,
    /// The source whose returns a clerk sends.
    pub source: Option<&'a str>,
    /// PHC string of the password.
    pub password: &'a str,
    /// Whether it must be changed at the first sign-in.
    pub must_change: bool,
}

/// A program's token; its text is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Number.
    pub id: i64,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// The source, if it acts as a clerk.
    pub source: Option<String>,
    /// Last moment at which it counts.
    pub expires: String,
    /// Who made it.
    pub created_by: String,
    /// Whether it was withdrawn.
    pub revoked: bool,
}

pub(super) const ACCOUNT: &str =
    "SELECT id, name, display, role, source, password, must_change, disabled, failures, locked_until, generation FROM account";
pub(super) const TOKEN: &str = "SELECT id, label, role, source, expires, created_by, revoked FROM token";

pub(super) fn account(row: &Row<'_>) -> Result<Account, LedgerError> {
    Ok(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        display: row.get(2)?,
        role: role(row, 3)?,
        source: row.get(4)?,
        password: row.get(5)?,
        must_change: row.get(6)?,
        disabled: row.get(7)?,
        failures: row.get(8)?,
        locked_until: row.get(9)?,
        generation: row.get(10)?,
    })
}

pub(super) fn token(row: &Row<'_>) -> Result<Token, LedgerError> {
    Ok(Token {
        id: row.get(0)?,
        label: row.get(1)?,
        role: role(row, 2)?,
        source: row.get(3)?,
        expires: row.get(4)?,
        created_by: row.get(5)?,
        revoked: row.get(6)?,
    })
}

fn role(row: &Row<'_>, column: usize) -> Result<Role, LedgerError> {
    let id: String = row.get(column)?;
    Role::from_id(&id).ok_or_else(|| LedgerError::InvalidColumnType(column, id, rusqlite::types::Type::Text))
}

pub(super) fn insert_account(connection: &Connection, new: &NewAccount<'_>, now: &str) -> Result<Option<i64>, LedgerError> {
    let added = connection.execute(
        "INSERT OR IGNORE INTO account (name, display, role, source, password, must_change, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![new.name, new.display, new.role.id(), new.source, new.password, new.must_change, now],
    )?;
    Ok((added == 1).then(|| connection.last_insert_rowid()))
}

pub(super) fn update_password(connection: &Connection, id: i64, password: &str, must_change: bool) -> Result<(), LedgerError> {
    connection
        .execute(
            "UPDATE account SET password = ?2, must_change = ?3, failures = 0, locked_until = NULL, generation = generation + 1
             WHERE id = ?1",
            params![id, password, must_change],
        )
        .map(|_| ())
}

impl Ledger {
    /// Makes an account; nothing if the name is taken.
    pub fn add_account(&self, new: &NewAccount<'_>, now: &str) -> Result<Option<i64>, LedgerError> {
        insert_account(&self.0, new, now)
    }

    /// An account by its number.
    pub fn account(&self, id: i64) -> Result<Option<Account>, LedgerError> {
        self.0.query_row(&format!("{ACCOUNT} WHERE id = ?1"), [id], account).optional()
    }

    /// An account by its name.
    pub fn account_named(&self, name: &str) -> Result<Option<Account>, LedgerError> {
        self.0.query_row(&format!("{ACCOUNT} WHERE name = ?1"), [name], account).optional()
    }

    /// All accounts, by name.
    pub fn accounts(&self) -> Result<Vec<Account>, LedgerError> {
        self.0.prepare_cached(&format!("{ACCOUNT} ORDER BY name"))?.query_map([], account)?.collect()
    }

    /// Sets a password and forgets failed sign-ins.
    pub fn set_password(&self, id: i64, password: &str, must_change: bool) -> Result<(), LedgerError> {
        update_password(&self.0, id, password, must_change)
    }

    /// Notes a failed sign-in; after so many none is tried until a moment.
    pub fn note_failure(&self, id: i64, tries: u32, until: &str) -> Result<(), LedgerError> {
        let sql = "UPDATE account SET failures = failures + 1,
            locked_until = CASE WHEN failures + 1 >= ?2 THEN ?3 ELSE locked_until END WHERE id = ?1";
        self.0.execute(sql, params![id, tries, until]).map(|_| ())
    }

    /// Forgets failed sign-ins; false if others have locked the account since it was read.
    pub fn note_success(&self, id: i64, now: &str) -> Result<bool, LedgerError> {
        let sql = "UPDATE account SET failures = 0, locked_until = NULL
            WHERE id = ?1 AND (locked_until IS NULL OR locked_until <= ?2)";
        self.0.execute(sql, params![id, now]).map(|changed| changed > 0)
    }

    /// The token with this hash, if it still counts at `now`.
    pub fn token(&self, sha256: &str, now: &str) -> Result<Option<Token>, LedgerError> {
        self.0.query_row(&format!("{TOKEN} WHERE sha256 = ?1 AND revoked = 0 AND expires > ?2"), [sha256, now], token).optional()
    }

    /// All tokens, newest first.
    pub fn tokens(&self) -> Result<Vec<Token>, LedgerError> {
        self.0.prepare_cached(&format!("{TOKEN} ORDER BY id DESC"))?.query_map([], token)?.collect()
    }

    /// Keeps the hash of a new one-time link; older ones no longer count.
    pub fn keep_setup_link(&self, sha256: &str, now: &str) -> Result<(), LedgerError> {
        self.0.execute("UPDATE setup_link SET used = 1", [])?;
        self.0.execute("INSERT INTO setup_link (sha256, created) VALUES (?1, ?2)", [sha256, now]).map(|_| ())
    }

    /// Whether a one-time link still counts.
    pub fn setup_link_counts(&self, sha256: &str) -> Result<bool, LedgerError> {
        let found = self.0.query_row("SELECT 1 FROM setup_link WHERE sha256 = ?1 AND used = 0", [sha256], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    /// Uses up all one-time links.
    pub fn use_setup_links(&self) -> Result<(), LedgerError> {
        self.0.execute("UPDATE setup_link SET used = 1", []).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_beside_each_other_neither_clear_a_lock_nor_pass_it() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let new = NewAccount { name: "wang", display: "wang", role: Role::Auditor, source: None, password: "x", must_change: false };
        let id = ledger.add_account(&new, "2026-01-01T08:00:00+0800")?.ok_or("a name that is taken")?;
        let locked = |ledger: &Ledger| Ok::<_, LedgerError>(ledger.account(id)?.and_then(|a| a.locked_until));
        for _ in 0..4 {
            ledger.note_failure(id, 5, "2026-01-01T08:15:00+0800")?;
        }
        assert_eq!(locked(&ledger)?, None);
        ledger.note_failure(id, 5, "2026-01-01T08:15:00+0800")?;
        ledger.note_failure(id, 5, "2026-01-01T08:15:01+0800")?;
        assert_eq!(locked(&ledger)?.as_deref(), Some("2026-01-01T08:15:01+0800"));
        assert!(!ledger.note_success(id, "2026-01-01T08:01:00+0800")?, "a right guess among them");
        assert!(ledger.note_success(id, "2026-01-01T08:16:00+0800")?);
        assert_eq!(locked(&ledger)?, None);
        Ok(())
    }
}
