//! Whether an enterprise consents to the use of its figures at the reference date, as `consented` beside it.
//!
//! It does from the day of its consent and until its last, where these are stated. What any source says of it that is withheld or
//! unreadable counts against it: another source's older yes does not outweigh what may be a withdrawal.

use crate::config::Config;
use crate::engine::{Engine, EngineError};
use crate::model::merged::Merged;
use chrono::NaiveDate;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Schema};
use std::collections::HashSet;
use std::sync::Arc;

/// The column.
const CONSENTED: &str = "consented";

/// Notes it beside each enterprise.
pub(super) async fn consent(engine: &Engine, config: &Config, merged: &Merged) -> Result<(), EngineError> {
    let unclear = unclear(engine, config, merged).await?;
    let enterprises = engine.dataset("enterprises");
    let mut fields: Vec<Arc<Field>> = enterprises.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(CONSENTED, DataType::Boolean, false)));
    let schema = Arc::new(Schema::new(fields));
    let as_of = i32::try_from((config.as_of - NaiveDate::default()).num_days()).unwrap_or(i32::MAX);
    let noted = |batch: RecordBatch| {
        let column = |name: &str| batch.column_by_name(name);
        let keys = column("enterprise").and_then(|c| c.as_string_opt::<i32>());
        let yes = column(&config.pool.consent).and_then(|c| c.as_boolean_opt());
        let [from, until] =
            [&config.pool.consent_on, &config.pool.consent_until].map(|name| column(name).and_then(|c| c.as_primitive_opt::<Date32Type>()));
        let consents = |row: usize| {
            yes.is_some_and(|yes| yes.is_valid(row) && yes.value(row))
                && from.is_none_or(|from| from.is_null(row) || from.value(row) <= as_of)
                && until.is_none_or(|until| until.is_null(row) || as_of <= until.value(row))
                && keys.is_some_and(|keys| !unclear.contains(keys.value(row)))
        };
        let consented: BooleanArray = (0..batch.num_rows()).map(|row| Some(consents(row))).collect();
        let columns = batch.columns().iter().cloned().chain([Arc::new(consented) as ArrayRef]).collect();
        RecordBatch::try_new(schema.clone(), columns).map_err(|e| EngineError { what: "consent".into(), source: Box::new(e.into()) })
    };
    engine.map("enterprises", &enterprises, schema.clone(), noted).map(|_| ())
}

/// Enterprises of whose consent, or of its days, any source says something that is withheld or unreadable.
async fn unclear(engine: &Engine, config: &Config, merged: &Merged) -> Result<HashSet<String>, EngineError> {
    let said = [&config.pool.consent, &config.pool.consent_on, &config.pool.consent_until];
    let sources = merged.columns.iter().filter(|c| said.contains(&&c.name)).flat_map(|c| &c.sources);
    let mut unclear = HashSet::new();
    for (record, field) in sources {
        let Some(dataset) = merged.form_of(record) else { continue };
        let sql = format!(
            "SELECT e.enterprise FROM enterprises e JOIN {dataset} d ON d.record = e.{record}
             WHERE d.\"{field}\" IS NULL AND CAST(d.\"{field}_state\" AS VARCHAR) NOT IN ('blank', 'mark')"
        );
        let (_, batches) = engine.query("consent", &sql).await?;
        unclear.extend(batches.iter().flat_map(|b| b.column(0).as_string::<i32>()).flatten().map(str::to_owned));
    }
    Ok(unclear)
}
