//! What the rule of standing needs of sendings: what their parts have in common, and what was said of pairs of them.
//!
//! A sending is an upload or a file that the last run found in a folder or at an address: the one goes by the number of its
//! receipt, the other by that number below zero. The keys of a part are kept as hashes; what two parts share is counted
//! once, when an upload's check or a run ends, so that pages read numbers alone.

use super::audit::noted;
use super::{By, Ledger, LedgerError, Upload};
use crate::model::record_key::RecordKey;
use crate::model::standing::{Choice, Keyed, Overlap};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::collections::{BTreeMap, HashMap};

/// A form and period of a sending, with the keys of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The form's id.
    pub form: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// Its records.
    pub keys: Vec<RecordKey>,
}

/// What somebody said of two uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What the newer is to the older.
    pub choice: Choice,
    /// Who said it.
    pub account: String,
    /// When.
    pub at: String,
}

/// Older and newer receipt.
pub type Pair = (i64, i64);

/// What was said last of each pair of uploads: of a form and period, or of all that they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices(BTreeMap<(Pair, String, Option<i32>), Said>);

impl Choices {
    /// What was said of a form and period of a pair, else of the pair as a whole.
    pub fn of(&self, pair: Pair, form: &str, period: Option<i32>) -> Option<&Said> {
        let whole = || self.0.get(&(pair, String::new(), None));
        self.0.get(&(pair, form.to_owned(), period)).or_else(whole)
    }

    /// The older uploads of which it was said as a whole that one takes their place.
    pub fn replaced_by(&self, newer: i64) -> impl Iterator<Item = i64> {
        let whole = self.iter().filter(move |(pair, form, ..)| pair.1 == newer && form.is_empty());
        whole.filter(|(.., said)| said.choice == Choice::Replace).map(|(pair, ..)| pair.0)
    }

    /// All of it: pair, form (empty of the whole), period.
    pub fn iter(&self) -> impl Iterator<Item = (Pair, &str, Option<i32>, &Said)> {
        self.0.iter().map(|((pair, form, period), said)| (*pair, form.as_str(), *period, said))
    }
}

/// What is known of pairs of sendings.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// What was said last of each pair.
    pub said: Choices,
    /// What two parts share, by pair, form and period: of two uploads as they were received, else either way round.
    pub overlaps: HashMap<(Pair, String, Option<i32>), Overlap>,
    /// The forms and periods of sendings whose records are known.
    pub held: HashMap<i64, Vec<(String, Option<i32>)>>,
}

/// A file that the last run found in a folder or at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReturn {
    /// Number of its receipt, below zero.
    pub number: i64,
    /// Its source.
    pub source: String,
    /// Its path below the inputs, or its address.
    pub path: String,
    /// When it was received.
    pub received: String,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
    /// The forms that it holds.
    pub forms: Vec<String>,
}

