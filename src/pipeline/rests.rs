//! On whose statistics an edit rests, and to whom it may therefore speak.
//!
//! An edit among records looks at more than the record that it judges. Where that is another bureau's statistics, what it
//! finds would tell of them: by many sendings, each a little different, a clerk could bisect a figure that is none of hers.
//! So such an edit speaks to the figures' owner alone. Told by declarations: what an edit names decides, not what it met in
//! the data; and what rests on a value that such an edit may withhold rests on those statistics as well.

use super::scope;
use crate::config::{Config, FormOptions};
use crate::stages::validate::{self, Named};
use std::collections::{BTreeMap, BTreeSet};

/// The forms whose statistics decide something.
type Origins = BTreeSet<String>;

/// By dataset and edit among records, the forms of statistics on which its outcomes rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rests {
    edits: BTreeMap<String, BTreeMap<String, Origins>>,
    /// By form, the sources that send it.
    senders: BTreeMap<String, BTreeSet<String>>,
    /// The forms all of which is statistics, so that nothing of another's is at hand.
    whole: BTreeSet<String>,
}

impl Rests {
    /// Reads the texts of all edits.
    pub fn of(config: &Config) -> Self {
        let named: Vec<(&String, &FormOptions, Named)> = config
            .form
            .iter()
            .flat_map(|(id, form)| {
                let whole = scope::columns(form, crate::model::scope::Scope::Population);
                validate::named(&config.edit, id, form, &whole).into_iter().map(move |edit| (id, form, edit))
            })
            .collect();
        let whole = config.form.iter().filter(|(_, form)| form.statistics).map(|(id, _)| id.clone()).collect();
        let mut found = Self { edits: BTreeMap::new(), senders: senders(config), whole };
        // By dataset and field, on what a value rests; fields of statistics rest on their own form.
        let mut values: BTreeMap<(&str, &str), Origins> = BTreeMap::new();
        for (id, form) in &config.form {
            let own = form.field.keys().filter(|field| form.holds_statistics(field));
            values.extend(own.map(|field| ((id.as_str(), field.as_str()), Origins::from([id.clone()]))));
        }
        // What an edit withholds, others read: until nothing new follows.
        loop {
            let mut grown = false;
            for (id, form, edit) in &named {
                let origins = origins(config, (id, form), edit, &values);
                for field in edit.doubts.iter().filter(|_| !origins.is_empty()) {
                    let of_value = values.entry((id.as_str(), field.as_str())).or_default();
                    let before = of_value.len();
                    of_value.extend(origins.iter().cloned());
                    grown |= of_value.len() > before;
                }
                let kept = found.edits.entry((*id).clone()).or_default().entry(edit.code.clone()).or_default();
                grown |= *kept != origins;
                *kept = origins;
            }
            if !grown {
                return found;
            }
        }
    }

    fn origins(&self, dataset: &str, code: &str) -> impl Iterator<Item = &String> {
        self.edits.get(dataset).and_then(|edits| edits.get(code)).into_iter().flatten()
    }

    fn is_anothers(&self, source: &str, form: &str) -> bool {
        self.senders.get(form).is_some_and(|senders| senders.iter().any(|sender| sender != source))
    }

    /// Whether what an edit finds in a run may be told to a source: it rests on no other's statistics.
    pub fn speaks_to(&self, source: &str, dataset: &str, code: &str) -> bool {
        !self.origins(dataset, code).any(|form| self.is_anothers(source, form))
    }

    /// Whether an edit can be judged where a source's own statistics alone are at hand. One over a form of statistics that
    /// several send is judged among the source's own records.
    pub fn is_judged_for(&self, source: &str, dataset: &str, code: &str) -> bool {
        let among_own = |form: &String| form == dataset && self.whole.contains(form);
        !self.origins(dataset, code).any(|form| self.is_anothers(source, form) && !among_own(form))
    }

    /// How many edits over some datasets are not judged for a source.
    pub fn left_out<'a>(&self, source: &str, datasets: impl Iterator<Item = &'a String>) -> u64 {
        let left = |dataset: &&'a String| {
            let codes = self.edits.get(*dataset).into_iter().flat_map(BTreeMap::keys);
            codes.filter(|code| !self.is_judged_for(source, dataset, code)).cloned().collect::<Vec<_>>()
        };
        datasets.flat_map(|dataset| left(&dataset)).collect::<BTreeSet<_>>().len() as u64
    }
}

/// Who sends what; a source that is not read sends nothing.
fn senders(config: &Config) -> BTreeMap<String, BTreeSet<String>> {
    let mut senders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (source, options) in config.source.iter().filter(|(_, source)| !source.disabled) {
        options.forms.iter().for_each(|form| _ = senders.entry(form.clone()).or_default().insert(source.clone()));
    }
    senders
}

