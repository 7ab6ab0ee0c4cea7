//! Tries the conditions that a site states before anything is read: a mistake in one is the configuration's, with its
//! line, and not an error of some night's run.
//!
//! Edits and criteria are SQL, so they are tried as they will run: over empty datasets with every column that a form
//! may have, through the same stages. A site that changes forms or the rules of merging has all of them tried.

use super::refused::{instead, reason, said};
use super::{names, resources, scope, words};
use crate::config::{Config, EditOptions, Links, Problem, ProblemKind, field_of, line_of, load_defaults, nearest};
use crate::engine::expression::{Complaint, Refusal, TableSchemas};
use crate::engine::functions;
use crate::engine::{Engine, EngineError, Scratch};
use crate::error::Error;
use crate::model::field::FieldKind;
use crate::model::scope::Scope;
use crate::stages::link::{self, Subject};
use crate::stages::merge::Datasets;
use crate::stages::screen::Criterion;
use crate::stages::standardize::{names_schema, sums_schema};
use crate::stages::validate::{Compiled, Fault};
use crate::stages::{merge, validate};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Settings of edits and criteria that no condition depends on.
const UNTRIED: [&str; 18] = [
    "severity",
    "disabled",
    "name",
    "message",
    "help",
    "explain",
    "withholds",
    "threshold",
    "statistics",
    "effect",
    "part",
    "set",
    "source",
    "near",
    "weight",
    "unjudged",
    "valid_from",
    "valid_until",
];

/// Empty datasets with every column of their forms.
struct Empty(BTreeMap<String, SchemaRef>);

impl Datasets for Empty {
    fn schema(&self, dataset: &str) -> Option<&Schema> {
        self.0.get(dataset).map(AsRef::as_ref)
    }
}

/// Every edit and criterion that the site states and the engine cannot compute; `text` is the site's file, and `known` its
/// other problems: what has one of them is not tried, and what only follows from one is not told.
pub async fn problems(config: &Config, text: &str, known: &[Problem]) -> Vec<Problem> {
    if !["edit", "criterion", "form", "merge", "enterprise"].iter().any(|section| config.site.contains_key(*section)) {
        return Vec::new();
    }
    let mut unusable = names::unusable(config, text);
    if !unusable.is_empty() {
        unusable.retain(|problem| !known.iter().any(|k| k.path == problem.path));
        return unusable;
    }
    // The built-in settings are proved by tests, so what fails is a disk or memory problem that the run will meet again.
    let untried = |error: Error| tracing::warn!(%error, "conditions could not be tried");
    let engine = Scratch::below(&std::env::temp_dir(), config.engine.batch_rows)
        .map_err(Error::from)
        .and_then(|s| Ok(Engine::new(config.reference_dates(), &resources(config, 0), s)?));
    let Ok(engine) = engine.map_err(untried) else { return Vec::new() };
    let trial = Trial { config, text, known, engine, tables: tables(config) };
    let mut found = trial.run().await.map_err(untried).unwrap_or_default();
    found.retain(|p| !trial.follows(p));
    found.sort_by_key(|p| p.line);
    found.dedup();
    found
}

/// What subqueries may name, each column of words with its list.
fn tables(config: &Config) -> TableSchemas {
    let listed = |(name, columns): (String, SchemaRef)| {
        let columns = config.form.get(&name).map_or_else(|| columns.clone(), |form| Arc::new(words::of_form(config, form, &columns)));
        (name, columns)
    };
    scope::tables(config).into_iter().map(listed).collect()
}

struct Trial<'a> {
    config: &'a Config,
    text: &'a str,
    known: &'a [Problem],
    engine: Engine,
    tables: TableSchemas,
}

