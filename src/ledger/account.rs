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
    /// When its one-time password was given.
    pub given: Option<String>,
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

pub(super) const ACCOUNT: &str = "SELECT id, name, display, role, source, password, must_change, disabled, given, generation FROM account";
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
        given: row.get(8)?,
        generation: row.get(9)?,
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
        "INSERT OR IGNORE INTO account (name, display, role, source, password, must_change, created, given)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![new.name, new.display, new.role.id(), new.source, new.password, new.must_change, now, new.must_change.then_some(now)],
    )?;
    Ok((added == 1).then(|| connection.last_insert_rowid()))
}

/// Sets a password and ends the account's sessions; `given` is the moment of one that must be changed.
pub(super) fn update_password(connection: &Connection, id: i64, password: &str, given: Option<&str>) -> Result<(), LedgerError> {
    let sql = "UPDATE account SET password = ?2, must_change = ?3 IS NOT NULL, given = ?3, generation = generation + 1 WHERE id = ?1";
    connection.execute(sql, params![id, password, given]).map(|_| ())
}

/// Whether a one-time link still counts.
pub(super) fn setup_link_counts(connection: &Connection, sha256: &str, after: &str) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM setup_link WHERE sha256 = ?1 AND used = 0 AND created > ?2";
    connection.query_row(sql, [sha256, after], |_| Ok(())).optional().map(|found| found.is_some())
}

impl Account {
    /// Whether its password is one for one time, given before a moment.
    pub fn lapsed(&self, before: &str) -> bool {
        self.must_change && self.given.as_deref().is_some_and(|given| given <= before)
    }
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

    /// Whether a one-time link still counts: it was not used, and made after a moment.
    pub fn setup_link_counts(&self, sha256: &str, after: &str) -> Result<bool, LedgerError> {
        setup_link_counts(&self.0, sha256, after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_was_given_out_lapses_and_one_of_ones_own_does_not() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let new = NewAccount { name: "wang", display: "wang", role: Role::Auditor, source: None, password: "x", must_change: true };
        let id = ledger.add_account(&new, "2026-01-01T08:00:00+0800")?.ok_or("a name that is taken")?;
        let lapsed = |before: &str| ledger.account(id).map(|a| a.is_some_and(|a| a.lapsed(before)));
        assert!(!lapsed("2026-01-01T07:59:59+0800")? && lapsed("2026-01-01T08:00:00+0800")?);
        update_password(&ledger.0, id, "own", None)?;
        assert!(!lapsed("2036-01-01T08:00:00+0800")?);
        Ok(())
    }
}