impl FiledReturn {
    /// The file's own name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// No period is kept as zero, since nulls are never equal.
fn stored(period: Option<i32>) -> i32 {
    period.unwrap_or(0)
}

fn period(row: &Row<'_>, column: usize) -> Result<Option<i32>, LedgerError> {
    Ok(Some(row.get(column)?).filter(|period| *period != 0))
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Ledger {
    /// Keeps the keys of an upload's records, and what they share with those of every other upload of its source: before
    /// its verdict, so that of two checks that end together the later finds the earlier's. A refused one holds nothing.
    pub fn hold(&mut self, id: &str, holdings: &[Holding]) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT number, source FROM upload WHERE id = ?1";
        let found: Option<(i64, String)> = transaction.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((number, source)) = found {
            hold(&transaction, number, &source, holdings)?;
        }
        transaction.commit()
    }

    /// Keeps which files a run found in folders and at addresses, each by source and path with what it holds: those of the
    /// run before that are no longer there hold nothing.
    pub fn file(&mut self, files: &[(String, String, Vec<Holding>)]) -> Result<(), LedgerError> {
        let mut standing = BTreeMap::new();
        for (source, path, holdings) in files {
            standing.extend(self.receipt(source, path)?.map(|(receipt, _)| (receipt, (source, holdings))));
        }
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = transaction.prepare("SELECT receipt FROM filed")?.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        for receipt in known.into_iter().filter(|receipt| !standing.contains_key(receipt)) {
            hold(&transaction, -receipt, "", &[])?;
            transaction.execute("DELETE FROM filed WHERE receipt = ?1", [receipt])?;
        }
        for (receipt, (source, holdings)) in standing {
            let new = transaction.execute("INSERT OR IGNORE INTO filed (receipt) VALUES (?1)", [receipt])? == 1;
            if new || changed(&transaction, -receipt, holdings)? {
                hold(&transaction, -receipt, source, holdings)?;
            }
        }
        transaction.commit()
    }

    /// The files that the last run found in folders and at addresses: of one source or of all.
    pub fn filed(&self, source: Option<&str>) -> Result<Vec<FiledReturn>, LedgerError> {
        self.0
            .prepare_cached(
                "SELECT -r.number, r.source, r.path, r.received, r.sha256, r.bytes,
                    (SELECT group_concat(DISTINCT form) FROM holding WHERE upload = -r.number)
                 FROM filed f JOIN receipt r ON r.number = f.receipt WHERE ?1 IS NULL OR r.source = ?1 ORDER BY r.number",
            )?
            .query_map([source], |row| {
                let forms: Option<String> = row.get(6)?;
                Ok(FiledReturn {
                    number: row.get(0)?,
                    source: row.get(1)?,
                    path: row.get(2)?,
                    received: row.get(3)?,
                    sha256: row.get(4)?,
                    bytes: row.get::<_, i64>(5)?.unsigned_abs(),
                    forms: forms.iter().flat_map(|forms| forms.split(',')).map(str::to_owned).collect(),
                })
            })?
            .collect()
    }

    /// How many enterprises of a form and period of a sending later ones hold between them.
    pub fn held_by(&self, older: i64, later: &[i64], form: &str, period: Option<i32>) -> Result<u64, LedgerError> {
        let keyed = |number: &i64| keys_of(&self.0, *number, form, period).map(|keys| Keyed::of(&keys));
        let later: Vec<Keyed> = later.iter().map(keyed).collect::<Result<_, _>>()?;
        Ok(keyed(&older)?.held_by(&later))
    }

    /// Uploads that were taken before keys were kept, the oldest first.
    pub fn unheld_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        let held = self.pairs(None)?.held;
        Ok(self.standing_uploads()?.into_iter().filter(|u| !held.contains_key(&u.number)).collect())
    }

    /// Keeps what somebody says of a form and period of an upload and an earlier sending of its source; the last word counts.
    pub fn choose(
        &mut self,
        (older, newer): (i64, &Upload),
        (form, period): (&str, Option<i32>),
        choice: Choice,
        by: By<'_>,
    ) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        choose(&transaction, (older, newer.number), (form, period), choice, by)?;
        let part = period.map_or_else(|| form.to_owned(), |period| format!("{form} {period}"));
        noted(&transaction, by, "choice", &newer.id, &format!("{} {older} {part}", choice.id()))?;
        transaction.commit()
    }

    /// What was said last of each pair of uploads.
    pub fn choices(&self) -> Result<Choices, LedgerError> {
        let mut choices = self.0.prepare_cached("SELECT older, newer, choice, account, chosen, form, period FROM choice ORDER BY id")?;
        let choices = choices.query_map([], |row| {
            let word: String = row.get(2)?;
            let choice = Choice::from_id(&word).ok_or_else(|| LedgerError::FromSqlConversionFailure(2, Type::Text, word.into()))?;
            let said = Said { choice, account: row.get(3)?, at: row.get(4)? };
            Ok((((row.get(0)?, row.get(1)?), row.get(5)?, period(row, 6)?), said))
        })?;
        choices.collect::<Result<_, _>>().map(Choices)
    }

    /// All that is known of pairs of uploads: of one source or of all.
    pub fn pairs(&self, source: Option<&str>) -> Result<Pairs, LedgerError> {
        let mut overlaps = self.0.prepare_cached(
            "SELECT older, newer, form, period, older_keys, newer_keys, common, losses FROM overlap WHERE ?1 IS NULL
             OR newer IN (SELECT number FROM upload WHERE source = ?1)
             OR -newer IN (SELECT number FROM receipt WHERE source = ?1)",
        )?;
        let overlaps = overlaps.query_map([source], |row| {
            let [older, newer, common] = [4, 5, 6].map(|column| row.get::<_, i64>(column).map(i64::unsigned_abs));
            let losses = serde_json::from_str(&row.get::<_, String>(7)?);
            let losses = losses.map_err(|e| LedgerError::FromSqlConversionFailure(7, Type::Text, e.into()))?;
            let overlap = Overlap { older: older?, newer: newer?, common: common?, losses };
            Ok((((row.get(0)?, row.get(1)?), row.get(2)?, period(row, 3)?), overlap))
        })?;
        let mut held: HashMap<i64, Vec<_>> = HashMap::new();
        let mut parts = self.0.prepare_cached("SELECT upload, form, period FROM holding ORDER BY upload, form, period")?;
        for part in parts.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, period(row, 2)?))))? {
            let (number, part) = part?;
            held.entry(number).or_default().push(part);
        }
        Ok(Pairs { said: self.choices()?, overlaps: overlaps.collect::<Result<_, _>>()?, held })
    }

    /// When the last run began before a moment, empty if none did: what it did not see came later.
    pub fn seen_before(&self, moment: &str) -> Result<String, LedgerError> {
        self.0.query_row("SELECT coalesce(max(started), '') FROM run WHERE started < ?1", [moment], |row| row.get(0))
    }
}

