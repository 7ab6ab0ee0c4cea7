//! The session: where plans are built and run.

use super::functions;
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, TryCast};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use std::collections::HashMap;
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

/// A failure of a plan; its text names the statement.
#[derive(Debug)]
pub struct EngineError {
    /// What was being computed.
    pub what: String,
    /// What the engine says.
    pub source: Box<DataFusionError>,
}

impl EngineError {
    /// A task that ended without an answer.
    pub fn of(what: String, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what, source: Box::new(DataFusionError::External(Box::new(error))) }
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "failed to compute {}: {}", self.what, self.source)
    }
}

impl std::error::Error for EngineError {}

/// A table's schema and batches.
pub type Contents = (SchemaRef, Vec<RecordBatch>);

/// A DataFusion session with Huichi's functions; clones share it.
#[derive(Clone)]
pub struct Engine {
    context: SessionContext,
    /// What is known under each name, so that whoever wants all of a table needs no plan.
    tables: Arc<Mutex<HashMap<String, Contents>>>,
}

impl Engine {
    /// Builds a session in which `as_of()` is the given date.
    ///
    /// One partition: a plan's rows keep their order, so equal inputs give equal bytes; the cores are used by parsing
    /// children, by plans of different datasets side by side, and by the writers.
    pub fn new(as_of: NaiveDate) -> Self {
        let config = SessionConfig::new()
            .with_target_partitions(1)
            .with_batch_size(8192)
            .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
            .set_bool("datafusion.execution.collect_statistics", false)
            // One pass of the optimizer does for our plans; planning is most of the time of a small run.
            .set_usize("datafusion.optimizer.max_passes", 1)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
        let mut rules = PhysicalOptimizer::new().rules;
        rules.retain(|rule| PHYSICAL_RULES.contains(&rule.name()));
        let state = SessionStateBuilder::new().with_config(config).with_default_features().with_physical_optimizer_rules(rules).build();
        let context = SessionContext::new_with_state(state);
        IDLE_RULES.iter().for_each(|rule| _ = context.remove_optimizer_rule(rule));
        functions::register(&context, as_of);
        Self { context, tables: Arc::default() }
    }

    pub(super) fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Makes batches known under a name.
    pub fn table(&self, name: &str, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<(), EngineError> {
        self.known().insert(name.to_owned(), (schema.clone(), batches.clone()));
        let table = MemTable::try_new(schema, vec![batches]).map_err(|e| failed(name, e))?;
        self.context.deregister_table(name).map_err(|e| failed(name, e))?;
        self.context.register_table(name, Arc::new(table)).map_err(|e| failed(name, e))?;
        Ok(())
    }

    /// Makes the result of a query known under a name, and gives its schema.
    pub async fn derive(&self, name: &str, sql: &str) -> Result<SchemaRef, EngineError> {
        let (schema, batches) = self.query(name, sql).await?;
        self.table(name, schema.clone(), batches)?;
        Ok(schema)
    }

    /// Everything in a table; an empty one if nothing is known under the name.
    pub fn contents(&self, name: &str) -> Contents {
        self.known().get(name).cloned().unwrap_or_else(|| (Arc::new(Schema::empty()), Vec::new()))
    }

    /// Makes a table known under another name.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), EngineError> {
        let (schema, batches) = self.contents(from);
        self.forget(from);
        self.table(to, schema, batches)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Contents>> {
        // Nothing can panic while the guard is held.
        self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Forgets a table.
    pub fn forget(&self, name: &str) {
        self.known().remove(name);
        let _ = self.context.deregister_table(name);
    }

    /// Runs a query; `what` names it in errors.
    pub async fn query(&self, what: &str, sql: &str) -> Result<Contents, EngineError> {
        let started = Instant::now();
        let frame = self.context.sql(sql).await.map_err(|e| failed(what, e))?;
        self.collect(what, frame, started).await
    }

    /// Runs a query in which a value that cannot be made another type is null, where the engine itself compares types too.
    pub async fn query_leniently(&self, what: &str, sql: &str) -> Result<Contents, EngineError> {
        let started = Instant::now();
        let (state, plan) = self.context.sql(sql).await.map_err(|e| failed(what, e))?.into_parts();
        let plan = lenient(&state, plan).map_err(|e| failed(what, e))?;
        self.collect(what, DataFrame::new(state, plan), started).await
    }

    async fn collect(&self, what: &str, frame: DataFrame, started: Instant) -> Result<Contents, EngineError> {
        let planned: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let planned_ms = started.elapsed().as_millis();
        let batches = frame.collect().await.map_err(|e| failed(what, e))?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        tracing::debug!(query.name = what, rows, planned_ms, duration_ms = started.elapsed().as_millis(), "query done");
        // The planner may call a column nullable that the batches declare otherwise.
        Ok((batches.first().map_or(planned, RecordBatch::schema), batches))
    }
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