impl Trial<'_> {
    async fn run(&self) -> Result<Vec<Problem>, Error> {
        let changed = self.changed_kinds();
        let merges = ["merge", "enterprise"].iter().any(|section| self.config.site.contains_key(*section)) || self.states_fields();
        let criteria = self.of("criterion", !changed.is_empty() || merges);
        let edits = self.of("edit", !changed.is_empty());
        let edits: Vec<(&String, &EditOptions)> =
            edits.iter().filter_map(|code| self.config.edit.get_key_value(code)).filter(|(_, e)| !e.disabled).collect();
        let among = merges || !criteria.is_empty() || edits.iter().any(|(_, e)| matches!(e.scope, Scope::Population | Scope::History));
        if edits.is_empty() && !among {
            return Ok(Vec::new());
        }
        let empty = self.empty_population(among).await?;
        let mut found = Vec::new();
        for (code, edit) in edits {
            if let Err(fault) = self.try_edit(code, edit).await {
                found.push(self.edit_problem(&fault, &changed));
            }
        }
        if criteria.is_empty() && !merges {
            return Ok(found);
        }
        let only = self.try_only();
        if !only.is_empty() {
            found.extend(only);
            return Ok(found);
        }
        if let Err(error) = merge::merge(&self.engine, self.config, &empty).await {
            let problem = self.changed(&changed, "").or_else(|| self.formula_problem(&error));
            found.push(problem.unwrap_or_else(|| self.merge_problem(&error.source)));
            return Ok(found);
        }
        let enterprises = words::of_enterprises(self.config, self.engine.dataset("enterprises").schema());
        for id in criteria {
            let Some(criterion) = self.config.criterion.get(&id).filter(|c| !c.disabled) else { continue };
            if let Err(unread) = Criterion::read(&self.engine, &id, criterion, &enterprises) {
                found.push(self.problem(
                    &format!("criterion.{id}"),
                    &unread.key,
                    &unread.sql,
                    &unread.refusal,
                    ProblemKind::BeyondEnterprise,
                ));
            }
        }
        Ok(found)
    }

    /// Conditions by which only some records of a form speak.
    fn try_only(&self) -> Vec<Problem> {
        let stated =
            self.config.enterprise.iter().filter_map(|(id, given)| Some((id, given.only.as_ref()?, self.config.form.get(&given.from)?)));
        let tried = stated.filter_map(|(id, sql, form)| {
            let columns = words::of_form(self.config, form, &scope::own_columns(form));
            let refusal = merge::only(&self.engine, sql, form, &columns).err()?;
            Some(self.problem(&format!("enterprise.{id}"), "only", sql, &refusal, ProblemKind::BeyondRecord))
        });
        tried.collect()
    }

    /// The formula that could not be computed, if one could not.
    fn formula_problem(&self, error: &EngineError) -> Option<Problem> {
        let (id, given) = self.config.enterprise.iter().find(|(_, given)| given.formula.as_ref() == Some(&error.what))?;
        let columns = self.engine.dataset("enterprises").schema().clone();
        // Those before it are right, and stand there as they would.
        let before = self.config.enterprise.iter().take_while(|(other, _)| *other != id).filter(|(_, given)| given.formula.is_some());
        let computed = before.flat_map(|(id, given)| {
            let whole = if given.kind == Some(FieldKind::Amount) { 28 } else { 18 };
            let why = Field::new(format!("{id}_why"), DataType::Utf8, true);
            [Field::new(id, DataType::Decimal128(whole, 4), true), why].map(Arc::new)
        });
        let columns = Schema::new(columns.fields().iter().cloned().chain(computed).collect::<Vec<_>>());
        let columns = words::of_enterprises(self.config, &merge::with_before(self.config, &columns, &merge::years(self.config)));
        let refusal = merge::formula(&self.engine, &error.what, given.kind.unwrap_or(FieldKind::Number), &columns).err()?;
        Some(self.problem(&format!("enterprise.{id}"), "formula", &error.what, &refusal, ProblemKind::BeyondEnterprise))
    }

    /// The entries of a section that are tried: all of them, or those whose conditions the site states.
    fn of(&self, section: &str, all: bool) -> Vec<String> {
        // A site that only changes an edit's severity leaves its condition as it is.
        let about_condition = |entry: &toml::Value| entry.as_table().is_some_and(|e| e.keys().any(|k| !UNTRIED.contains(&k.as_str())));
        let from = if all { &self.config.merged } else { &self.config.site };
        let entries = from.get(section).and_then(|v| v.as_table()).into_iter().flatten();
        // What is wrong with an entry's words leaves its condition as it is, too.
        let wrong = |id: &str| {
            let below = |p: &Problem| p.path.strip_prefix(&format!("{section}.{id}")).map(str::to_owned);
            let key = |rest: &str| rest.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default().to_owned();
            let about = |rest: &String| (rest.is_empty() || rest.starts_with('.')) && !UNTRIED.contains(&key(rest).as_str());
            self.known.iter().filter_map(below).any(|rest| about(&rest))
        };
        entries.filter(|(id, entry)| about_condition(entry) && !wrong(id)).map(|(id, _)| id.clone()).collect()
    }

    /// Whether the site states fields that are not built in.
    fn states_fields(&self) -> bool {
        let Ok(built_in) = load_defaults(Path::new(".")) else { return false };
        let new = |(id, form): (&String, &crate::config::FormOptions)| {
            form.field.keys().any(|name| built_in.form.get(id).is_none_or(|f| !f.field.contains_key(name)))
        };
        self.config.site.contains_key("form") && self.config.form.iter().any(new)
    }

    /// Paths of the types of built-in fields that the site states otherwise, with what they were.
    fn changed_kinds(&self) -> Vec<(String, String)> {
        let Some(stated) = self.config.site.get("form").and_then(|f| f.as_table()) else { return Vec::new() };
        let Ok(built_in) = load_defaults(Path::new(".")) else { return Vec::new() };
        let kind = |form: &str, field: &str| built_in.merged.get("form")?.get(form)?.get("field")?.get(field)?.get("type")?.as_str();
        let mut changed = Vec::new();
        for (form, entry) in stated {
            for (field, entry) in entry.get("field").and_then(|f| f.as_table()).into_iter().flatten() {
                if let (Some(was), Some(is)) = (kind(form, field), entry.get("type").and_then(|t| t.as_str()))
                    && was != is
                {
                    changed.push((format!("form.{form}.field.{field}.type"), was.to_owned()));
                }
            }
        }
        changed
    }

    /// Registers empty datasets, and links them if something is to be tried among records.
    async fn empty_population(&self, among: bool) -> Result<Empty, Error> {
        let engine = &self.engine;
        let empty = Empty(self.tables.clone());
        engine.table("sum_rows", Arc::new(sums_schema()), &[])?;
        engine.table("names", Arc::new(names_schema()), &[])?;
        if !among {
            return Ok(empty);
        }
        for (name, form) in &self.config.form {
            let own = scope::own_columns(form);
            engine.table(&format!("stated_{name}"), Arc::new(own.clone()), &[])?;
            engine.table(name, Arc::new(own), &[])?;
        }
        let subjects: Vec<Subject<'_>> = self.config.form.iter().map(|(dataset, form)| Subject { dataset, form }).collect();
        link::nothing(engine, &subjects)?;
        for subject in subjects.iter().filter(|s| s.links() == Links::Holders) {
            merge::credit(engine, subject.dataset).await?;
        }
        for (name, columns) in scope::tables(self.config) {
            engine.table(&validate::whole_table(&name), columns, &[])?;
        }
        Ok(empty)
    }

    async fn try_edit(&self, code: &str, edit: &EditOptions) -> Result<(), Box<Fault>> {
        let one: IndexMap<String, EditOptions> = [(code.to_owned(), edit.clone())].into_iter().collect();
        let among = matches!(edit.scope, Scope::Population | Scope::History);
        for name in &edit.dataset {
            let form = self.config.form.get(name);
            if form.is_none() && name != "sum_rows" {
                continue;
            }
            let whole = form.map_or_else(sums_schema, |f| words::of_form(self.config, f, &scope::columns(f, edit.scope)));
            let none = TableSchemas::new();
            let dataset =
                validate::EditedDataset { name, form, schema: &whole, whole: &whole, tables: if among { &self.tables } else { &none } };
            let compiled = validate::compile(&self.engine, &one, edit.scope, &dataset)?;
            self.compute(&dataset, edit, &compiled, among).await?;
        }
        Ok(())
    }

    /// Computes compiled edits over nothing.
    async fn compute(
        &self,
        dataset: &validate::EditedDataset<'_>,
        written: &EditOptions,
        edits: &[Compiled],
        among: bool,
    ) -> Result<(), Box<Fault>> {
        if among {
            let own = self.config.form.get(dataset.name).map(scope::own_columns).unwrap_or_else(Schema::empty);
            let own: Vec<String> = own.fields().iter().map(|f| f.name().clone()).collect();
            let links = dataset.form.map(|form| form.links).unwrap_or_default();
            let judged = validate::try_groups(&self.engine, &link::linked(dataset.name, links, &own), dataset.name, edits).await;
            return match (judged, edits.first()) {
                (Err(error), Some(edit)) => Err(fault(&edit.code, "holds", &written.holds, error.source)),
                _ => Ok(()),
            };
        }
        for edit in edits {
            let expected = edit.expected.as_ref().zip(written.expected.as_ref());
            for (key, formula) in [("holds", Some((&edit.holds, &written.holds))), ("expected", expected)] {
                let Some((formula, sql)) = formula else { continue };
                if let Some(Err(error)) = formula.computation.as_ref().map(|c| c.attempt(dataset.schema)) {
                    return Err(fault(&edit.code, key, sql, error.source));
                }
            }
        }
        Ok(())
    }

    /// Whether a problem only follows from one that is known: of a field whose entry has one nothing is known.
    fn follows(&self, problem: &Problem) -> bool {
        use ProblemKind::{BadArguments, MixedKinds, NoSuchValue, UnfitKind, UnknownField, UnlistedWord};
        let names: Vec<&str> = match problem.kind {
            UnknownField => vec![&problem.found],
            // A part of a condition: of a field whose type is not known nothing follows from its values.
            MixedKinds | UnfitKind | UnlistedWord | NoSuchValue | BadArguments => {
                problem.found.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect()
            }
            _ => return false,
        };
        self.known.iter().any(|known| {
            let mut path = known.path.split('.');
            let field = match (path.next(), path.next(), path.next(), path.next()) {
                (Some("form"), _, Some("field"), Some(field)) => field,
                (Some("form"), _, Some("field") | None, None) => "",
                (Some("merge"), Some("field"), Some(field), _) => field,
                (Some("merge"), Some("field") | None, None, _) => "",
                (Some("merge"), Some("years"), ..) => return problem.found.contains(|c: char| c.is_ascii_digit()),
                (Some("codes"), ..) => return problem.kind == UnlistedWord,
                _ => return false,
            };
            names.iter().any(|name| name.starts_with(field))
        })
    }

    fn edit_problem(&self, fault: &Fault, changed: &[(String, String)]) -> Problem {
        let section = format!("edit.{}", fault.code);
        if !self.config.states(&section)
            && let Some(problem) = self.changed(changed, &fault.sql)
        {
            return problem;
        }
        let scope = self.config.edit.get(&fault.code).map(|e| e.scope);
        let among = matches!(scope, Some(Scope::Population | Scope::History));
        let beyond = if among { ProblemKind::OutOfPlace } else { ProblemKind::BeyondRecord };
        self.problem(&section, &fault.key, &fault.sql, &fault.refusal, beyond)
    }

    /// A field that became something else than it is by itself: what is built in was right before. `sql` names it, if it is
    /// not the first.
    fn changed(&self, changed: &[(String, String)], sql: &str) -> Option<Problem> {
        let names = |path: &String| path.split('.').nth(3).is_some_and(|field| sql.contains(field));
        let (path, was) = changed.iter().find(|(path, _)| names(path)).or_else(|| changed.first())?;
        let mut keys = path.split('.');
        let first = self.config.merged.get(keys.next()?)?;
        let found = keys.try_fold(first, |value, key| value.get(key))?.to_string();
        let line = line_of(self.text, path).unwrap_or(0);
        Some(Problem { line, path: path.clone(), kind: ProblemKind::BadValue, found, expected: vec![was.clone()] })
    }

    /// A rule or a field that gives an enterprise a column which it has already.
    fn merge_problem(&self, error: &DataFusionError) -> Problem {
        let text = error.find_root().strip_backtrace();
        let figures = self.config.figures().into_iter();
        let fields = figures.flat_map(|(id, form)| form.field.keys().map(move |f| (format!("form.{id}.field.{f}"), f)));
        let rules = self.config.merge.field.keys().map(|f| (format!("merge.field.{f}"), f));
        let given = self.config.enterprise.keys().map(|id| (format!("enterprise.{id}"), id));
        let named: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let guilty = fields.chain(rules).chain(given).find(|(path, name)| self.config.states(path) && names_column(&named, name));
        match guilty {
            Some((path, name)) => {
                let line = line_of(self.text, &path).unwrap_or(0);
                Problem { line, path, kind: ProblemKind::BadName, found: name.clone(), expected: Vec::new() }
            }
            None => {
                let line = line_of(self.text, "merge").or_else(|| line_of(self.text, "form")).unwrap_or(0);
                tracing::debug!(%error, "records cannot be merged");
                let expected = vec![reason(&Complaint::Other)];
                Problem { line, path: "merge".into(), kind: ProblemKind::BadCondition, found: "merge".into(), expected }
            }
        }
    }

    /// The problem at the line of the condition; at that of its section where the site does not state the condition itself.
    fn problem(&self, section: &str, key: &str, sql: &str, refusal: &Refusal, beyond: ProblemKind) -> Problem {
        let path = format!("{section}.{key}");
        let (path, line) = match line_of(self.text, &path) {
            Some(line) => (path, line),
            None => (section.to_owned(), line_of(self.text, section).unwrap_or(0)),
        };
        let of = |kind: ProblemKind, found: &str, expected: Vec<String>| Problem {
            line,
            path: path.clone(),
            kind,
            found: found.to_owned(),
            expected,
        };
        match refusal {
            Refusal::Beyond(word) => of(beyond, word, Vec::new()),
            Refusal::Function(name) => of(ProblemKind::FunctionRefused, name, functions::allowed().map(str::to_owned).collect()),
            Refusal::Table(name) if self.config.edit.contains_key(section.trim_start_matches("edit.")) => {
                of(ProblemKind::UnknownTable, name, self.tables.keys().cloned().collect())
            }
            Refusal::Table(_) => of(beyond, "SELECT", Vec::new()),
            Refusal::SeveralValues => of(ProblemKind::SeveralValues, sql, Vec::new()),
            Refusal::Membership(word) => of(ProblemKind::Membership, word, Vec::new()),
            Refusal::NoTruth(kind) => of(ProblemKind::NoTruth, sql, vec![said(*kind)]),
            Refusal::Mixed { part, left, right } => {
                let instead = format!("@instead.{}", instead(left.1, right.1));
                let sides = vec![left.0.clone(), said(Some(left.1)), right.0.clone(), said(Some(right.1)), instead];
                of(ProblemKind::MixedKinds, part, sides)
            }
            Refusal::Unfit { part, value, is, wanted } => {
                let instead = format!("@instead.{}", instead(*is, *wanted));
                of(ProblemKind::UnfitKind, part, vec![value.clone(), said(Some(*is)), said(Some(*wanted)), instead])
            }
            Refusal::Word { part, column, word, words } => {
                let meant = self.meant(word, words);
                let listed = [column, word].into_iter().cloned().chain([meant]).chain(words.iter().cloned());
                of(ProblemKind::UnlistedWord, part, listed.collect())
            }
            Refusal::NoValue { part, text, wanted } => of(ProblemKind::NoSuchValue, part, vec![text.clone(), said(Some(*wanted))]),
            Refusal::WithNull(part) => of(ProblemKind::AgainstNull, part, Vec::new()),
            Refusal::Never(part) => of(ProblemKind::NeverHolds, part, Vec::new()),
            Refusal::Arguments(part, kinds) => of(ProblemKind::BadArguments, part, kinds.iter().map(|kind| said(*kind)).collect()),
            Refusal::Notation => of(ProblemKind::BadCondition, sql, vec![reason(&Complaint::Notation)]),
            Refusal::Engine(error) => match error.find_root() {
                DataFusionError::SchemaError(reason, _) if let SchemaError::FieldNotFound { field, valid_fields } = reason.as_ref() => {
                    let names = valid_fields.iter().map(|f| f.name.clone()).filter(|n| !n.contains('_') || !is_beside(n));
                    of(ProblemKind::UnknownField, &field.name, names.collect())
                }
                other => {
                    tracing::debug!(error = %other, "a condition cannot be computed");
                    of(ProblemKind::BadCondition, sql, vec![reason(&Complaint::read(sql, other))])
                }
            },
        }
    }

    /// The word of a list that a site's own spelling of it stands for, or that is most like it.
    fn meant(&self, found: &str, words: &[String]) -> String {
        let lists = self.config.codes.values().flatten().filter(|(word, _)| words.contains(word));
        let spelled = lists.filter(|(_, spellings)| spellings.iter().any(|s| s == found)).map(|(word, _)| word.as_str()).next();
        spelled.or_else(|| nearest(found, words)).unwrap_or_default().to_owned()
    }
}

