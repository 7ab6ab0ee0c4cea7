//! The datasets of one run, ready to answer: enterprises as typed columns in memory, all else found by row on disk.

use super::columns::{ShownColumn, column, columns_of};
use super::load_error::LoadError;
use super::order::Order;
use super::records::RecordsOnDisk;
use crate::config::{Config, Effect, YearOf};
use crate::model::name::match_key;
pub use crate::model::verdict::Conclusion;
use crate::model::verdict::Verdict;
pub use crate::run::Input;
use crate::run::{Enterprises, PublishedRun};
use crate::stages::acquire::hash_text;
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

/// The pool of one run.
pub struct PoolData {
    /// The run.
    pub run: String,
    /// The settings under which it was made, or today's where it kept none.
    pub config: Arc<Config>,
    /// Its reference date.
    pub as_of: String,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// All enterprises in the order of the registry.
    pub enterprises: RecordBatch,
    /// Columns of the table.
    pub columns: Vec<ShownColumn>,
    /// Criteria judged, in their order.
    pub criteria: Vec<String>,
    /// Years of figures, the last counted.
    pub years: Vec<i32>,
    /// What all verdicts come to.
    pub conclusions: Vec<Conclusion>,
    /// Whose figures of statistics every edition shows.
    pub consented: Vec<bool>,
    /// Name, former names and code of each, folded for searching.
    pub sought: Vec<String>,
    /// Industries (first three characters of the code) with how many enterprises are of each, as every edition shows them.
    pub industries: BTreeMap<String, u64>,
    /// Place of each enterprise by its key.
    pub ordinals: HashMap<String, u32>,
    /// Place of each enterprise by the id in addresses.
    pub by_id: HashMap<String, u32>,
    /// Orders made so far: of each column, that of the closed edition and that of the operator's if it counts otherwise.
    pub orders: Vec<[OnceLock<Order>; 2]>,
    /// Patents, as far as the run wrote them.
    pub patents: Option<RecordsOnDisk>,
    /// Records of the yearly form of figures, likewise.
    pub figures: Option<RecordsOnDisk>,
    /// Further datasets, likewise.
    pub datasets: BTreeMap<&'static str, RecordsOnDisk>,
}

/// Further datasets, with their column that holds the enterprise.
const DATASETS: [(&str, &str); 4] =
    [("conflicts", "enterprise"), ("provenance", "enterprise"), ("verdicts", "enterprise"), ("findings", "enterprise")];

impl PoolData {
    /// Reads what a run published; nothing if enterprises are not among it.
    pub fn load(today: &Config, run: &str, published: &PublishedRun) -> Result<Option<Self>, LoadError> {
        let Some(enterprises) = RecordsOnDisk::open(published, "enterprises", "enterprise")? else { return Ok(None) };
        let settings = published.known_settings(today)?;
        let enterprises = enterprises.whole(|name| !name.ends_with("_state"))?;
        let config = settings.as_ref().unwrap_or(today);
        let mut loaded = Self::of(config, run, enterprises);
        let about = published.record();
        (loaded.as_of, loaded.inputs) = (about.as_of.to_string(), about.inputs.clone());
        let of_form = |form: Option<&String>, key| form.map_or(Ok(None), |form| RecordsOnDisk::open(published, form, key));
        loaded.patents = of_form(config.rights().map(|(form, ..)| form), "uscc")?;
        loaded.figures = of_form(config.figures().map(|(form, _)| form), "enterprise")?;
        for (name, key) in DATASETS {
            if let Some(records) = RecordsOnDisk::open(published, name, key)? {
                loaded.datasets.insert(name, records);
            }
        }
        Ok(Some(loaded))
    }

