//! The schema, one entry a version; entries are appended, never changed.

use super::LedgerError;
use crate::model::url;
use rusqlite::{Connection, Transaction};

/// Migrations from an empty database to the current schema.
pub const MIGRATIONS: [&str; 7] = [
    "
    CREATE TABLE receipt (
        sha256 TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, received TEXT NOT NULL,
        PRIMARY KEY (sha256, source, path)
    ) STRICT;
    CREATE TABLE http_source (
        url TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, etag TEXT, last_modified TEXT, received TEXT NOT NULL
    ) STRICT;
    CREATE TABLE run (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, as_of TEXT NOT NULL, started TEXT NOT NULL, finished TEXT NOT NULL,
        summary TEXT NOT NULL
    ) STRICT;
    ",
    "
    -- People. `source` is the source that a clerk sends; `failures` and `locked_until` belong to sign-in alone.
    -- `generation` grows with each change of password, role, source or state: sessions of an older one have ended.
    CREATE TABLE account (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, display TEXT NOT NULL, role TEXT NOT NULL, source TEXT,
        password TEXT NOT NULL, must_change INTEGER NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0, locked_until TEXT, generation INTEGER NOT NULL DEFAULT 0, created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE session (
        id TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER NOT NULL
    ) STRICT;
    -- Tokens of programs, and the one-time link of the first start; only their hashes are kept.
    CREATE TABLE token (
        id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, label TEXT NOT NULL, role TEXT NOT NULL, source TEXT,
        expires TEXT NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL, revoked INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE setup_link (
        sha256 TEXT PRIMARY KEY, created TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    -- Returns as bureaus sent them. `series` joins the versions of one return, `part` is the name without version mark;
    -- `verdict` is null until checked, `result` the file of what the check found.
    CREATE TABLE upload (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, account TEXT NOT NULL,
        name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, received TEXT NOT NULL, series TEXT NOT NULL,
        part TEXT NOT NULL, verdict TEXT, checked TEXT, result TEXT, rows INTEGER, errors INTEGER, explains INTEGER,
        open INTEGER, notes INTEGER, parts TEXT,
        UNIQUE (source, sha256)
    ) STRICT;
    CREATE INDEX upload_source ON upload (source, number);
    CREATE INDEX upload_series ON upload (series, number);
    -- Forms that arrived in folders and from addresses; period 0 stands for a standing list.
    CREATE TABLE arrival (
        source TEXT NOT NULL, sha256 TEXT NOT NULL, form TEXT NOT NULL, period INTEGER NOT NULL, rows INTEGER NOT NULL,
        received TEXT NOT NULL, PRIMARY KEY (source, sha256, form, period)
    ) STRICT;
    -- 情况说明: of a finding in a series, good as long as the value at its cell stays.
    CREATE TABLE explanation (
        id INTEGER PRIMARY KEY, series TEXT NOT NULL, finding TEXT NOT NULL, text TEXT NOT NULL, account TEXT NOT NULL,
        written TEXT NOT NULL
    ) STRICT;
    CREATE INDEX explanation_series ON explanation (series, finding);
    -- What the portal started: `outcome` is null while it runs.
    CREATE TABLE attempt (
        id INTEGER PRIMARY KEY AUTOINCREMENT, cause TEXT NOT NULL, account TEXT, due TEXT, started TEXT NOT NULL,
        finished TEXT, outcome TEXT, run TEXT, message TEXT
    ) STRICT;
    CREATE INDEX attempt_run ON attempt (run);
    CREATE TABLE adoption (
        run TEXT PRIMARY KEY, account TEXT NOT NULL, adopted TEXT NOT NULL, note TEXT NOT NULL
    ) STRICT;
    CREATE TABLE notice (
        id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, body TEXT NOT NULL, created TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, next_try TEXT NOT NULL, sent TEXT, given_up TEXT
    ) STRICT;
    -- What happened, each entry holding the hash of the one before it.
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL, action TEXT NOT NULL,
        object TEXT NOT NULL, detail TEXT NOT NULL, address TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_action ON audit (action);
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    ",
    "
    -- Sessions are known by the hash of their id, and end when nobody uses them; those of older versions have ended.
    DROP TABLE session;
    CREATE TABLE session (
        sha256 TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER NOT NULL, seen INTEGER NOT NULL
    ) STRICT;
    -- How often sign-in failed is no longer the account's, so that nobody can shut out its owner.
    ALTER TABLE account DROP COLUMN failures;
    ALTER TABLE account DROP COLUMN locked_until;
    -- When a one-time password was given.
    ALTER TABLE account ADD COLUMN given TEXT;
    UPDATE account SET given = strftime('%Y-%m-%dT%H:%M:%S+0800', 'now', '+8 hours') WHERE must_change <> 0;
    -- Signs what browsers are known by.
    CREATE TABLE browser_key (key BLOB NOT NULL) STRICT;
    INSERT INTO browser_key (key) VALUES (randomblob(32));
    ",
    "
    -- Every sending is a receipt of its own, of a folder's file and of an upload alike, the same content too.
    CREATE TABLE receipt_of_all (
        number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL,
        received TEXT NOT NULL
    ) STRICT;
    INSERT INTO receipt_of_all (sha256, source, path, bytes, received)
        SELECT sha256, source, path, bytes, received FROM receipt ORDER BY received, rowid;
    DROP TABLE receipt;
    ALTER TABLE receipt_of_all RENAME TO receipt;
    CREATE INDEX receipt_path ON receipt (source, path, number);
    CREATE TABLE arrival_of_all (
        source TEXT NOT NULL, sha256 TEXT NOT NULL, form TEXT NOT NULL, period INTEGER NOT NULL, rows INTEGER NOT NULL,
        received TEXT NOT NULL, PRIMARY KEY (source, sha256, form, period, received)
    ) STRICT;
    INSERT INTO arrival_of_all SELECT source, sha256, form, period, rows, received FROM arrival;
    DROP TABLE arrival;
    ALTER TABLE arrival_of_all RENAME TO arrival;
    CREATE TABLE upload_of_all (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, account TEXT NOT NULL,
        name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, received TEXT NOT NULL, series TEXT NOT NULL,
        part TEXT NOT NULL, verdict TEXT, checked TEXT, result TEXT, rows INTEGER, errors INTEGER, explains INTEGER,
        open INTEGER, notes INTEGER, parts TEXT
    ) STRICT;
    INSERT INTO upload_of_all (number, id, source, account, name, sha256, bytes, received, series, part, verdict, checked, result,
            rows, errors, explains, open, notes, parts)
        SELECT number, id, source, account, name, sha256, bytes, received, series, part, verdict, checked, result, rows, errors,
            explains, open, notes, parts FROM upload ORDER BY number;
    DROP TABLE upload;
    ALTER TABLE upload_of_all RENAME TO upload;
    CREATE INDEX upload_source ON upload (source, number);
    CREATE INDEX upload_series ON upload (series, number);
    CREATE INDEX upload_content ON upload (source, sha256);
    -- The records of an upload by form and period (0 for a standing list), as hashed keys.
    CREATE TABLE holding (
        upload INTEGER NOT NULL, form TEXT NOT NULL, period INTEGER NOT NULL, keys BLOB NOT NULL,
        PRIMARY KEY (upload, form, period)
    ) STRICT;
    -- What the records of two uploads of a source have in common.
    CREATE TABLE overlap (
        older INTEGER NOT NULL, newer INTEGER NOT NULL, form TEXT NOT NULL, period INTEGER NOT NULL, older_keys INTEGER NOT NULL,
        newer_keys INTEGER NOT NULL, common INTEGER NOT NULL, losses TEXT NOT NULL,
        PRIMARY KEY (older, newer, form, period)
    ) STRICT;
    CREATE INDEX overlap_newer ON overlap (newer);
    -- What somebody said of two uploads, of a form and period or of all (no form); the last word counts.
    CREATE TABLE choice (
        id INTEGER PRIMARY KEY, older INTEGER NOT NULL, newer INTEGER NOT NULL, form TEXT NOT NULL, period INTEGER NOT NULL,
        choice TEXT NOT NULL, account TEXT NOT NULL, chosen TEXT NOT NULL
    ) STRICT;
    ",
    "
    -- Files that the last run found in folders and at addresses, by their receipts. In `holding`, `overlap` and `choice`
    -- such a file goes by the number of its receipt below zero, an upload by its own.
    CREATE TABLE filed (receipt INTEGER PRIMARY KEY) STRICT;
    ",
    "
    -- What identifies the build that made a run; empty of runs before this. It stands in no file of the run, so that equal
    -- inputs keep giving equal bytes.
    ALTER TABLE run ADD COLUMN build TEXT NOT NULL DEFAULT '';
    ",
    "
    -- Waivers of criteria: `state` is asked, granted, refused or withdrawn.
    CREATE TABLE waiver (
        number INTEGER PRIMARY KEY AUTOINCREMENT, enterprise TEXT NOT NULL, name TEXT NOT NULL, criterion TEXT NOT NULL,
        reason TEXT NOT NULL, until TEXT NOT NULL, asked_by TEXT NOT NULL, asked TEXT NOT NULL, state TEXT NOT NULL,
        decided_by TEXT, decided TEXT
    ) STRICT;
    ",
];

/// The migration after which addresses stand in the ledger without what may be secret.
pub const NAMED_ADDRESSES: usize = 2;

/// Gives addresses the names that `model::url` makes of them; what is known of each stays.
pub fn name_addresses(transaction: &Transaction<'_>) -> Result<(), LedgerError> {
    let addresses: Vec<String> =
        transaction.prepare("SELECT url FROM http_source")?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    for address in addresses {
        transaction.execute("UPDATE OR REPLACE http_source SET url = ?2 WHERE url = ?1", [&address, &url::name(&address)])?;
    }
    Ok(())
}

/// Writes the file anew, so that nothing of what was there lies between its pages or in its log.
pub fn wipe(connection: &Connection) {
    if let Err(error) = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "what was deleted from the ledger may still lie in its file");
    }
}
