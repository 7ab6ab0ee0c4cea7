//! The session: where plans are built and run.

use super::dataset::writer::DatasetWriter;
use super::dataset::{BATCH_ROWS, Dataset, Scratch};
use super::failure::EngineError;
use super::functions;
use super::kept::KeptAnswers;
use super::large_joins::LargeJoins;
use super::scan::DatasetTable;
use crate::cache::Cache;
use crate::model::date::ReferenceDates;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, TryCast};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use futures::StreamExt;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Rules of the optimizer that never change our plans (no limits, lateral joins, nested fields or set comparisons):
/// planning is most of the time of a small run.
const IDLE_RULES: [&str; 13] = [
    "rewrite_set_comparison",
    "optimize_unions",
    "unions_to_filter",
    "decorrelate_lateral_join",
    "eliminate_duplicated_expr",
    "eliminate_cross_join",
    "eliminate_limit",
    "propagate_empty_relation",
    "push_down_limit",
    "single_distinct_aggregation_to_group_by",
    "eliminate_group_by_constant",
    "extract_leaf_expressions",
    "push_down_leaf_projections",
];

/// The rules for physical plans that ours need: which side of a join is built, where rows must be sorted or gathered, which
/// columns an operator gives on. The others serve limits, many partitions, statistics and pushing into files.
const PHYSICAL_RULES: [&str; 5] =
    ["OutputRequirements", "join_selection", "EnsureRequirements", "CombinePartialFinalAggregate", "ProjectionPushdown"];

/// The part of the memory that the built side of one join may take: a plan has several, and plans run side by side.
const SHARE_OF_A_JOIN: u64 = 8;

/// The answer to a query, in memory: its columns and batches.
pub type Answer = (SchemaRef, Vec<RecordBatch>);

/// How an engine goes about its work. Nothing that it computes depends on any of it.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Bytes that plans may hold; what needs more is put down on disk.
    pub memory: usize,
    /// Parts in which a plan is computed side by side.
    pub partitions: usize,
    /// Rows that plans hand on at a time.
    pub batch_rows: usize,
    /// Reads the batches of datasets in another order, for tests of exactly that.
    pub shuffle: Option<u64>,
}

impl Default for Resources {
    fn default() -> Self {
        Self { memory: 1 << 30, partitions: 1, batch_rows: BATCH_ROWS, shuffle: None }
    }
}

/// A DataFusion session with Huichi's functions, and the datasets that it knows; clones share them.
#[derive(Clone)]
pub struct Engine {
    context: SessionContext,
    dates: ReferenceDates,
    scratch: Scratch,
    shuffle: Option<u64>,
    /// What is kept of answers between sessions.
    kept: Option<KeptAnswers>,
    /// What is known under each name, so that whoever wants all of a dataset needs no plan.
    datasets: Arc<Mutex<HashMap<String, Dataset>>>,
}

