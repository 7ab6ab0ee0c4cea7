//! The smaller lists on the page of an enterprise: where sources disagree, what edits found, and its returns.

use super::desk::{EnterpriseDesk, ROWS, Returned};
use super::load_error::LoadError;
use super::records::{place, text};
use super::source::{is_of_statistics, sends_statistics};
use crate::finding::{Catalogue, with_unit};
use crate::model::words::Lang;
use crate::portal::text::say;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};

/// Two cells that state different values for one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Disagreement {
    /// The field.
    pub field: String,
    /// The value used and its cell.
    pub used: (String, String),
    /// The other value and its cell.
    pub other: (String, String),
    /// The row of the dataset, for the way to the cells.
    pub row: u32,
}

/// A finding in a record of the enterprise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct EnterpriseFinding {
    /// `error`, `explain` or `note`; what an error judges is not used.
    pub severity: String,
    /// Code of the edit.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// File, sheet and cell.
    pub place: String,
}

/// A return that speaks of the enterprise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Return {
    /// The year.
    pub year: String,
    /// The bureau that sent it.
    pub bureau: String,
    /// The file.
    pub file: String,
    /// The sheet and row.
    pub place: String,
    /// Whether its figures are the ones used.
    pub counted: bool,
}

impl EnterpriseDesk<'_> {
    /// Conflicts, those among figures of statistics only where they are shown.
    pub fn conflicts(&self) -> Result<Vec<Disagreement>, LoadError> {
        let Some(records) = self.data.datasets.get("conflicts") else { return Ok(Vec::new()) };
        let columns = ["field", "used", "used_unit", "used_cell", "other", "other_unit", "other_cell"];
        let (rows, batch) = records.of(self.row, &self.data.ordinals, &columns, (0, ROWS))?;
        let unit = |i: usize, side: &str| {
            let units = batch.column_by_name(&format!("{side}_unit"))?.as_primitive_opt::<Int64Type>()?;
            units.is_valid(i).then(|| units.value(i))
        };
        let stated =
            |i: usize, side: &str| (with_unit(Lang::Zh, &text(&batch, side, i), unit(i, side)), text(&batch, &format!("{side}_cell"), i));
        let all = (0..batch.num_rows()).map(|i| Disagreement {
            field: text(&batch, "field", i),
            used: stated(i, "used"),
            other: stated(i, "other"),
            row: rows[i],
        });
        let closed = |cell: &str| sends_statistics(self.config, &self.data.inputs, cell);
        let shows = |d: &Disagreement| self.disclosed || !(closed(&d.used.1) || closed(&d.other.1));
        Ok(all.filter(shows).collect())
    }

    /// What edits found, the gravest first. Without consent only beside returns, and by the names of the edits: their
    /// sentences may quote the figures that were compared.
    pub fn findings(&self) -> Result<Vec<EnterpriseFinding>, LoadError> {
        let Some(records) = self.data.datasets.get("findings") else { return Ok(Vec::new()) };
        let columns = ["severity", "code", "message", "file", "sheet", "cell"];
        let wanted: Vec<&str> = columns.into_iter().chain(["statistics"]).collect();
        let (_, batch) = records.of(self.row, &self.data.ordinals, &wanted, (0, usize::MAX))?;
        let statistics = batch.column_by_name("statistics").and_then(|c| c.as_boolean_opt());
        let names = (!self.disclosed).then(|| Catalogue::of(self.config));
        let rests = |i: usize| match statistics {
            Some(flags) => flags.is_null(i) || flags.value(i),
            // A run that did not say so.
            None => is_of_statistics(self.config, &self.data.inputs, &text(&batch, "file", i)),
        };
        let shows = |i: &usize| self.disclosed || !rests(*i);
        let found = (0..batch.num_rows()).filter(shows).map(|i| {
            let [severity, code, message, file, sheet, cell] = columns.map(|column| text(&batch, column, i));
            let message = match &names {
                Some(names) => names.get(&code).map(|entry| entry.name.get(Lang::Zh).to_owned()).unwrap_or_default(),
                None => message,
            };
            EnterpriseFinding { severity, code, message, place: say("portal.finding_place", &[file, sheet, cell]) }
        });
        let mut found: Vec<EnterpriseFinding> = found.collect();
        found.sort_by_key(|f| ["error", "explain"].iter().position(|s| *s == f.severity).unwrap_or(2));
        found.truncate(ROWS);
        Ok(found)
    }

    /// Returns that speak of it; without consent, not even whether there is one.
    pub fn list_returns(&self, returns: &Returned) -> Vec<Return> {
        let Some(batch) = returns.batch.as_ref().filter(|_| self.disclosed) else { return Vec::new() };
        let periods = batch.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int32Type>());
        let list = (0..batch.num_rows()).map(|i| {
            let (file, sheet, row) = place(batch, i);
            let year = periods.filter(|p| p.is_valid(i)).map(|p| p.value(i).to_string()).unwrap_or_default();
            let bureau = self.data.inputs.iter().find(|f| f.path == file).map(|f| f.bureau.clone()).unwrap_or_default();
            let place = say("portal.sheet_row", &[sheet, row.to_string()]);
            Return { year, bureau, file, place, counted: returns.counted.contains(&Some(i)) }
        });
        list.collect()
    }
}
