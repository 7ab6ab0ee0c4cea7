//! What forms, fields and columns of enterprises can be called: conditions write their names as they are, and no other table or
//! column is called so.

use crate::config::{Options, YearOf};
use crate::model::field::PeriodKind;

/// Columns of datasets that are no field's.
const OWN_COLUMNS: [&str; 10] = [
    "record",
    "period",
    "enterprise",
    "owners_linked",
    "not_linked",
    "name_agrees",
    "enterprise_name",
    "first_record",
    "conflicting",
    "rivals",
];

/// Columns of enterprises that no declaration gives.
const OWN_VALUES: [&str; 7] = ["uscc", "pooled", "conclusion", "consented", "findings", "findings_open", "findings_shown"];

/// Whether a column of enterprises can be called so: none of those that stages add is.
pub(super) fn is_value_name(id: &str) -> bool {
    let added = id.starts_with("verdict_") || id.starts_with("figure_") || id.ends_with("_record") || id.contains("_record_");
    is_field_name(id) && !added && !OWN_VALUES.contains(&id)
}

/// Whether a column would be called like the value of a year of another.
pub(super) fn is_of_year(options: &Options, id: &str) -> bool {
    YearOf::split(id).is_some_and(|(of, _)| options.enterprise.get(of).is_some_and(|given| given.per == PeriodKind::Year))
}

/// The column of enterprises' names.
pub(super) const NAME: &str = "name";

/// What is known of a patent beside its fields.
pub(super) const OF_RIGHTS: [&str; 6] = ["state", "term_end", "enterprise_name", "remaining_months", "maintained_months", "trade"];

/// What is written behind a field's name for what stands beside its value.
const BESIDE: [&str; 7] = ["_state", "_raw", "_cell", "_unit", "_key", "_precision", "_why"];

/// Whether a field can be called so: conditions name it without quotation marks, and no other column is called so.
pub(in crate::config) fn is_field_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
        && !OWN_COLUMNS.contains(&name)
        && !BESIDE.iter().any(|end| name.ends_with(end))
}

/// Tables of a run that are no form's.
const OWN_TABLES: [&str; 19] = [
    "registry",
    "names",
    "sum_rows",
    "duplicates",
    "quarantined",
    "enterprises",
    "verdicts",
    "patent_states",
    "findings",
    "unjudged",
    "edits",
    "conflicts",
    "provenance",
    "not_linked",
    "places",
    "set_aside",
    "wanted",
    "dictionary",
    "forms",
];

/// What tables are called that stand beside a form's.
const TABLE_PREFIXES: [&str; 7] = ["credited_", "credits_", "given_", "linked_", "links_", "stated_", "whole_"];

/// Whether a form can be called so: plans name its dataset without quotation marks, and no other table is called so.
pub(super) fn is_form_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
        && !OWN_TABLES.contains(&name)
        && !TABLE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