impl Engine {
    /// Builds a session whose functions know the given days, and whose datasets lie in a folder.
    ///
    /// # Errors
    /// The folder takes nothing.
    pub fn new(dates: ReferenceDates, resources: &Resources, scratch: Scratch) -> Result<Self, EngineError> {
        let broken = |error: DataFusionError| failed("a session", error);
        let config = SessionConfig::new()
            .with_target_partitions(resources.partitions)
            .with_batch_size(resources.batch_rows)
            .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
            .set_bool("datafusion.execution.collect_statistics", false)
            // One pass of the optimizer does for our plans; planning is most of the time of a small run.
            .set_usize("datafusion.optimizer.max_passes", 1)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(resources.memory)))
            .with_temp_file_path(scratch.path())
            .build_arc()
            .map_err(broken)?;
        let mut rules = PhysicalOptimizer::new().rules;
        rules.retain(|rule| PHYSICAL_RULES.contains(&rule.name()));
        let chosen = rules.iter().position(|rule| rule.name() == "join_selection").map_or(0, |place| place + 1);
        rules.insert(chosen, Arc::new(LargeJoins { bytes: resources.memory as u64 / SHARE_OF_A_JOIN }));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_physical_optimizer_rules(rules)
            .build();
        let context = SessionContext::new_with_state(state);
        IDLE_RULES.iter().for_each(|rule| _ = context.remove_optimizer_rule(rule));
        functions::register(&context, dates);
        Ok(Self { context, dates, scratch, shuffle: resources.shuffle, kept: None, datasets: Arc::default() })
    }

    /// The same session, which keeps what it answers, and reads it where it was kept.
    #[must_use]
    pub fn keeping(self, cache: Arc<Cache>) -> Self {
        Self { kept: Some(KeptAnswers::new(cache, self.dates)), ..self }
    }

    /// Makes a file that follows from a dataset and a word alone, or puts a copy of the one that was kept in its place.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn file<E: From<io::Error>>(
        &self,
        word: &str,
        from: &Dataset,
        to: &Path,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.kept {
            Some(kept) => kept.file(word, from, to, make),
            None => make(to),
        }
    }

    pub(super) fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Where datasets of this engine lie.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Makes a dataset known under a name.
    ///
    /// # Errors
    /// The session takes no table of that name.
    pub fn know(&self, name: &str, dataset: Dataset) -> Result<(), EngineError> {
        let table = DatasetTable { dataset: dataset.clone(), shuffle: self.shuffle };
        self.known().insert(name.to_owned(), dataset);
        self.context.deregister_table(name).map_err(|e| failed(name, e))?;
        self.context.register_table(name, Arc::new(table)).map_err(|e| failed(name, e))?;
        Ok(())
    }

    /// Makes batches at hand known under a name.
    ///
    /// # Errors
    /// As [`Engine::know`], or the disk takes no more.
    pub fn table(&self, name: &str, schema: SchemaRef, batches: &[RecordBatch]) -> Result<(), EngineError> {
        self.know(name, self.scratch.dataset(schema, batches).map_err(|e| failed(name, e.into()))?)
    }

    /// Makes of a dataset another of the given columns, batch by batch, and knows it under a name.
    ///
    /// # Errors
    /// As [`Engine::know`], or what makes a batch says so.
    pub fn map(
        &self,
        name: &str,
        from: &Dataset,
        schema: SchemaRef,
        mut make: impl FnMut(RecordBatch) -> Result<RecordBatch, EngineError>,
    ) -> Result<Dataset, EngineError> {
        let mut writer = self.scratch.writer(schema);
        for batch in from.batches() {
            writer.write(&make(batch?)?).map_err(|e| failed(name, e.into()))?;
        }
        let made = writer.finish().map_err(|e| failed(name, e.into()))?;
        self.know(name, made.clone())?;
        Ok(made)
    }

    /// Makes the result of a query known under a name, and gives its schema.
    ///
    /// # Errors
    /// The query cannot be computed.
    pub async fn derive(&self, name: &str, sql: &str) -> Result<SchemaRef, EngineError> {
        let dataset = self.spool(name, sql).await?;
        let schema = dataset.schema().clone();
        self.know(name, dataset)?;
        Ok(schema)
    }

    /// The dataset of a name; an empty one if nothing is known under it.
    pub fn dataset(&self, name: &str) -> Dataset {
        self.known().get(name).cloned().unwrap_or_else(|| Dataset::empty(Arc::new(Schema::empty())))
    }

    /// Makes a dataset known under another name.
    ///
    /// # Errors
    /// As [`Engine::know`].
    pub fn rename(&self, from: &str, to: &str) -> Result<(), EngineError> {
        let dataset = self.dataset(from);
        self.forget(from);
        self.know(to, dataset)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Dataset>> {
        // Nothing can panic while the guard is held.
        self.datasets.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Forgets a dataset.
    pub fn forget(&self, name: &str) {
        self.known().remove(name);
        let _ = self.context.deregister_table(name);
    }

    /// Runs a query whose answer is small; `what` names it in errors.
    ///
    /// # Errors
    /// The query cannot be computed.
    pub async fn query(&self, what: &str, sql: &str) -> Result<Answer, EngineError> {
        let dataset = self.spool(what, sql).await?;
        Ok((dataset.schema().clone(), dataset.collect()?))
    }

    /// Runs a query; its answer is a dataset, whatever its length.
    ///
    /// # Errors
    /// The query cannot be computed, or the disk takes no more.
    pub async fn spool(&self, what: &str, sql: &str) -> Result<Dataset, EngineError> {
        let started = Instant::now();
        let frame = self.context.sql(sql).await.map_err(|e| failed(what, e))?;
        self.run((what, sql), frame, started).await
    }

    /// The same where a value that cannot be made another type is null, where the engine itself compares types too.
    ///
    /// # Errors
    /// As [`Engine::spool`].
    pub async fn spool_leniently(&self, what: &str, sql: &str) -> Result<Dataset, EngineError> {
        let started = Instant::now();
        let (state, plan) = self.context.sql(sql).await.map_err(|e| failed(what, e))?.into_parts();
        let plan = lenient(&state, plan).map_err(|e| failed(what, e))?;
        self.run((what, &format!("leniently {sql}")), DataFrame::new(state, plan), started).await
    }

    async fn run(&self, (what, text): (&str, &str), frame: DataFrame, started: Instant) -> Result<Dataset, EngineError> {
        let key = self.kept.as_ref().map(|kept| Ok((kept, kept.key(text, frame.logical_plan())?)));
        let key = key.transpose().map_err(|e| failed(what, e))?.and_then(|(kept, key)| Some((kept, key?)));
        if let Some(answer) = key.as_ref().and_then(|(kept, key)| kept.answer(key)) {
            tracing::debug!(query.name = what, rows = answer.rows(), duration_ms = started.elapsed().as_millis(), "query kept");
            return Ok(answer);
        }
        let planned: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let planned_ms = started.elapsed().as_millis();
        let mut stream = frame.execute_stream().await.map_err(|e| failed(what, e))?;
        let mut writer: Option<DatasetWriter> = None;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(|e| failed(what, e))?;
            // The planner may call a column nullable that the batches declare otherwise.
            let writer = writer.get_or_insert_with(|| self.scratch.writer(batch.schema()));
            writer.write(&batch).map_err(|e| failed(what, e.into()))?;
        }
        let dataset = writer.map_or_else(|| Ok(Dataset::empty(planned)), DatasetWriter::finish).map_err(|e| failed(what, e.into()))?;
        if let Some((kept, key)) = key {
            kept.keep(&key, &dataset).map_err(|e| failed(what, e))?;
        }
        let rows = dataset.rows();
        tracing::debug!(query.name = what, rows, planned_ms, duration_ms = started.elapsed().as_millis(), "query done");
        Ok(dataset)
    }
}

/// A condition that a record's number stands in none of a dataset's rows. Unlike `NOT IN`, which must hold all of the records
/// that it is asked of, this holds the dataset's.
pub fn not_in(dataset: &str, record: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM {dataset} AS out_of WHERE out_of.record = {record})")
}

/// A plan with its types made to fit, each cast one that gives null where it fails.
fn lenient(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let analyzed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
    let attempt = |expr: Expr| match expr {
        Expr::Cast(cast) => Ok(Transformed::yes(Expr::TryCast(TryCast { expr: cast.expr, field: cast.field }))),
        other => Ok(Transformed::no(other)),
    };
    let attempted = analyzed.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(expr.transform_up(attempt)?.update_data(|expr| name.restore(expr)))
        })?;
        node.map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(attempted.data)
}

fn failed(what: &str, source: DataFusionError) -> EngineError {
    EngineError { what: what.to_owned(), source: Box::new(source) }
}
