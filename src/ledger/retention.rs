//! Which originals nothing in the ledger needs any more.

use super::{Ledger, LedgerError};

/// Originals that no source has at its address and no upload that stands or waits for its check has sent.
const UNNEEDED: &str = "
    SELECT sha256 FROM (SELECT sha256, received FROM receipt UNION ALL SELECT sha256, received FROM upload) AS received
    WHERE sha256 NOT IN (SELECT sha256 FROM upload WHERE verdict IS NULL OR verdict <> 'refused')
      AND sha256 NOT IN (SELECT sha256 FROM http_source)
    GROUP BY sha256 HAVING max(received) < ?1 ORDER BY sha256";

impl Ledger {
    /// Hashes of originals that were received last before a moment, and that no source and no standing upload needs.
    pub fn unneeded_originals(&self, before: &str) -> Result<Vec<String>, LedgerError> {
        self.0.prepare(UNNEEDED)?.query_map([before], |row| row.get(0))?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_is_needed_however_old_it_is() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        for (hash, received) in [("old", "2020-01-01"), ("again", "2020-01-01"), ("new", "2026-01-01"), ("standing", "2020-01-01")] {
            ledger.receive(hash, "statistics", &format!("{hash}.xlsx"), 1, received)?;
        }
        ledger.receive("again", "statistics", "copy.xlsx", 1, "2026-01-01")?;
        for (number, hash, verdict) in [(1, "standing", "'accepted'"), (2, "refused", "'refused'"), (3, "waiting", "NULL")] {
            ledger.0.execute_batch(&format!(
                "INSERT INTO upload (number, id, source, account, name, sha256, bytes, received, series, part, verdict)
                 VALUES ({number}, 'u{number}', 's', 'a', 'n', '{hash}', 1, '2020-01-01', 's', '', {verdict})"
            ))?;
        }
        assert_eq!(ledger.unneeded_originals("2024-01-01")?, ["old", "refused"]);
        Ok(())
    }
}
