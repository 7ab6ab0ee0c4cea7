//! The facts of a patent by GB/T 42748-2023: what each of them is, and where there is none, why.
//!
//! The standard is for inventions and utility models: of a design nothing is applicable, nor of what is no patent yet. A patent that
//! has lapsed or run out is protected no more, so nothing remains; how long it was kept up no form tells.

use crate::model::patent_fact::{FACTS, PatentFact};

/// `remaining_months`, by the law alone: the economic life may be shorter.
const REMAINING: &str = "CASE
    WHEN (kind IN ('invention', 'utility_model')) IS NOT TRUE THEN NULL
    WHEN state IN ('expired', 'not_in_force') THEN 0
    WHEN state IN ('free', 'pledged', 'late_fee', 'in_force_unclear') THEN whole_months(as_of(), 'day', term_end) END";

/// `maintained_months`, at least: of a month or a year of grant its last day counts.
const MAINTAINED: &str = "CASE
    WHEN kind IN ('invention', 'utility_model') AND state IN ('free', 'pledged', 'late_fee', 'in_force_unclear')
    THEN whole_months(granted_on, granted_precision, as_of()) END";

/// A plan that adds the facts to `record`, `term_end`, `owners` and `state` of patents with their `kind` and `granted_on`.
pub(super) fn with_facts(patents: &str) -> String {
    let state = |fact: PatentFact| {
        let known = fact.figure.map_or_else(|| "false".to_owned(), |figure| format!("{figure} IS NOT NULL"));
        let told = format!("WHEN {known} THEN 'computed' ELSE 'unjudged' END AS {}", fact.state);
        format!("CASE WHEN kind = 'design' OR state = 'not_granted' THEN 'not_applicable' {told}")
    };
    let columns = FACTS.iter().flat_map(|fact| fact.figure.map(str::to_owned).into_iter().chain([state(*fact)]));
    format!(
        "SELECT record, term_end, owners, state, {} FROM (SELECT *, {REMAINING} AS remaining_months, {MAINTAINED} AS maintained_months
            FROM {patents}) AS f",
        columns.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, Resources, Scratch};
    use crate::model::date::ReferenceDates;
    use crate::model::patent_fact;
    use chrono::NaiveDate;
    use datafusion::arrow::array::{Array, AsArray};
    use datafusion::arrow::datatypes::Int64Type;

    const IN_FORCE: [&str; 4] = ["free", "pledged", "late_fee", "in_force_unclear"];
    const OTHERS: [&str; 4] = ["expired", "unclear", "not_granted", "not_in_force"];

    /// A figure, or why there is none.
    type Told = Result<i64, String>;

    /// The facts of a patent at the last of June 2024: what remains, how long it was maintained, and its trade.
    async fn facts(kind: &str, state: &str, term_end: &str, (granted, precision): (&str, &str)) -> (Told, Told, String) {
        let scratch = Scratch::below(&std::env::temp_dir(), 8).expect("a folder");
        let as_of = NaiveDate::from_ymd_opt(2024, 6, 30).expect("a day");
        let engine = Engine::new(ReferenceDates::of(as_of, 0), &Resources::default(), scratch).expect("an engine");
        let text = |text: &str| if text.is_empty() { "CAST(NULL AS VARCHAR)".to_owned() } else { format!("'{text}'") };
        let [term_end, granted] = [term_end, granted].map(|day| format!("CAST({} AS DATE)", text(day)));
        let patent = format!(
            "(SELECT 1 AS record, {term_end} AS term_end, 1 AS owners, {} AS state, {} AS kind, {granted} AS granted_on, {} AS granted_precision)",
            text(state),
            text(kind),
            text(precision)
        );
        let (_, batches) = engine.query("facts", &with_facts(&patent)).await.expect("facts");
        let batch = &batches[0];
        let word = |fact: PatentFact| batch[fact.state].as_string::<i32>().value(0).to_owned();
        let told = |fact: PatentFact| {
            let (months, state) = (batch[fact.id()].as_primitive::<Int64Type>(), word(fact));
            assert_eq!(months.is_valid(0), state == "computed", "a figure stands where one is computed, and nowhere else");
            if months.is_valid(0) { Ok(months.value(0)) } else { Err(state) }
        };
        (told(patent_fact::REMAINING), told(patent_fact::MAINTAINED), word(patent_fact::TRADE))
    }

    fn none(why: &str) -> Told {
        Err(why.to_owned())
    }

    #[tokio::test]
    async fn designs_and_what_is_no_patent_yet_are_not_applicable() {
        let all = IN_FORCE.into_iter().chain(OTHERS).map(|state| ("design", state));
        let pending = ["invention", "utility_model", ""].map(|kind| (kind, "not_granted"));
        for (kind, state) in all.chain(pending) {
            let told = facts(kind, state, "2034-01-02", ("2020-01-02", "day")).await;
            assert_eq!(told, (none("not_applicable"), none("not_applicable"), "not_applicable".to_owned()), "{kind} {state}");
        }
    }

    #[tokio::test]
    async fn what_is_in_force_has_figures_as_far_as_its_dates_are_known() {
        for (kind, state) in ["invention", "utility_model"].into_iter().flat_map(|kind| IN_FORCE.map(|state| (kind, state))) {
            let unjudged = "unjudged".to_owned();
            let told = facts(kind, state, "2034-06-29", ("2020-06-30", "day")).await;
            assert_eq!(told, (Ok(119), Ok(48), unjudged.clone()), "{kind} {state}");
            assert_eq!(facts(kind, state, "2024-06-30", ("2024-06-30", "day")).await, (Ok(0), Ok(0), unjudged.clone()));
            assert_eq!(facts(kind, state, "", ("", "")).await, (none("unjudged"), none("unjudged"), unjudged));
        }
        for (granted, precision, months) in [("2020-06-01", "month", 48), ("2020-01-01", "year", 42), ("2024-01-01", "year", 0)] {
            let told = facts("invention", "free", "2034-06-30", (granted, precision)).await;
            assert_eq!(told.1, Ok(months), "of a month or a year no more is told than is sure");
        }
    }

    #[tokio::test]
    async fn nothing_remains_of_what_has_lapsed_and_what_is_unclear_is_not_judged() {
        for state in ["expired", "not_in_force"] {
            for term_end in ["2020-01-01", "2034-01-01", ""] {
                let told = facts("invention", state, term_end, ("2010-01-02", "day")).await;
                assert_eq!((told.0, told.1), (Ok(0), none("unjudged")), "{state} {term_end}");
            }
        }
        for (kind, state) in
            ["free", "expired", "unclear", "not_in_force"].map(|state| ("", state)).into_iter().chain([("invention", "unclear")])
        {
            let told = facts(kind, state, "2034-01-02", ("2020-01-02", "day")).await;
            assert_eq!((told.0, told.1), (none("unjudged"), none("unjudged")), "{kind} {state}");
        }
    }
}
