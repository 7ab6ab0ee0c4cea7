//! An expression over single rows, ready to be computed.

use super::Reading;
use crate::engine::failure::EngineError;
use crate::engine::session::Engine;
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// An expression over the columns that it names, planned once.
#[derive(Debug, Clone)]
pub struct Computation {
    text: String,
    columns: Vec<String>,
    physical: Arc<dyn PhysicalExpr>,
    data_type: DataType,
}

impl Engine {
    /// Plans an expression over rows that have all the columns it names.
    pub fn prepare(&self, reading: &Reading, columns: &Schema) -> Result<Computation, EngineError> {
        let text = reading.expression.to_string();
        let planned = || {
            // Only what it names: planning grows with the number of columns.
            let named: Vec<_> = columns.fields().iter().filter(|f| reading.columns.contains(f.name())).cloned().collect();
            let names = named.iter().map(|f| f.name().clone()).collect();
            let schema = Arc::new(DFSchema::try_from_qualified_schema(reading.qualifier, &Schema::new(named))?);
            let state = self.context().state_ref();
            let state = state.read();
            let context =
                SimplifyContext::builder().with_schema(schema.clone()).with_config_options(state.config_options().clone()).build();
            let simplifier = ExprSimplifier::new(context);
            // Some functions are only names for other expressions, which simplifying puts in their place.
            let expr = simplifier.simplify(simplifier.coerce(reading.logical.clone(), &schema)?)?;
            let physical = state.create_physical_expr(expr, &schema)?;
            let data_type = physical.data_type(schema.as_arrow())?;
            Ok(Computation { text: text.clone(), columns: names, physical, data_type })
        };
        planned().map_err(|e| EngineError { what: text.clone(), source: Box::new(e) })
    }
}

impl Computation {
    /// A value for each row of a batch; null where it cannot be computed, as by a division by zero.
    pub fn over(&self, batch: &RecordBatch) -> Result<ArrayRef, EngineError> {
        self.named(batch).and_then(|rows| self.compute(&rows).or_else(|_| self.row_by_row(&rows))).map_err(|e| self.failed(e))
    }

    /// A value for each row of a batch that is chosen, the others left out.
    pub fn over_chosen(&self, batch: &RecordBatch, chosen: &BooleanArray) -> Result<ArrayRef, EngineError> {
        let rows = self.named(batch).and_then(|rows| Ok(filter_record_batch(&rows, chosen)?)).map_err(|e| self.failed(e))?;
        self.over(&rows)
    }

    /// Computes it over one row without values, so that what never can be computed is found early.
    pub fn attempt(&self, columns: &Schema) -> Result<(), EngineError> {
        let named = columns.fields().iter().filter(|f| self.columns.contains(f.name()));
        let schema = Schema::new(named.map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>());
        let empty: Vec<ArrayRef> = schema.fields().iter().map(|f| datafusion::arrow::array::new_null_array(f.data_type(), 1)).collect();
        let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
        let row = RecordBatch::try_new_with_options(Arc::new(schema), empty, &options).map_err(|e| self.failed(e.into()))?;
        self.compute(&row).map(|_| ()).map_err(|e| self.failed(e))
    }

    fn named(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let places = self.columns.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(batch.project(&places)?)
    }

    fn compute(&self, rows: &RecordBatch) -> Result<ArrayRef> {
        self.physical.evaluate(rows)?.into_array(rows.num_rows())
    }

    fn row_by_row(&self, rows: &RecordBatch) -> Result<ArrayRef> {
        let value = |row: usize| match self.compute(&rows.slice(row, 1)) {
            Ok(value) => ScalarValue::try_from_array(&value, 0),
            Err(_) => ScalarValue::try_from(&self.data_type),
        };
        ScalarValue::iter_to_array((0..rows.num_rows()).map(value).collect::<Result<Vec<_>>>()?)
    }

    fn failed(&self, source: datafusion::error::DataFusionError) -> EngineError {
        EngineError { what: self.text.clone(), source: Box::new(source) }
    }
}
