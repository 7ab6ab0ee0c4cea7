//! Changes of accounts and tokens: each in one transaction with its entry of the audit log, so that none is without.

use super::account::{ACCOUNT, TOKEN, account, insert_account, setup_link_counts, token, update_password};
use super::audit::noted;
use super::{Account, By, Ledger, LedgerError, NewAccount, Token};
use crate::model::role::Role;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// What an account is to be.
#[derive(Debug, Clone)]
pub struct AccountChange<'a> {
    /// What pages show.
    pub display: &'a str,
    /// Role.
    pub role: Role,
    /// The source whose returns a clerk sends.
    pub source: Option<&'a str>,
    /// Whether the account may not sign in.
    pub disabled: bool,
}

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMade {
    /// The name is taken.
    Taken,
    /// There is no such account or token.
    Unknown,
    /// Nobody could manage accounts any more.
    LastAdministrator,
}

/// What became of a change.
pub type Made<T> = Result<Result<T, NotMade>, LedgerError>;

impl Ledger {
    /// Makes an account.
    pub fn create_account(&mut self, new: &NewAccount<'_>, by: By<'_>) -> Made<i64> {
        self.alone(|t| {
            let Some(id) = insert_account(t, new, by.at)? else { return Ok(Err(NotMade::Taken)) };
            // An administrator made otherwise needs no one-time link.
            if new.role == Role::Administrator {
                t.execute("UPDATE setup_link SET used = 1", [])?;
            }
            noted(t, by, "account_added", new.name, &facts(new.role, new.source, None))?;
            Ok(Ok(id))
        })
    }

    /// Makes the first administrator by a link that counts if it is of after a moment; every link is used up by it.
    pub fn create_first(&mut self, link: &str, after: &str, new: &NewAccount<'_>, by: By<'_>) -> Made<i64> {
        self.alone(|t| {
            if !setup_link_counts(t, link, after)? {
                return Ok(Err(NotMade::Unknown));
            }
            let Some(id) = insert_account(t, new, by.at)? else { return Ok(Err(NotMade::Taken)) };
            t.execute("UPDATE setup_link SET used = 1", [])?;
            noted(t, by, "account_added", new.name, &facts(new.role, new.source, None))?;
            Ok(Ok(id))
        })
    }

    /// Sets a password of one's own; gives the account as it is then.
    pub fn change_password(&mut self, id: i64, password: &str, by: By<'_>) -> Made<Account> {
        self.alone(|t| {
            update_password(t, id, password, None)?;
            let Some(account) = find(t, id)? else { return Ok(Err(NotMade::Unknown)) };
            noted(t, by, "password", &account.name, "")?;
            Ok(Ok(account))
        })
    }

    /// Changes what an account is; gives what it was.
    pub fn change_account(&mut self, id: i64, change: &AccountChange<'_>, by: By<'_>) -> Made<Account> {
        self.alone(|t| {
            let Some(was) = find(t, id)? else { return Ok(Err(NotMade::Unknown)) };
            let manages = |role: Role, disabled: bool| role == Role::Administrator && !disabled;
            if manages(was.role, was.disabled) && !manages(change.role, change.disabled) && administrators(t)? < 2 {
                return Ok(Err(NotMade::LastAdministrator));
            }
            t.execute(
                "UPDATE account SET display = ?2, role = ?3, source = ?4, disabled = ?5,
                     generation = generation + (role <> ?3 OR source IS NOT ?4 OR disabled <> ?5) WHERE id = ?1",
                params![id, change.display, change.role.id(), change.source, change.disabled],
            )?;
            noted(t, by, "account_changed", &was.name, &facts(change.role, change.source, Some(change.disabled)))?;
            Ok(Ok(was))
        })
    }

    /// Gives an account a password that must be changed at the next sign-in.
    pub fn reset_account(&mut self, id: i64, password: &str, by: By<'_>) -> Made<Account> {
        self.alone(|t| {
            let Some(account) = find(t, id)? else { return Ok(Err(NotMade::Unknown)) };
            update_password(t, id, password, Some(by.at))?;
            noted(t, by, "account_reset", &account.name, "")?;
            Ok(Ok(account))
        })
    }

    /// Makes a token, known by the hash of its text.
    pub fn create_token(&mut self, sha256: &str, new: &Token, by: By<'_>) -> Made<i64> {
        self.alone(|t| {
            let taken = t.query_row("SELECT 1 FROM token WHERE label = ?1", [&new.label], |_| Ok(())).optional()?;
            if taken.is_some() {
                return Ok(Err(NotMade::Taken));
            }
            t.execute(
                "INSERT INTO token (sha256, label, role, source, expires, created, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![sha256, new.label, new.role.id(), new.source, new.expires, by.at, new.created_by],
            )?;
            let id = t.last_insert_rowid();
            let detail = format!("{} expires={}", facts(new.role, new.source.as_deref(), None), new.expires);
            noted(t, by, "token_added", &new.label, &detail)?;
            Ok(Ok(id))
        })
    }

    /// Withdraws a token.
    pub fn revoke_token(&mut self, id: i64, by: By<'_>) -> Made<Token> {
        self.alone(|t| {
            let found = t.query_row(&format!("{TOKEN} WHERE id = ?1 AND revoked = 0"), [id], token).optional()?;
            let Some(was) = found else { return Ok(Err(NotMade::Unknown)) };
            t.execute("UPDATE token SET revoked = 1 WHERE id = ?1", [id])?;
            noted(t, by, "token_revoked", &was.label, "")?;
            Ok(Ok(was))
        })
    }

