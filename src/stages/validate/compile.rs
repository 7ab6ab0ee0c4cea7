//! From an edit as written to its instances over the columns at hand.

use crate::config::{EditOptions, FormOptions, Withholds};
use crate::engine::Engine;
use crate::engine::expression::{Computation, Expression, Reach, Reading, Refusal, Surroundings, TableSchemas};
use crate::model::field::FieldKind;
use crate::model::scope::Scope;
use crate::model::severity::Severity;
use datafusion::arrow::datatypes::{Field, Schema};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of a dataset when its edits are compiled.
pub struct EditedDataset<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its form; `sum_rows` has none.
    pub form: Option<&'a FormOptions>,
    /// Its columns.
    pub schema: &'a Schema,
    /// The columns that it might have, whatever was sent: those that an edit may name.
    pub whole: &'a Schema,
    /// What subqueries may name, in scopes that know more than the dataset.
    pub tables: &'a TableSchemas,
}

impl EditedDataset<'_> {
    fn has(&self, column: &str) -> bool {
        self.schema.column_with_name(column).is_some()
    }

    /// Whether a column can be read: it is there, or it would only say that nothing was withheld.
    fn serves(&self, column: &str) -> bool {
        self.has(column) || column.ends_with("_why") && self.whole.column_with_name(column).is_some()
    }
}

/// An expression of an edit that a site wrote and that cannot stand there.
#[derive(Debug)]
pub struct Fault {
    /// The edit.
    pub code: String,
    /// The key of its entry.
    pub key: String,
    /// What was written.
    pub sql: String,
    /// Why it cannot stand there.
    pub refusal: Refusal,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}: {}", self.code, self.key, self.refusal)
    }
}

impl std::error::Error for Fault {}

/// A condition or an expectation, read once.
#[derive(Debug, Clone)]
pub struct Formula {
    /// Its text for plans.
    pub sql: String,
    /// The columns of its own record that it names.
    pub columns: BTreeSet<String>,
    /// Whether it looks at other rows, so that a plan must compute it before any row is left out.
    pub among: bool,
    /// Where it looks at its record alone, how it is computed.
    pub computation: Option<Computation>,
}

impl Formula {
    fn of(reading: &Reading) -> Self {
        let expression = reading.expression();
        Self {
            sql: expression.for_plan(whole_table),
            columns: reading.columns.clone(),
            among: expression.is_among_rows(),
            computation: None,
        }
    }
}

/// The name under which plans find a table of a scope with all the columns that it might have.
pub fn whole_table(name: &str) -> String {
    format!("whole_{name}")
}

/// One edit over one choice of fields.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The edit's code.
    pub code: Arc<str>,
    /// When it is judged.
    pub scope: Scope,
    /// Its severity.
    pub severity: Severity,
    /// Fields judged; the first is the finding's place.
    pub fields: Arc<[String]>,
    /// Fields whose absence makes it unjudged.
    pub operands: Vec<String>,
    /// Three-valued.
    pub holds: Formula,
    /// What was expected.
    pub expected: Option<Formula>,
    /// Whether that is another record.
    pub expects_record: bool,
    /// Whether a decimal number expected is money: where the field judged first is, or the amounts of a sum row are.
    pub expects_amount: bool,
    /// Columns by which to group, and the aggregates over a group.
    pub groups: Option<(Vec<String>, IndexMap<String, Formula>)>,
    /// The code that withholds an operand in another record.
    pub because: Option<Formula>,
    /// Fields that it withholds when broken.
    pub withholds: Vec<String>,
    /// Fields that it puts in doubt when broken: those that it withholds, and keys that it judges, which keep their value.
    pub doubts: Vec<String>,
    /// Fields whose text the message shows.
    pub shown: Vec<String>,
    /// The columns that hold those texts: as stored where there is such a column.
    pub shown_columns: Vec<String>,
    /// False if a column that it needs is in no table: then every record is unjudged.
    pub possible: bool,
}

impl Compiled {
    /// Every column that it may read or show.
    pub fn columns(&self) -> BTreeSet<String> {
        let formulas = [Some(&self.holds), self.expected.as_ref(), self.because.as_ref()].into_iter().flatten();
        let aggregates = self.groups.iter().flat_map(|(_, with)| with.values());
        let per = self.groups.iter().flat_map(|(per, _)| per);
        formulas.chain(aggregates).flat_map(|f| &f.columns).chain(per).chain(&self.shown_columns).cloned().collect()
    }

