//! What a site takes away: a form, with all that only it gives, or the day on which one is due.
//!
//! Built-in settings that speak of it go with it. What the site itself states stays, so that its mistakes are told.

use super::Options;
use super::merge::states;
use std::collections::BTreeSet;

/// In place of a day: the form is not due.
pub(super) const NEVER: &str = "none";

/// Takes away the forms that are disabled, and dates that are none.
pub(super) fn take_away(options: &mut Options, site: &toml::Table) {
    let gone: BTreeSet<String> = options.form.iter().filter(|(_, form)| form.disabled).map(|(id, _)| id.clone()).collect();
    options.form.retain(|id, _| !gone.contains(id));
    for (id, source) in &mut options.source {
        source.forms.retain(|form| !gone.contains(form));
        let forms = &source.forms;
        source.due.retain(|form, day| day != NEVER && (forms.contains(form) || states(site, &format!("source.{id}.due.{form}"))));
    }
    if gone.is_empty() {
        return;
    }
    // Who sends nothing any more is no source.
    options.source.retain(|id, source| !source.forms.is_empty() || states(site, &format!("source.{id}.forms")));
    options.milestone.retain(|id, milestone| {
        let any = !milestone.forms.is_empty();
        if !states(site, &format!("milestone.{id}.forms")) {
            milestone.forms.retain(|form| !gone.contains(form));
        }
        !any || !milestone.forms.is_empty()
    });
    let of_form = |from: &String| from.split_once('.').is_some_and(|(form, _)| gone.contains(form));
    let mut lost: BTreeSet<String> = BTreeSet::new();
    options.merge.field.retain(|id, rule| {
        if !states(site, &format!("merge.field.{id}.from")) {
            rule.from.retain(|from| !of_form(from));
        }
        keep(!rule.from.is_empty(), id, &mut lost)
    });
    options.enterprise.retain(|id, given| {
        let built_in = !["from", "value", "formula"].iter().any(|key| states(site, &format!("enterprise.{id}.{key}")));
        keep(!(built_in && gone.contains(&given.from)), id, &mut lost)
    });
    // What a site declares anew is there, whatever gave it before.
    lost.retain(|id| !options.merge.field.contains_key(id) && !options.enterprise.contains_key(id));
    // A formula may rest on another that goes.
    loop {
        let before = lost.len();
        options.enterprise.retain(|id, given| {
            let rests = given.formula.as_ref().is_some_and(|formula| speaks_of(formula, &lost));
            keep(!rests || states(site, &format!("enterprise.{id}")), id, &mut lost)
        });
        if lost.len() == before {
            break;
        }
    }
    options.criterion.retain(|id, c| {
        let rests = c.expressions().iter().any(|(_, sql)| speaks_of(sql, &lost));
        !rests || ["met", "figure"].iter().any(|key| states(site, &format!("criterion.{id}.{key}")))
    });
    options.edit.retain(|code, edit| {
        let stated = ["dataset", "holds", "fields"].iter().any(|key| states(site, &format!("edit.{code}.{key}")));
        if !states(site, &format!("edit.{code}.dataset")) {
            edit.dataset.retain(|dataset| !gone.contains(dataset));
        }
        let forms = || edit.dataset.iter().filter_map(|dataset| options.form.get(dataset));
        if !stated && forms().next().is_some() {
            let known = |field: &String| field.starts_with('@') || forms().any(|form| form.field.contains_key(field));
            edit.fields = edit.fields.iter().filter(|field| known(field)).cloned().collect();
        }
        let texts = [Some(&edit.holds), edit.when.as_ref(), edit.expected.as_ref(), edit.because.as_ref()];
        let asks = texts.into_iter().flatten().any(|sql| tables(sql).any(|table| gone.contains(table)));
        let idle = edit.dataset.is_empty() && edit.own_forms.is_empty() || edit.fields.is_empty() && edit.each.is_empty();
        stated || !asks && !idle
    });
    pool(options, site, &gone, &lost);
}

