//! Joins whose built side would not fit into the memory that plans may take are computed by merging sorted rows.
//!
//! The built side of a hash join cannot be put down on disk, so beyond a bound it would end the run. Sorting can, and where
//! both sides are joined by the number of their record they stand sorted on disk already. Which way a join goes decides no
//! row of its result, only their order, and that nobody relies on.

use super::scan::DatasetScan;
use datafusion::arrow::compute::SortOptions;
use datafusion::common::JoinType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use std::sync::Arc;

/// Makes merge joins of hash joins that would hold more than so many bytes.
#[derive(Debug)]
pub(super) struct LargeJoins {
    pub bytes: u64,
}

impl PhysicalOptimizerRule for LargeJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some(join) = node.as_ref().downcast_ref::<HashJoinExec>().filter(|join| self.is_large(join)) else {
                return Ok(Transformed::no(node));
            };
            let ascending = SortOptions { descending: false, nulls_first: false };
            let merged = SortMergeJoinExec::try_new(
                join.left().clone(),
                join.right().clone(),
                join.on().to_vec(),
                join.filter().cloned(),
                *join.join_type(),
                vec![ascending; join.on().len()],
                join.null_equality(),
            )?;
            Ok(Transformed::yes(Arc::new(merged) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }

    fn name(&self) -> &str {
        "large_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

impl LargeJoins {
    fn is_large(&self, join: &HashJoinExec) -> bool {
        // What tells null apart from false has no merge join; its right side is a list of what is left out.
        let mergeable = !join.null_aware && join.projection.is_none() && *join.join_type() != JoinType::LeftMark;
        mergeable && held(join.left()) > self.bytes
    }
}

/// Bytes that lie below a plan at most: those of the largest dataset that it reads.
fn held(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    if let Some(scan) = plan.as_ref().downcast_ref::<DatasetScan>() {
        return scan.bytes();
    }
    plan.children().into_iter().map(held).max().unwrap_or_default()
}