/// Whether one of the words is a column that a field, a rule or a declaration gives: its name, or that with a year.
fn names_column(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| *word == name || field_of(word) == name)
}

fn fault(code: &str, key: &str, sql: &str, source: Box<DataFusionError>) -> Box<Fault> {
    Box::new(Fault { code: code.to_owned(), key: key.to_owned(), sql: sql.to_owned(), refusal: Refusal::Engine(source) })
}

/// Whether a column stands beside a field's own and is seldom meant.
fn is_beside(name: &str) -> bool {
    ["_state", "_raw", "_cell", "_unit", "_key", "_precision", "_why"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tables_of_nothing_have_the_columns_of_those_that_are_made() -> Result<(), Error> {
        let config = load_defaults(Path::new(".")).expect("the defaults");
        let subjects: Vec<Subject<'_>> = config.form.iter().map(|(dataset, form)| Subject { dataset, form }).collect();
        let folder = tempfile::tempdir()?;
        let made = Engine::new(config.reference_dates(), &resources(&config, 0), Scratch::below(folder.path(), config.engine.batch_rows)?)?;
        made.table("names", Arc::new(names_schema()), &[])?;
        for (name, form) in &config.form {
            made.table(name, Arc::new(scope::own_columns(form)), &[])?;
        }
        let directory = subjects.iter().find(|s| s.form.registry).expect("a directory");
        link::register(&made, directory, "true", &[]).await?;
        link::link(&made, &subjects, "true").await?;
        link::set_apart(&made, &subjects, i64::min)?;
        let nothing =
            Engine::new(config.reference_dates(), &resources(&config, 0), Scratch::below(folder.path(), config.engine.batch_rows)?)?;
        link::nothing(&nothing, &subjects)?;
        let columns = |engine: &Engine, table: &str| -> Vec<(String, String)> {
            engine.dataset(table).schema().fields().iter().map(|f| (f.name().clone(), f.data_type().to_string())).collect()
        };
        let links = subjects.iter().map(|s| link::links_of(s.dataset));
        for table in links.chain(["registry", "duplicates", "quarantined"].map(String::from)) {
            assert_eq!(columns(&nothing, &table), columns(&made, &table), "{table}");
        }
        Ok(())
    }
}