/// Leaves out of `[pool]` what is not there, where it is built in.
fn pool(options: &mut Options, site: &toml::Table, gone: &BTreeSet<String>, lost: &BTreeSet<String>) {
    let pool = &mut options.pool;
    let built_in = |key: &str| !states(site, &format!("pool.{key}"));
    let lists = [
        ("sheet", &mut pool.sheet),
        ("table", &mut pool.table),
        ("page", &mut pool.page),
        ("shares", &mut pool.shares),
        ("needs", &mut pool.needs),
        ("in_force", &mut pool.in_force),
    ];
    for (_, list) in lists.into_iter().filter(|(key, _)| built_in(key)) {
        list.retain(|id| !lost.contains(id));
    }
    let roles = [
        ("consent", &mut pool.consent),
        ("consent_on", &mut pool.consent_on),
        ("consent_until", &mut pool.consent_until),
        ("title", &mut pool.title),
        ("industry", &mut pool.industry),
        ("place", &mut pool.place),
        ("former_names", &mut pool.former_names),
        ("patents", &mut pool.patents),
    ];
    for (_, role) in roles.into_iter().filter(|(key, role)| built_in(key) && lost.contains(role.as_str())) {
        role.clear();
    }
    for (key, column) in [("amount", &mut options.issue.amount), ("related", &mut options.issue.related)] {
        if !states(site, &format!("issue.{key}")) && lost.contains(column.as_str()) {
            column.clear();
        }
    }
    if built_in("ranges") {
        pool.ranges.retain(|_, id| !lost.contains(id));
    }
    if built_in("figures") && gone.contains(&pool.figures) {
        pool.figures.clear();
        pool.finances.clear();
        pool.drawn.clear();
    }
}

/// Notes what is lost.
fn keep(kept: bool, id: &str, lost: &mut BTreeSet<String>) -> bool {
    if !kept {
        lost.insert(id.to_owned());
    }
    kept
}

/// Whether an expression speaks of one of these columns, or of what stands beside it.
fn speaks_of(sql: &str, columns: &BTreeSet<String>) -> bool {
    let is = |word: &str, id: &String| word == id || word.strip_prefix(id.as_str()).is_some_and(|rest| BESIDE.contains(&rest));
    words(sql).any(|word| columns.iter().any(|id| is(word, id)))
}

/// What stands behind a column's name in those that say more of it.
const BESIDE: [&str; 6] = ["_last", "_before", "_state", "_why", "_last_why", "_before_why"];

/// The tables that an expression reads: what stands behind FROM and JOIN.
fn tables(sql: &str) -> impl Iterator<Item = &str> {
    let behind = |word: &str| ["from", "join"].iter().any(|w| word.eq_ignore_ascii_case(w));
    words(sql).zip(words(sql).skip(1)).filter(move |(word, _)| behind(word)).map(|(_, table)| table)
}

/// The words of an expression outside its texts.
fn words(sql: &str) -> impl Iterator<Item = &str> {
    let outside = sql.split('\'').step_by(2);
    outside.flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::config::load;
    use std::path::Path;

    #[test]
    fn a_day_is_taken_away_and_a_form_with_its_day() -> Result<(), String> {
        let due = |site: &str| -> Result<Vec<String>, String> {
            let config = load(site, Path::new(".")).map_err(|problems| format!("{problems:?}"))?;
            Ok(config.source.values().flat_map(|source| source.due.keys().cloned()).collect())
        };
        assert_eq!(due("")?, ["directory", "needs", "returns", "patents"]);
        assert_eq!(due("[source.statistics]\ndue = { returns = \"none\" }")?, ["directory", "needs", "patents"]);
        assert_eq!(due("[form.needs]\ndisabled = true")?, ["directory", "returns", "patents"]);
        assert_eq!(due("[source.industry]\nforms = [\"directory\"]")?, ["directory", "returns", "patents"]);
        assert!(due("[source.industry]\nforms = [\"directory\"]\ndue = { needs = \"03-01\" }").is_err(), "what the site states is told");
        Ok(())
    }
}