    /// Whether its condition or its expectation names a column.
    pub fn names(&self, column: &str) -> bool {
        self.holds.columns.contains(column) || self.expected.as_ref().is_some_and(|e| e.columns.contains(column))
    }
}

/// Compiles the edits of a scope for a dataset, those that withhold first.
///
/// # Errors
/// An expression that cannot stand where it does; what a site writes is tried before anything is run.
pub fn compile(
    engine: &Engine,
    edits: &IndexMap<String, EditOptions>,
    scope: Scope,
    dataset: &EditedDataset<'_>,
) -> Result<Vec<Compiled>, Box<Fault>> {
    let mut compiled = Vec::new();
    for (code, edit) in of_scope(edits, scope, dataset) {
        let compiler = Compiler::new(engine, code, &edit, dataset)?;
        for (fields, each) in instances(&edit, dataset) {
            compiled.push(compiler.instance(&fields, each.as_deref())?);
        }
    }
    compiled.sort_by_key(|e| e.doubts.is_empty());
    Ok(compiled)
}

/// The fields that any edit of a scope may put in doubt.
pub fn doubted(edits: &IndexMap<String, EditOptions>, scope: Scope, dataset: &EditedDataset<'_>) -> BTreeSet<String> {
    let of_edit = |edit: &EditOptions| {
        instances(edit, dataset).into_iter().flat_map(|(fields, _)| withheld(edit, dataset, &fields).1).collect::<Vec<_>>()
    };
    of_scope(edits, scope, dataset).flat_map(|(_, edit)| of_edit(&edit)).filter(|f| dataset.has(f)).collect()
}

/// By dataset, the tables that conditions of its edits among records read beside its own.
///
/// What does not parse reads nothing: it is refused where it is compiled.
pub fn tables_read(edits: &IndexMap<String, EditOptions>) -> BTreeMap<String, BTreeSet<String>> {
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for edit in edits.values().filter(|e| !e.disabled && matches!(e.scope, Scope::Population | Scope::History)) {
        let texts = [Some(&edit.holds), edit.when.as_ref(), edit.expected.as_ref(), edit.because.as_ref()].into_iter().flatten();
        let named: BTreeSet<String> = texts.filter_map(|sql| Expression::parse(sql).ok()).flat_map(|e| e.tables().clone()).collect();
        edit.dataset.iter().for_each(|dataset| read.entry(dataset.clone()).or_default().extend(named.iter().cloned()));
    }
    read
}

/// The edits of a scope that judge a dataset, each as it reads over its form.
pub(super) fn of_scope<'a>(
    edits: &'a IndexMap<String, EditOptions>,
    scope: Scope,
    dataset: &'a EditedDataset<'a>,
) -> impl Iterator<Item = (&'a String, Cow<'a, EditOptions>)> {
    let judging = edits.iter().filter(move |(_, e)| !e.disabled && e.scope == scope && e.judges(dataset.name, dataset.form));
    judging.filter_map(|(code, edit)| Some((code, dataset.form.map_or(Some(Cow::Borrowed(edit)), |form| edit.over(form))?)))
}

/// The choices of fields that an edit is judged over, each with the field that `{f}` stands for.
pub(super) fn instances(edit: &EditOptions, dataset: &EditedDataset<'_>) -> Vec<(Vec<String>, Option<String>)> {
    let kind_of = |field: &str| dataset.form.and_then(|f| f.field.get(field)).map(|f| f.kind);
    let once_each: Option<Vec<String>> = if !edit.each.is_empty() {
        let fields = dataset.form.map(|f| f.field.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        Some(fields.into_iter().filter(|f| kind_of(f).is_some_and(|k| edit.each.contains(&k))).collect())
    } else if edit.holds.contains("{f}") {
        Some(edit.fields.iter().filter(|f| kind_of(f).is_some()).cloned().collect())
    } else {
        None
    };
    match once_each {
        Some(fields) => fields.into_iter().filter(|f| dataset.has(f)).map(|f| (vec![f.clone()], Some(f))).collect(),
        None => vec![(edit.fields.clone(), None)],
    }
}

/// One edit being compiled for one dataset.
struct Compiler<'a> {
    engine: &'a Engine,
    code: &'a str,
    edit: &'a EditOptions,
    dataset: &'a EditedDataset<'a>,
    /// What its expressions may name: aggregates too.
    record: Surroundings<'a>,
    with: IndexMap<String, Formula>,
}

