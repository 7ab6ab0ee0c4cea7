//! Which forms arrived in folders and from addresses, for the calendar; uploads know theirs themselves.

use super::{Ledger, LedgerError, UploadPart};
use rusqlite::params;

/// A form that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The source.
    pub source: String,
    /// Form and period.
    pub part: UploadPart,
    /// When it was received.
    pub received: String,
}

impl Ledger {
    /// Notes the forms that a file holds, once for each time that it was received.
    pub fn note_arrival(&self, source: &str, sha256: &str, parts: &[UploadPart], received: &str) -> Result<(), LedgerError> {
        let mut insert = self.0.prepare_cached(
            "INSERT OR IGNORE INTO arrival (source, sha256, form, period, rows, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for part in parts {
            let rows = i64::try_from(part.rows).unwrap_or(i64::MAX);
            insert.execute(params![source, sha256, part.form, part.period.unwrap_or(0), rows, received])?;
        }
        Ok(())
    }

    /// All that arrived, the earliest first.
    pub fn arrivals(&self) -> Result<Vec<Arrival>, LedgerError> {
        self.0
            .prepare_cached("SELECT source, form, period, rows, received FROM arrival ORDER BY received")?
            .query_map([], |row| {
                let period: i32 = row.get(2)?;
                let part =
                    UploadPart { form: row.get(1)?, period: (period != 0).then_some(period), rows: row.get::<_, i64>(3)?.unsigned_abs() };
                Ok(Arrival { source: row.get(0)?, part, received: row.get(4)? })
            })?
            .collect()
    }
}
