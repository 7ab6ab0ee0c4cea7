//! How plans read datasets: batch by batch from disk, in the columns and the order that they have there.

use super::dataset::{Batches, Dataset};
use super::failure::EngineError;
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, internal_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use std::ops::Range;
use std::sync::Arc;

/// A dataset as a table of the session.
#[derive(Debug)]
pub(super) struct DatasetTable {
    pub dataset: Dataset,
    /// Whether batches are read in another order than they were written; see [`super::Resources`].
    pub shuffle: Option<u64>,
}

#[async_trait]
impl TableProvider for DatasetTable {
    fn schema(&self) -> SchemaRef {
        self.dataset.schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = session.config().target_partitions();
        Ok(Arc::new(DatasetScan::new(&self.dataset, projection.cloned(), partitions, self.shuffle)?))
    }
}

/// Reads a dataset; each partition some of its batches that stand together.
#[derive(Debug)]
pub(super) struct DatasetScan {
    dataset: Dataset,
    projection: Option<Vec<usize>>,
    parts: Vec<Range<usize>>,
    shuffle: Option<u64>,
    properties: Arc<PlanProperties>,
}

impl DatasetScan {
    fn new(dataset: &Dataset, projection: Option<Vec<usize>>, partitions: usize, shuffle: Option<u64>) -> Result<Self> {
        let schema = match &projection {
            Some(columns) => Arc::new(dataset.schema().project(columns)?),
            None => dataset.schema().clone(),
        };
        let mut orderings: Vec<LexOrdering> = Vec::new();
        if dataset.is_ascending() && shuffle.is_none() && schema.column_with_name("record").is_some() {
            let ascending = SortOptions { descending: false, nulls_first: false };
            orderings.extend(LexOrdering::new([PhysicalSortExpr::new(col("record", &schema)?, ascending)]));
        }
        let parts = parts(dataset.batch_count(), partitions);
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(schema, orderings),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(Self { dataset: dataset.clone(), projection, parts, shuffle, properties: Arc::new(properties) })
    }

    /// Bytes that it reads, were all columns equally wide.
    pub fn bytes(&self) -> u64 {
        let (all, read) = (self.dataset.schema().fields().len().max(1) as u64, self.schema().fields().len() as u64);
        self.dataset.bytes() / all * read
    }
}

/// As many parts as wanted, of about as many batches each; one at least.
fn parts(batches: usize, wanted: usize) -> Vec<Range<usize>> {
    let number = wanted.min(batches).max(1);
    (0..number).map(|i| batches * i / number..batches * (i + 1) / number).collect()
}

impl DisplayAs for DatasetScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatasetScan: rows={}, parts={}", self.dataset.rows(), self.parts.len())
    }
}

impl ExecutionPlan for DatasetScan {
    fn name(&self) -> &str {
        "DatasetScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a dataset is read from no other plan") }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let part = self.parts.get(partition).cloned().unwrap_or_default();
        let rows = context.session_config().batch_size();
        let batches: Box<dyn Iterator<Item = std::result::Result<RecordBatch, EngineError>> + Send> = match self.shuffle {
            None => Box::new(self.dataset.read(self.projection.clone(), part)),
            Some(seed) => Box::new(self.shuffled(part, seed)),
        };
        let batches = batches.flat_map(move |batch| sliced(batch, rows));
        let stream = RecordBatchStreamAdapter::new(self.schema(), futures::stream::iter(batches));
        Ok(make_cooperative(Box::pin(stream)))
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if args.partition().is_none() {
            statistics.num_rows = Precision::Exact(usize::try_from(self.dataset.rows()).unwrap_or(usize::MAX));
            statistics.total_byte_size = Precision::Inexact(usize::try_from(self.bytes()).unwrap_or(usize::MAX));
        }
        Ok(Arc::new(statistics))
    }
}

impl DatasetScan {
    /// The batches of a part in an order that a seed makes, none twice.
    fn shuffled(
        &self,
        part: Range<usize>,
        seed: u64,
    ) -> impl Iterator<Item = std::result::Result<RecordBatch, EngineError>> + Send + use<> {
        let mut order: Vec<usize> = part.collect();
        order.sort_by_key(|place| (*place as u64 + 1).wrapping_mul(seed | 1).rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (dataset, projection) = (self.dataset.clone(), self.projection.clone());
        order.into_iter().flat_map(move |place| -> Batches { dataset.read(projection.clone(), place..place + 1) })
    }
}

/// A batch in pieces of at most so many rows.
fn sliced(batch: std::result::Result<RecordBatch, EngineError>, rows: usize) -> Vec<Result<RecordBatch>> {
    match batch {
        Err(error) => vec![Err(DataFusionError::External(Box::new(error)))],
        Ok(batch) if batch.num_rows() <= rows => vec![Ok(batch)],
        Ok(batch) => {
            let starts = (0..batch.num_rows()).step_by(rows.max(1));
            starts.map(|start| Ok(batch.slice(start, rows.min(batch.num_rows() - start)))).collect()
        }
    }
}