impl<'a> Compiler<'a> {
    fn new(engine: &'a Engine, code: &'a str, edit: &'a EditOptions, dataset: &'a EditedDataset<'a>) -> Result<Self, Box<Fault>> {
        let place = |columns: &Schema, reach: Reach| {
            let tables = if reach == Reach::Tables { dataset.tables } else { &NO_TABLES };
            Surroundings::new("t", columns, tables, reach).map_err(|e| fault(code, "holds", &edit.holds, e.into()))
        };
        let group = place(dataset.whole, Reach::Group)?;
        let mut columns: Vec<Arc<Field>> = dataset.whole.fields().iter().cloned().collect();
        let mut with = IndexMap::new();
        let among = matches!(edit.scope, Scope::Population | Scope::History);
        for (name, sql) in edit.with.iter().filter(|_| among) {
            let reading = engine.read(sql, &group).map_err(|r| fault(code, &format!("with.{name}"), sql, r))?;
            columns.push(Arc::new(Field::new(name, reading.data_type.clone(), true)));
            with.insert(name.clone(), Formula::of(&reading));
        }
        if let Some(unknown) = edit.per.iter().find(|p| dataset.whole.column_with_name(p).is_none()) {
            let missing = engine.read(&quoted(unknown), &group).err();
            return Err(
                missing.map_or_else(|| fault(code, "per", unknown, Refusal::Table(unknown.clone())), |r| fault(code, "per", unknown, r))
            );
        }
        let record = place(&Schema::new(columns), if among { Reach::Tables } else { Reach::Row })?;
        Ok(Self { engine, code, edit, dataset, record, with })
    }

    fn instance(&self, fields: &[String], each: Option<&str>) -> Result<Compiled, Box<Fault>> {
        let (edit, dataset) = (self.edit, self.dataset);
        let bind = |sql: &str| each.map_or_else(|| sql.to_owned(), |f| sql.replace("{f}", f));
        let holds = self.condition(&bind(&edit.holds), edit.when.as_deref().map(bind).as_deref())?;
        let expected = edit.expected.as_deref().map(|sql| self.read("expected", &bind(sql))).transpose()?;
        let because = edit.because.as_deref().map(|sql| self.read("because", &bind(sql))).transpose()?;
        let named = self.with.values().flat_map(|f| &f.columns).chain(&edit.per).chain(&holds.columns);
        let used: BTreeSet<&String> = named.filter(|c| !self.with.contains_key(*c)).collect();
        let possible = used.iter().all(|c| dataset.serves(c));
        // What cannot be read is not expected, and names nothing that withholds.
        let there = |reading: &Reading| reading.columns.iter().all(|c| self.with.contains_key(c) || dataset.serves(c));
        let all: Vec<String> = fields.iter().chain(&edit.reads).cloned().collect();
        let operands = self.operands(&all, &used);
        let (shown, shown_columns) = self.shown(&all);
        let sole_column = expected.as_ref().and_then(|e| e.expression().sole_column());
        let kind = |form: &FormOptions| fields.first().and_then(|f| form.field.get(f)).map(|f| f.kind);
        let (mut withholds, mut doubts) = withheld(edit, dataset, fields);
        withholds.retain(|f| dataset.has(f));
        doubts.retain(|f| dataset.has(f));
        Ok(Compiled {
            code: self.code.into(),
            scope: edit.scope,
            severity: edit.severity,
            fields: fields.into(),
            operands,
            holds: self.formula("holds", &holds, possible)?,
            expected: expected.filter(|e| there(e)).map(|e| self.formula("expected", &e, possible)).transpose()?,
            expects_record: sole_column.as_deref() == Some("first_record"),
            expects_amount: dataset.form.is_none_or(|form| kind(form) == Some(FieldKind::Amount)),
            groups: (!edit.per.is_empty()).then(|| (edit.per.clone(), self.with.clone())),
            because: because.filter(|b| there(b)).map(|b| self.formula("because", &b, possible)).transpose()?,
            withholds,
            doubts,
            shown,
            shown_columns,
            possible,
        })
    }

