//! The state of a patent at the reference date: one definition, for counts, criteria, workbooks, data files and pages.
//!
//! Each patent is in exactly one state, so that numbers add up: what is in force is free, pledged, in the late-fee period
//! or not clear as to pledge or end of term. A late-fee patent is in force and cannot be pledged; dates weigh more than a
//! status that says in force: what is filed or granted after the reference date is not granted yet, what is past its term is
//! over. What is withheld is not known, but a date after the reference date is never withheld into a patent in force.

use super::patent_fact::with_facts;
use crate::config::RightOptions;
use crate::engine::{Engine, EngineError};

/// The last day of protection.
fn term_end(right: &RightOptions) -> String {
    let RightOptions { expires_on, kind, filed_on, .. } = right;
    format!(
        "protected_until({expires_on}, CAST({expires_on}_precision AS VARCHAR), CAST({expires_on}_state AS VARCHAR),
         {kind}, {filed_on}, CAST({filed_on}_precision AS VARCHAR))"
    )
}

/// Whether any date as stated, or the year in the number, says that it was filed or granted after the reference date.
fn later(right: &RightOptions) -> String {
    let RightOptions { number, filed_on, granted_on, .. } = right;
    format!("s.{filed_on} > as_of() OR s.{granted_on} > as_of() OR patent_year(s.{number}) > date_part('year', as_of())")
}

/// The state by dates, status, pledge and end of term. Not granted and not in force before all: no pledge or term revives
/// what has lapsed. An application that was granted by the date is called pending in vain.
const STATE: &str = "CASE
    WHEN later THEN 'not_granted'
    WHEN status = 'pending' AND granted_on IS NULL THEN 'not_granted'
    WHEN status = 'pending' THEN 'unclear'
    WHEN status NOT IN ('in_force', 'late_fee') THEN 'not_in_force'
    WHEN term_end < as_of() THEN 'expired'
    WHEN status IS NULL THEN 'unclear'
    WHEN pledged THEN 'pledged'
    WHEN status = 'late_fee' THEN 'late_fee'
    WHEN pledged IS NULL OR term_end IS NULL THEN 'in_force_unclear'
    ELSE 'free' END";

/// Derives `patent_states` from a form's patents: record, last day of protection, number of owners, state, and facts.
pub async fn patent_states(engine: &Engine, form: &str, right: &RightOptions) -> Result<(), EngineError> {
    let RightOptions { kind, status, pledged, granted_on, .. } = right;
    let (later, term_end) = (later(right), term_end(right));
    // Dates after the reference date are withheld from the dataset, and still tell that nothing was granted.
    let stated = format!(
        "SELECT p.*, coalesce({later}, false) AS later FROM (
            SELECT record, {kind} AS kind, {status} AS status, {pledged} AS pledged, {granted_on} AS granted_on,
                CAST({granted_on}_precision AS VARCHAR) AS granted_precision, {term_end} AS term_end FROM {form}) AS p
         JOIN stated_{form} s ON s.record = p.record"
    );
    // Owners as the record names them, whether or not they are enterprises of ours: a pledge needs all of them.
    let states = format!(
        "(SELECT p.record, p.kind, p.granted_on, p.granted_precision, p.term_end, coalesce(o.owners, 0) AS owners, {STATE} AS state
            FROM ({stated}) AS p
         LEFT JOIN (SELECT record, count(*) AS owners FROM links_{form} GROUP BY record) AS o ON o.record = p.record)"
    );
    engine.derive("patent_states", &format!("{} ORDER BY record", with_facts(&states))).await?;
    Ok(())
}
