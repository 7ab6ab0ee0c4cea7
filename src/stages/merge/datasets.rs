//! What merging asks of the datasets at hand, and the types of their values in plans.

use crate::model::field::FieldKind;
use datafusion::arrow::datatypes::Schema;

/// Which datasets are at hand, with their schemas.
pub trait Datasets {
    /// The schema of a dataset, if any file gave it.
    fn schema(&self, dataset: &str) -> Option<&Schema>;

    /// Whether a dataset has a column.
    fn has(&self, dataset: &str, column: &str) -> bool {
        self.schema(dataset).is_some_and(|s| s.column_with_name(column).is_some())
    }
}

/// The type of the values of a kind of field.
pub(super) fn sql_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Amount | FieldKind::Number => "DECIMAL(28,4)",
        FieldKind::Date => "DATE",
        FieldKind::Flag => "BOOLEAN",
        FieldKind::Year => "INT",
        _ => "VARCHAR",
    }
}