    /// The fields whose absence leaves it unjudged: those that it judges or says it reads; over one record every field that
    /// it names, so that no wrong value breaks two edits.
    fn operands(&self, all: &[String], used: &BTreeSet<&String>) -> Vec<String> {
        let mut operands: Vec<String> = all.iter().filter(|f| used.contains(f)).cloned().collect();
        if self.edit.scope == Scope::Record {
            let fields = self.dataset.form.into_iter().flat_map(|f| f.field.keys());
            operands.extend(fields.filter(|f| used.contains(f) && !all.contains(f)).cloned());
        }
        operands
    }

    /// A condition, true of records that are not judged at all.
    fn condition(&self, holds: &str, when: Option<&str>) -> Result<Reading, Box<Fault>> {
        let read = |key: &str, sql: &str| self.engine.read_condition(sql, &self.record).map_err(|r| fault(self.code, key, sql, r));
        let condition = read("holds", holds)?;
        let Some(when) = when else { return Ok(condition) };
        let when = read("when", when)?;
        let both = format!("CASE WHEN NOT ({}) THEN true ELSE ({}) END", when.expression(), condition.expression());
        read("holds", &both)
    }

    fn read(&self, key: &str, sql: &str) -> Result<Reading, Box<Fault>> {
        self.engine.read(sql, &self.record).map_err(|r| fault(self.code, key, sql, r))
    }

    /// A formula, planned if it will be computed over the records themselves.
    fn formula(&self, key: &str, reading: &Reading, possible: bool) -> Result<Formula, Box<Fault>> {
        let mut formula = Formula::of(reading);
        if possible && matches!(self.edit.scope, Scope::Field | Scope::Record) {
            let computation = self.engine.prepare(reading, self.dataset.schema);
            let sql = || reading.expression().to_string();
            formula.computation = Some(computation.map_err(|e| fault(self.code, key, &sql(), Refusal::Engine(e.source)))?);
        }
        Ok(formula)
    }

    /// The fields whose texts a message shows, and the columns that hold them.
    fn shown(&self, all: &[String]) -> (Vec<String>, Vec<String>) {
        let mut shown: Vec<String> = all.to_vec();
        let names = [FieldKind::Uscc, FieldKind::Name].into_iter().filter_map(|kind| self.dataset.form?.first_of(kind));
        shown.extend(names.map(String::from));
        shown.extend(self.edit.message.zh.split('{').skip(1).filter_map(|s| s.split('}').next()).map(str::to_owned));
        shown.sort();
        shown.dedup();
        shown.retain(|f| self.dataset.has(f));
        let stored = |f: &String| Some(format!("{f}_raw")).filter(|c| self.dataset.has(c)).unwrap_or_else(|| f.clone());
        let mut columns: Vec<String> = shown.iter().map(stored).collect();
        columns.extend(all.iter().map(|f| format!("{f}_why")).filter(|c| self.dataset.has(c)));
        (shown, columns)
    }
}

static NO_TABLES: TableSchemas = TableSchemas::new();

fn fault(code: &str, key: &str, sql: &str, refusal: Refusal) -> Box<Fault> {
    Box::new(Fault { code: code.to_owned(), key: key.to_owned(), sql: sql.to_owned(), refusal })
}

fn quoted(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}

/// What a broken edit takes out of use and what it puts in doubt: nothing but for errors.
///
/// On a key or a period it is the record's figures that go: the key itself still links and tells repetitions.
pub(super) fn withheld(edit: &EditOptions, dataset: &EditedDataset<'_>, fields: &[String]) -> (Vec<String>, Vec<String>) {
    let Some(form) = dataset.form.filter(|_| edit.severity == Severity::Error) else { return Default::default() };
    let identifies = |f: &String| form.key.contains(f) || form.field.get(f).is_some_and(|o| o.kind == FieldKind::Year);
    let rule = match edit.withholds {
        Some(Withholds::Nothing) => return Default::default(),
        Some(rule) => rule,
        None if fields.iter().any(identifies) => Withholds::Figures,
        None => Withholds::Values,
    };
    let values: Vec<String> = fields.iter().filter(|f| !identifies(f)).cloned().collect();
    let figures = form.field.iter().filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number));
    let withholds = if rule == Withholds::Values { values } else { figures.map(|(name, _)| name.clone()).collect() };
    let mut doubts = withholds.clone();
    doubts.extend(fields.iter().filter(|f| !withholds.contains(f)).cloned());
    (withholds, doubts)
}
