//! Explanations that an earlier build kept by sheet and cell, carried over to the keys that findings have now.
//!
//! Until the build of 2026-11 a finding was told from others by its code, sheet, cell and what was found there. What was said
//! then is kept: at its next check it is written once more, under the key of the same finding, as the same person's words of
//! the same day.

use super::result::Found;
use super::shown::{Key, Shown};
use crate::ledger::Explanation;
use crate::model::severity::Severity;
use std::collections::HashSet;
use std::io;

/// The keys that a finding may have had: the sheets of text tables, which are called as their files, were no part of it.
fn former(finding: &Shown) -> [Key; 2] {
    [finding.sheet.as_str(), ""].map(|sheet| Key::of_parts([finding.code.as_str(), sheet, &finding.cell, &finding.found]))
}

/// Pairs of keys, the former and today's, of findings that were explained under the former alone.
pub fn carried_over(found: &Found, explanations: &[Explanation]) -> io::Result<Vec<(String, String)>> {
    let said: HashSet<Key> = explanations.iter().filter_map(|e| Key::of(&e.finding)).collect();
    let mut pairs = Vec::new();
    if said.is_empty() {
        return Ok(pairs);
    }
    for finding in found.list().all()? {
        let finding = finding?;
        let unsaid = finding.severity == Severity::Explain && Key::of(&finding.key).is_some_and(|key| !said.contains(&key));
        let old = former(&finding).into_iter().find(|key| unsaid && said.contains(key));
        pairs.extend(old.map(|old| (old.to_string(), finding.key)));
    }
    Ok(pairs)
}