/// Keeps a choice; that of no form is said of all that both hold.
pub(super) fn choose(
    connection: &Connection,
    (older, newer): Pair,
    (form, period): (&str, Option<i32>),
    choice: Choice,
    by: By<'_>,
) -> Result<(), LedgerError> {
    connection
        .execute(
            "INSERT INTO choice (older, newer, form, period, choice, account, chosen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![older, newer, form, stored(period), choice.id(), by.account, by.at],
        )
        .map(|_| ())
}

/// The keys that are kept of a form and period of a sending.
fn keys_of(connection: &Connection, number: i64, form: &str, period: Option<i32>) -> Result<Vec<RecordKey>, LedgerError> {
    let sql = "SELECT keys FROM holding WHERE upload = ?1 AND form = ?2 AND period = ?3";
    let keys: Option<Vec<u8>> =
        connection.prepare_cached(sql)?.query_row(params![number, form, stored(period)], |row| row.get(0)).optional()?;
    Ok(keys.map(|keys| RecordKey::unpack(&keys)).unwrap_or_default())
}

/// Whether a sending holds other records than those that are kept of it: settings may read a file otherwise.
fn changed(connection: &Connection, number: i64, holdings: &[Holding]) -> Result<bool, LedgerError> {
    let kept: i64 = connection.query_row("SELECT count(*) FROM holding WHERE upload = ?1", [number], |row| row.get(0))?;
    for holding in holdings {
        if RecordKey::pack(&keys_of(connection, number, &holding.form, holding.period)?) != RecordKey::pack(&holding.keys) {
            return Ok(true);
        }
    }
    Ok(kept.unsigned_abs() != holdings.len() as u64)
}