/// On what the outcomes of an edit over a form's dataset rest.
fn origins(config: &Config, (id, form): (&str, &FormOptions), edit: &Named, values: &BTreeMap<(&str, &str), Origins>) -> Origins {
    if !edit.legible {
        return config.form.iter().filter(|(_, form)| form.is_statistical()).map(|(id, _)| id.clone()).collect();
    }
    let mut origins = Origins::new();
    // Who is in a form of statistics at all is told by none but its owner; so for the enterprises, if they are in one.
    let whole = config.directory().into_iter().map(|(id, form)| (id.as_str(), form)).chain([(id, form)]);
    let read = edit.tables.iter().filter_map(|table| config.form.get_key_value(table)).map(|(id, form)| (id.as_str(), form));
    origins.extend(whole.chain(read.clone()).filter(|(_, form)| form.statistics).map(|(id, _)| id.to_owned()));
    for (dataset, form) in read.chain([(id, form)]) {
        let fields = form.field.keys().filter(|field| edit.columns.iter().any(|column| is_of(column, field)));
        origins.extend(fields.filter_map(|field| values.get(&(dataset, field.as_str()))).flatten().cloned());
        // Whether two records contradict each other is told by all their values.
        origins.extend(Some(dataset.to_owned()).filter(|_| form.is_statistical() && edit.columns.contains("conflicting")));
    }
    origins
}

/// Whether a column is a field's: its value, or what stands beside it.
fn is_of(column: &str, field: &str) -> bool {
    column.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(site: &str) -> Rests {
        Rests::of(&crate::config::load(site, std::path::Path::new(".")).expect("the settings"))
    }

    #[test]
    fn built_in_edits_rest_on_their_own_form_alone() {
        let rests = rests("");
        for (dataset, edits) in &rests.edits {
            for (code, origins) in edits {
                let wanted = if dataset == "returns" { Origins::from(["returns".to_owned()]) } else { Origins::new() };
                assert_eq!(*origins, wanted, "{code} over {dataset}");
            }
        }
        assert!(rests.speaks_to("statistics", "returns", "UNT-001") && !rests.speaks_to("market", "returns", "UNT-001"));
        assert!(rests.speaks_to("market", "patents", "UNQ-002") && rests.is_judged_for("market", "patents", "UNQ-002"));
    }

    #[test]
    fn what_reads_statistics_and_what_that_withholds_rest_on_them() {
        let edit = |code: &str, dataset: &str, severity: &str, fields: &str, holds: &str| {
            format!(
                "[edit.{code}]\ndataset = [\"{dataset}\"]\nscope = \"population\"\nseverity = \"{severity}\"\nfields = [{fields}]\nholds = \"{holds}\"\n\
                 name = {{ zh = \"甲\" }}\nmessage = {{ zh = \"甲\" }}\nhelp = {{ zh = \"甲\" }}\n"
            )
        };
        let above = "need_amount <= (SELECT max(r.revenue) FROM returns r WHERE r.enterprise = t.enterprise)";
        let through = "title IS NULL OR (SELECT count(*) FROM needs n WHERE n.need_amount > 0) > 0";
        let site = [
            edit("X-1", "needs", "error", "\"need_amount\"", above),
            edit("X-2", "needs", "explain", "\"need_amount\"", "need_amount < 9"),
            edit("X-3", "needs", "explain", "\"need_months\"", "need_months < 9"),
            edit("X-4", "patents", "explain", "\"title\"", through),
            edit("X-5", "patents", "explain", "\"title\"", "title IS NOT NULL"),
        ]
        .concat();
        let rests = rests(&site);
        let told = |source: &str, dataset: &str| -> Vec<&str> {
            ["X-1", "X-2", "X-3", "X-4", "X-5"]
                .into_iter()
                .filter(|code| rests.edits[dataset].contains_key(*code) && rests.speaks_to(source, dataset, code))
                .collect()
        };
        assert_eq!(told("industry", "needs"), ["X-3"], "what a withheld amount decides rests on what withholds it");
        assert_eq!(told("market", "patents"), ["X-5"], "through a table of a third bureau");
        assert_eq!(told("statistics", "needs"), ["X-1", "X-2", "X-3"], "the figures' owner");
        assert_eq!(rests.left_out("industry", ["needs".to_owned()].iter()), 2);
        assert!(rests.is_judged_for("industry", "needs", "LNK-001"));
    }

    #[test]
    fn a_form_of_statistics_that_two_send_speaks_to_neither_of_the_others() {
        let site = "[source.tax]\nbureau = \"税务局\"\nfiles = [\"税务局/**\"]\nforms = [\"returns\"]\nlegal_basis = \"甲\"\npurpose = \"甲\"\ncatalogue_item = \"甲\"\n";
        let rests = rests(site);
        assert!(!rests.speaks_to("statistics", "returns", "UNT-001"));
        assert!(rests.is_judged_for("statistics", "returns", "UNT-001"), "among its own records");
        let disabled = self::rests(&format!("{site}disabled = true\n"));
        assert!(disabled.speaks_to("statistics", "returns", "UNT-001"));
    }
}
