//! The state of a patent at the reference date: one definition, for counts, criteria, workbooks, data files and pages.
//!
//! Each patent is in exactly one state, so that numbers add up: what is in force is free, pledged, in the late-fee period
//! or not clear as to pledge or end of term. A late-fee patent is in force and cannot be pledged; the end of the term weighs
//! more than a status that still says in force. What is withheld is not known.

use crate::engine::{Engine, EngineError};

/// The last day of protection.
const TERM_END: &str = "protected_until(expires_on, CAST(expires_on_precision AS VARCHAR), CAST(expires_on_state AS VARCHAR),
    kind, filed_on, CAST(filed_on_precision AS VARCHAR))";

/// The state by status, pledge and end of term. Not in force before all: no pledge or term revives what has lapsed.
const STATE: &str = "CASE
    WHEN status NOT IN ('in_force', 'late_fee') THEN 'not_in_force'
    WHEN term_end < as_of() THEN 'expired'
    WHEN status IS NULL THEN 'unclear'
    WHEN pledged THEN 'pledged'
    WHEN status = 'late_fee' THEN 'late_fee'
    WHEN pledged IS NULL OR term_end IS NULL THEN 'in_force_unclear'
    ELSE 'free' END";

/// True of the states in which a patent is in force.
pub const IN_FORCE: &str = "s.state IN ('free', 'pledged', 'late_fee', 'in_force_unclear')";

/// True of patents of which nobody can say whether they are free: status, pledge or end of term are not known.
pub const MAY_BE_FREE: &str = "s.state = 'in_force_unclear' OR s.state = 'unclear' AND p.pledged IS NOT TRUE";

/// Derives `patent_states` from `patents`: record, last day of protection and state.
pub async fn patent_states(engine: &Engine) -> Result<(), EngineError> {
    let stated = format!("SELECT record, status, pledged, {TERM_END} AS term_end FROM patents");
    engine.derive("patent_states", &format!("SELECT record, term_end, {STATE} AS state FROM ({stated}) AS p ORDER BY record")).await?;
    Ok(())
}