    /// Prepares the enterprises of a run.
    pub fn of(config: &Config, run: &str, enterprises: RecordBatch) -> Self {
        let enterprises = with_shown_findings(enterprises);
        let rows = enterprises.num_rows();
        let names: Vec<String> = enterprises.schema().fields().iter().map(|f| f.name().clone()).collect();
        let criteria: Vec<String> = names.iter().filter_map(|n| n.strip_prefix("verdict_")).map(str::to_owned).collect();
        let of_years = |name: &String| match (EnterpriseColumn::of(config, name)?.year, name.ends_with("_why")) {
            (Some(YearOf::Calendar(year)), false) => Some(year),
            _ => None,
        };
        let years: BTreeSet<i32> = names.iter().filter_map(of_years).collect();
        let years: Vec<i32> = years.into_iter().collect();
        let text = |name: &str| texts(&enterprises, name);
        let (keys, names, former, codes, industry) =
            (text("enterprise"), text("name"), text(&config.pool.former_names), text("uscc"), text(&config.pool.industry));
        let value = |column: &Option<StringArray>, row: usize| {
            column.as_ref().filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned()).unwrap_or_default()
        };
        let sought = (0..rows).map(|row| [&names, &former, &codes].map(|c| match_key(&value(c, row))).join("\n")).collect();
        let consented = flags(&enterprises, "consented", rows);
        let schema = enterprises.schema();
        let closed =
            column(config, &schema, &config.pool.industry, years.last().copied().unwrap_or_default()).is_some_and(|c| c.statistics);
        let mut industries = BTreeMap::new();
        (0..rows)
            .filter(|row| !closed || consented[*row])
            .map(|row| industry_of(&value(&industry, row)))
            .filter(|i| !i.is_empty())
            .for_each(|i| *industries.entry(i).or_default() += 1);
        let (mut ordinals, mut by_id) = (HashMap::with_capacity(rows), HashMap::with_capacity(rows));
        for row in 0..rows {
            let (key, place) = (value(&keys, row), u32::try_from(row).unwrap_or(u32::MAX));
            by_id.insert(id_of(&key), place);
            ordinals.insert(key, place);
        }
        // The table tells what decides entry; the page of an enterprise has all of them.
        let decides = |id: &&String| config.criterion.get(*id).is_none_or(|c| c.effect == Effect::Hard);
        let deciding: Vec<String> = criteria.iter().filter(decides).cloned().collect();
        let columns = columns_of(config, &schema, &deciding, &years);
        Self {
            run: run.to_owned(),
            config: Arc::new(config.clone()),
            as_of: String::new(),
            inputs: Vec::new(),
            conclusions: conclusions(&enterprises, &criteria),
            consented,
            sought,
            industries,
            ordinals,
            by_id,
            orders: columns.iter().map(|_| Default::default()).collect(),
            patents: None,
            figures: None,
            datasets: BTreeMap::new(),
            columns,
            criteria,
            years,
            enterprises,
        }
    }

    /// Finds out which rows of the further datasets are whose, before the first page of an enterprise asks.
    pub fn index(&self) {
        for records in self.datasets.values().chain(&self.patents).chain(&self.figures) {
            if let Err(error) = records.rows(0, &self.ordinals) {
                tracing::warn!(%error, "a dataset cannot be indexed");
            }
        }
    }

    /// The enterprises as runs are compared.
    pub fn compared(&self) -> Enterprises {
        Enterprises::in_one(self.enterprises.clone(), None)
    }

    /// A column of the table.
    pub fn column(&self, id: &str) -> Option<&ShownColumn> {
        self.columns.iter().find(|c| c.id == id)
    }

    /// Enterprises.
    pub fn len(&self) -> usize {
        self.enterprises.num_rows()
    }

    /// A text of an enterprise; empty where there is none.
    pub fn text(&self, name: &str, row: usize) -> &str {
        let column = self.enterprises.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        column.filter(|c| c.is_valid(row)).map_or("", |c| c.value(row))
    }

    /// The id of an enterprise in addresses.
    pub fn id(&self, row: usize) -> String {
        id_of(self.text("enterprise", row))
    }

    /// The last year of figures.
    pub fn last_year(&self) -> i32 {
        self.years.last().copied().unwrap_or_default()
    }
}

/// Adds how many findings the operator's edition counts of each enterprise: all with consent, else those that rest on no
/// statistics. A run that did not count those is left as it is.
fn with_shown_findings(enterprises: RecordBatch) -> RecordBatch {
    let counts = |name: &str| enterprises.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
    let (Some(all), Some(open)) = (counts("findings"), counts("findings_open")) else { return enterprises };
    let consented = flags(&enterprises, "consented", enterprises.num_rows());
    let shown = consented.iter().enumerate().map(|(row, consented)| Some(if *consented { all.value(row) } else { open.value(row) }));
    let shown: ArrayRef = Arc::new(shown.collect::<Int64Array>());
    let mut fields: Vec<_> = enterprises.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("findings_shown", DataType::Int64, true)));
    let columns = enterprises.columns().iter().cloned().chain([shown]).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap_or(enterprises)
}

/// The id of an enterprise in addresses: the same over all runs, and no name in it, as addresses end up in logs.
pub fn id_of(key: &str) -> String {
    hash_text(key)[..20].to_owned()
}

/// The division of an industry code: `C35` of `C3599`.
pub fn industry_of(code: &str) -> String {
    code.chars().take(3).collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Option<StringArray> {
    batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned()
}

/// Yes or no of each row; no where nothing is said, as with runs of builds that did not say it.
fn flags(batch: &RecordBatch, name: &str, rows: usize) -> Vec<bool> {
    let column: Option<&BooleanArray> = batch.column_by_name(name).and_then(|c| c.as_boolean_opt());
    (0..rows).map(|row| column.is_some_and(|c| c.is_valid(row) && c.value(row))).collect()
}

/// What verdicts come to. Runs of builds that did not say so had no criteria but those on entry.
fn conclusions(batch: &RecordBatch, criteria: &[String]) -> Vec<Conclusion> {
    if let Some(said) = texts(batch, "conclusion") {
        return said.iter().map(|word| word.and_then(Conclusion::find).unwrap_or(Conclusion::Unjudged)).collect();
    }
    let pooled = flags(batch, "pooled", batch.num_rows());
    let verdicts: Vec<StringArray> = criteria.iter().filter_map(|c| texts(batch, &format!("verdict_{c}"))).collect();
    let conclude = |(row, pooled): (usize, bool)| match pooled {
        true => Conclusion::Pooled,
        false if verdicts.iter().any(|v| v.is_valid(row) && v.value(row) == Verdict::NotMet.id()) => Conclusion::NotPooled,
        false => Conclusion::Unjudged,
    };
    pooled.into_iter().enumerate().map(conclude).collect()
}