    /// Does all of it or nothing.
    fn alone<T>(&mut self, act: impl FnOnce(&Transaction<'_>) -> Made<T>) -> Made<T> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made = act(&transaction)?;
        if made.is_ok() {
            transaction.commit()?;
        }
        Ok(made)
    }
}

fn find(connection: &Connection, id: i64) -> Result<Option<Account>, LedgerError> {
    connection.query_row(&format!("{ACCOUNT} WHERE id = ?1"), [id], account).optional()
}

/// Accounts that can manage accounts.
fn administrators(connection: &Connection) -> Result<i64, LedgerError> {
    connection.query_row("SELECT count(*) FROM account WHERE role = ?1 AND disabled = 0", [Role::Administrator.id()], |r| r.get(0))
}

/// What an account or token is, as the log keeps it: `role=clerk source=statistics`.
fn facts(role: Role, source: Option<&str>, disabled: Option<bool>) -> String {
    let mut facts = vec![format!("role={}", role.id())];
    facts.extend(source.map(|s| format!("source={s}")));
    facts.extend(disabled.map(|d| format!("disabled={d}")));
    facts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: By<'_> = By { account: "root", role: "administrator", address: "-", at: "2026-07-01T08:00:00+0800" };

    fn new<'a>(name: &'a str, role: Role) -> NewAccount<'a> {
        NewAccount { name, display: name, role, source: None, password: "phc", must_change: true }
    }

    fn open() -> Result<(tempfile::TempDir, Ledger), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        Ok((folder, ledger))
    }

    #[test]
    fn somebody_can_always_manage_accounts() -> Result<(), Box<dyn std::error::Error>> {
        let (_folder, mut ledger) = open()?;
        let anna = ledger.create_account(&new("anna", Role::Administrator), BY)?.map_err(|e| format!("{e:?}"))?;
        let kept = AccountChange { display: "Anna", role: Role::Administrator, source: None, disabled: false };
        let disabled = AccountChange { disabled: true, ..kept.clone() };
        let lowered = AccountChange { role: Role::Operator, ..kept.clone() };
        for change in [&disabled, &lowered] {
            assert_eq!(ledger.change_account(anna, change, BY)?.err(), Some(NotMade::LastAdministrator));
        }
        assert!(ledger.change_account(anna, &kept, BY)?.is_ok(), "a new name to show takes nothing away");
        let bert = ledger.create_account(&new("bert", Role::Administrator), BY)?.map_err(|e| format!("{e:?}"))?;
        assert!(ledger.change_account(anna, &disabled, BY)?.is_ok());
        assert_eq!(ledger.change_account(bert, &lowered, BY)?.err(), Some(NotMade::LastAdministrator), "a disabled one does not count");
        assert_eq!(ledger.create_account(&new("ANNA", Role::Clerk), BY)?.err(), Some(NotMade::Taken), "case does not tell people apart");
        Ok(())
    }

    #[test]
    fn a_change_of_rights_ends_sessions_and_is_noted_with_it() -> Result<(), Box<dyn std::error::Error>> {
        let (_folder, mut ledger) = open()?;
        let id = ledger.create_account(&new("wang", Role::Operator), BY)?.map_err(|e| format!("{e:?}"))?;
        let generation = |l: &Ledger| l.account(id).map(|a| a.map(|a| a.generation));
        let same = AccountChange { display: "王", role: Role::Operator, source: None, disabled: false };
        assert!(ledger.change_account(id, &same, BY)?.is_ok());
        assert_eq!(generation(&ledger)?, Some(0), "what pages show is no right");
        assert!(ledger.change_account(id, &AccountChange { role: Role::Member, ..same.clone() }, BY)?.is_ok());
        assert!(ledger.change_account(id, &AccountChange { role: Role::Member, disabled: true, ..same }, BY)?.is_ok());
        assert!(ledger.reset_account(id, "other", BY)?.is_ok());
        assert_eq!(generation(&ledger)?, Some(3));
        let mut noted = Vec::new();
        ledger.each_entry::<LedgerError>(&crate::ledger::AuditFilter::default(), |e| {
            noted.push(format!("{} {} {}", e.action, e.object, e.detail));
            Ok(())
        })?;
        assert_eq!(noted[0], "account_added wang role=operator");
        assert_eq!(noted[3], "account_changed wang role=member disabled=true");
        assert_eq!(noted[4], "account_reset wang ");
        Ok(())
    }

    #[test]
    fn a_withdrawn_or_expired_token_no_longer_counts() -> Result<(), Box<dyn std::error::Error>> {
        let (_folder, mut ledger) = open()?;
        let token = Token {
            id: 0,
            label: "nightly".into(),
            role: Role::Operator,
            source: None,
            expires: "2026-08-01T00:00:00+0800".into(),
            created_by: "root".into(),
            revoked: false,
        };
        let id = ledger.create_token("hash", &token, BY)?.map_err(|e| format!("{e:?}"))?;
        assert_eq!(ledger.create_token("other", &token, BY)?.err(), Some(NotMade::Taken), "the log knows tokens by their names");
        assert!(ledger.token("hash", "2026-07-31T00:00:00+0800")?.is_some());
        assert!(ledger.token("hash", "2026-08-01T00:00:00+0800")?.is_none());
        assert!(ledger.revoke_token(id, BY)?.is_ok());
        assert!(ledger.token("hash", "2026-07-31T00:00:00+0800")?.is_none());
        assert_eq!(ledger.revoke_token(id, BY)?.err(), Some(NotMade::Unknown));
        Ok(())
    }
}