/// Keeps the keys of a sending's parts, and what each shares with those of the other sendings of its source.
fn hold(connection: &Connection, number: i64, source: &str, holdings: &[Holding]) -> Result<(), LedgerError> {
    connection.execute("DELETE FROM holding WHERE upload = ?1", [number])?;
    connection.execute("DELETE FROM overlap WHERE older = ?1 OR newer = ?1", [number])?;
    for Holding { form, period, keys } in holdings {
        let mut others = connection.prepare_cached(
            "SELECT upload, keys FROM holding WHERE form = ?2 AND period = ?3 AND upload <> ?4
             AND (upload IN (SELECT number FROM upload WHERE source = ?1)
                  OR -upload IN (SELECT f.receipt FROM filed f JOIN receipt r ON r.number = f.receipt WHERE r.source = ?1))",
        )?;
        let others = others.query_map(params![source, form, stored(*period), number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let own = Keyed::of(keys);
        for other in others {
            let (other, keys): (i64, Vec<u8>) = other?;
            let its = Keyed::of(&RecordKey::unpack(&keys));
            // Receipts of uploads tell which is the older; where a file of a folder comes in, the next run may tell otherwise.
            let numbered = number > 0 && other > 0;
            if !numbered || other < number {
                keep(connection, (other, number), (form, *period), &Overlap::between(&its, &own))?;
            }
            if !numbered || other > number {
                keep(connection, (number, other), (form, *period), &Overlap::between(&own, &its))?;
            }
        }
        connection.execute(
            "INSERT OR REPLACE INTO holding (upload, form, period, keys) VALUES (?1, ?2, ?3, ?4)",
            params![number, form, stored(*period), RecordKey::pack(keys)],
        )?;
    }
    Ok(())
}

/// Keeps what the records of an older and a newer sending share.
fn keep(connection: &Connection, (older, newer): Pair, (form, period): (&str, Option<i32>), shared: &Overlap) -> Result<(), LedgerError> {
    let losses = serde_json::to_string(&shared.losses).map_err(|e| LedgerError::ToSqlConversionFailure(e.into()))?;
    let sql = "INSERT INTO overlap (older, newer, form, period, older_keys, newer_keys, common, losses)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let counts = [shared.older, shared.newer, shared.common].map(count);
    connection.prepare_cached(sql)?.execute(params![older, newer, form, stored(period), counts[0], counts[1], counts[2], losses])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{NewUpload, Tally, Verdict};
    use super::*;
    use std::ops::Range;

    const BY: By<'_> = By { account: "wang", role: "clerk", address: "", at: "2026-01-01T00:00:00+0800" };

    fn keys(codes: Range<u32>) -> Vec<RecordKey> {
        codes.map(|c| RecordKey::of(Some(&c.to_string()), true, None)).collect()
    }

    #[test]
    fn what_two_uploads_share_is_the_same_whichever_is_checked_first() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut found = Vec::new();
        for (i, order) in [["1", "2", "3"], ["3", "1", "2"]].into_iter().enumerate() {
            let mut ledger = Ledger::open(&folder.path().join(format!("{i}.sqlite")))?;
            let new = |id: &str| NewUpload {
                id: id.into(),
                source: if id == "3" { "other" } else { "s" }.into(),
                account: "wang".into(),
                name: "a.xlsx".into(),
                sha256: "1".into(),
                bytes: 1,
                part: "a".into(),
                replaces: None,
            };
            ledger.add_uploads(&["1", "2", "3"].map(new), BY)?;
            for id in order {
                let keys = keys(if id == "2" { 5..20 } else { 0..10 });
                let holdings = [Holding { form: "directory".into(), period: None, keys }];
                ledger.hold(id, &holdings)?;
                ledger.judge_upload(id, Verdict::Accepted, &Tally::default(), "r", "t")?;
            }
            let pairs = ledger.pairs(Some("s"))?;
            assert_eq!(pairs.overlaps.len(), 1, "another bureau's is never compared");
            found.push(pairs.overlaps[&((1, 2), "directory".to_owned(), None)].clone());
            assert!(ledger.unheld_uploads()?.is_empty());
            // What is refused when it is checked again holds nothing.
            ledger.hold("2", &[])?;
            assert!(ledger.pairs(None)?.overlaps.is_empty());
        }
        assert_eq!(found[0], Overlap { older: 10, newer: 15, common: 5, losses: Vec::new() });
        assert_eq!(found[0], found[1]);
        Ok(())
    }

    #[test]
    fn the_last_word_on_a_pair_counts() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        choose(&ledger.0, (1, 2), ("returns", Some(2023)), Choice::Replace, BY)?;
        choose(&ledger.0, (1, 2), ("returns", Some(2023)), Choice::Supplement, BY)?;
        let of = |form: &str, period| ledger.choices().map(|said| said.of((1, 2), form, period).map(|s| s.choice));
        assert_eq!(of("returns", Some(2023))?, Some(Choice::Supplement));
        assert_eq!((of("returns", Some(2022))?, of("directory", None)?), (None, None), "said of one form and year");
        choose(&ledger.0, (1, 2), ("", None), Choice::Replace, BY)?;
        assert_eq!((of("returns", Some(2022))?, of("returns", Some(2023))?), (Some(Choice::Replace), Some(Choice::Supplement)));
        assert_eq!(ledger.choices()?.replaced_by(2).collect::<Vec<_>>(), [1]);
        Ok(())
    }
}
