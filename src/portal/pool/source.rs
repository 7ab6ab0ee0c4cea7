//! The way back: from a figure on a page to the cell of the bureau's sheet that it comes from.

use super::columns::column;
use super::data::{Input, PoolData};
use super::edition::Edition;
use super::load_error::LoadError;
use super::records::{place, text};
use super::room::Pool;
use super::show::ShownValue;
use crate::config::Config;
use crate::finding::find_word;
use crate::model::cell::{address, column_index};
use crate::model::field::FieldKind;
use crate::model::words::Lang;
use crate::pipeline::{OriginCell, OriginRow, Seek, origin_of};
use crate::portal::error::PortalError;
use crate::stages::publish::follows::columns_behind;
use serde::Deserialize;

/// Which value is followed: a column of the enterprise, or a field of a row of another dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The column or field; of conflicts `used` or `other`.
    #[serde(default)]
    pub field: String,
    /// `patents` or `conflicts`; nothing for the enterprise itself.
    #[serde(default)]
    pub dataset: String,
    /// The row of the dataset.
    #[serde(default)]
    pub row: u32,
}

/// A value and the cells that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Origins {
    /// The id of the enterprise's page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its key, for the audit log.
    #[serde(skip)]
    pub key: String,
    /// What people call the value.
    pub label: String,
    /// The value as it is used, where it is one of the enterprise's columns.
    pub value: ShownValue,
    /// Its unit.
    pub unit: String,
    /// Its cells: one for a value stated, several for one computed.
    pub cells: Vec<SourceCell>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = OriginCell)]
pub struct SourceCell {
    /// The bureau that sent the file.
    pub bureau: String,
    /// The file.
    pub file: String,
    /// The sheet.
    pub sheet: String,
    /// The cell such as `D17`.
    pub cell: String,
    /// Hash of the file's content: its version.
    pub sha256: String,
    /// The cell's text as stored.
    pub stored: String,
    /// The unit that header or table gives; empty for none.
    pub unit: String,
    /// The row around it; nothing if the original is no longer kept.
    pub row: Option<OriginRow>,
}

/// Whether a cell stands in a file of a source that sends statistics; a file that nobody knows is taken for one.
pub fn sends_statistics(config: &Config, inputs: &[Input], cited: &str) -> bool {
    OriginCell::cited(inputs, cited).is_none_or(|cell| is_statistics(config, &cell.source))
}

/// Whether a file is one of a source that sends statistics; a file that nobody knows is taken for one.
pub fn is_of_statistics(config: &Config, inputs: &[Input], path: &str) -> bool {
    inputs.iter().find(|input| input.path == path).is_none_or(|input| is_statistics(config, &input.source))
}

fn is_statistics(config: &Config, source: &str) -> bool {
    crate::stages::publish::disclosure::sends_statistics(config, source)
}

/// A value that may be followed: its name, itself, its unit, its cells.
struct FollowedValue {
    label: String,
    value: ShownValue,
    unit: String,
    cells: Vec<OriginCell>,
}

/// Finds the cells of what is asked; nothing if there are none, or this edition does not show the value.
fn find(data: &PoolData, config: &Config, edition: Edition, row: usize, asked: &Asked) -> Result<Option<FollowedValue>, LoadError> {
    match asked.dataset.as_str() {
        "" => of_enterprise(data, config, edition, row, &asked.field),
        "patents" => of_patent(data, config, row, asked),
        "conflicts" => of_conflict(data, config, edition, row, asked),
        _ => Ok(None),
    }
}

fn of_enterprise(data: &PoolData, config: &Config, edition: Edition, row: usize, field: &str) -> Result<Option<FollowedValue>, LoadError> {
    let own = column(config, &data.enterprises.schema(), field, data.last_year());
    let of_return = year_of_return(data, config, field);
    let statistics = own.as_ref().is_some_and(|c| c.statistics) || of_return.is_some();
    if statistics && !data.discloses(edition, row) {
        return Ok(None);
    }
    let cited = data.cited(row)?;
    let behind = columns_behind(config, field, data.last_year());
    let cells = behind.iter().flat_map(|c| cited.iter().filter(move |(column, _)| column == c));
    let mut cells: Vec<OriginCell> = cells.filter_map(|(_, cell)| OriginCell::cited(&data.inputs, cell)).collect();
    if let (true, Some((year, figure))) = (cells.is_empty(), of_return) {
        let returned = data.returned(config, row, &cited)?;
        let counted = returned.counted.get(year).copied().flatten();
        let found = returned.batch.as_ref().zip(counted).and_then(|(batch, i)| in_row(data, place(batch, i), figure));
        cells.extend(found);
    }
    if cells.is_empty() {
        return Ok(None);
    }
    let label = match (&own, of_return) {
        (Some(column), _) => column.label.clone(),
        (None, Some((year, figure))) => {
            let label = super::columns::field_label(config, &config.pool.figures, figure);
            crate::portal::text::say("portal.of_year", &[label, data.years[year].to_string()])
        }
        (None, None) => return Ok(None),
    };
    let value = own.as_ref().map(|c| data.shown(edition, c, row)).unwrap_or_default();
    Ok(Some(FollowedValue { label, value, unit: own.map(|c| c.unit).unwrap_or_default(), cells }))
}

/// Place of the year among those shown, and field, of a figure of returns such as `total_assets_2024`.
fn year_of_return<'a>(data: &PoolData, config: &Config, id: &'a str) -> Option<(usize, &'a str)> {
    let (field, year) = id.rsplit_once('_')?;
    let year: i32 = year.parse().ok()?;
    let known = config.figures().and_then(|(_, form)| form.field.get(field)).is_some_and(|f| f.kind != FieldKind::Personal);
    data.years.iter().position(|y| *y == year).filter(|_| known).map(|place| (place, field))
}

/// The cell of a field in a row of a dataset.
fn in_row(data: &PoolData, (file, sheet, row): (String, String, i64), field: &str) -> Option<OriginCell> {
    let input = data.inputs.iter().find(|i| i.path == file)?;
    Some(OriginCell {
        sha256: input.sha256.clone(),
        source: input.source.clone(),
        path: file,
        sheet,
        row: u32::try_from(row).ok()?,
        seek: Seek::Field(field.to_owned()),
    })
}

fn of_patent(data: &PoolData, config: &Config, row: usize, asked: &Asked) -> Result<Option<FollowedValue>, LoadError> {
    let field = config.rights().and_then(|(_, form, _)| form.field.get(&asked.field)).filter(|f| f.kind != FieldKind::Personal);
    let (Some(records), Some(field)) = (&data.patents, field) else { return Ok(None) };
    let Ok(at) = records.rows(row, &data.ordinals)?.binary_search(&asked.row) else { return Ok(None) };
    let (_, batch) = records.of(row, &data.ordinals, &["file", "sheet", "row"], (at, 1))?;
    let cell = in_row(data, place(&batch, 0), &asked.field);
    Ok(cell.map(|cell| FollowedValue { label: field.label.clone(), value: ShownValue::default(), unit: String::new(), cells: vec![cell] }))
}

fn of_conflict(data: &PoolData, config: &Config, edition: Edition, row: usize, asked: &Asked) -> Result<Option<FollowedValue>, LoadError> {
    let side = ["used", "other"].into_iter().find(|s| *s == asked.field);
    let (Some(records), Some(side)) = (data.datasets.get("conflicts"), side) else { return Ok(None) };
    let Ok(at) = records.rows(row, &data.ordinals)?.binary_search(&asked.row) else { return Ok(None) };
    let (_, batch) = records.of(row, &data.ordinals, &["field", "used_cell", "other_cell"], (at, 1))?;
    let hidden = |cell: &str| sends_statistics(config, &data.inputs, cell);
    let cited = text(&batch, &format!("{side}_cell"), 0);
    if !data.discloses(edition, row) && (hidden(&cited) || hidden(&text(&batch, "used_cell", 0))) {
        return Ok(None);
    }
    let cell = OriginCell::cited(&data.inputs, &cited);
    Ok(cell.map(|cell| FollowedValue {
        label: text(&batch, "field", 0),
        value: ShownValue::default(),
        unit: String::new(),
        cells: vec![cell],
    }))
}

/// Follows a value to its cells.
///
/// # Errors
/// Not found, where there is none or the edition does not show it.
pub async fn origins(
    pool: &Pool,
    data: &std::sync::Arc<PoolData>,
    edition: Edition,
    row: usize,
    asked: Asked,
) -> Result<Origins, PortalError> {
    let shared = data.clone();
    let found = tokio::task::spawn_blocking(move || find(&shared, &shared.config, edition, row, &asked)).await;
    let found = found.map_err(|e| PortalError::bug(e.to_string()))??.ok_or(PortalError::NotFound)?;
    let mut cells = Vec::new();
    for cell in found.cells {
        // One at a time: a file that must be parsed anew takes a child and memory.
        let _one = pool.memory.following.lock().await;
        let origin = origin_of(&data.config, &cell).await?;
        let hidden = origin.as_ref().is_some_and(|o| data.config.is_statistical(&o.form)) && !data.discloses(edition, row);
        if hidden {
            return Err(PortalError::NotFound);
        }
        cells.push(told(data, cell, origin));
    }
    Ok(Origins {
        id: data.id(row),
        name: data.text("name", row).to_owned(),
        key: data.text("enterprise", row).to_owned(),
        label: found.label,
        value: found.value,
        unit: found.unit,
        cells,
    })
}

fn told(data: &PoolData, cell: OriginCell, row: Option<OriginRow>) -> SourceCell {
    let marked = row.as_ref().and_then(|r| r.columns.get(r.marked));
    let letters = marked.and_then(|c| column_index(&c.letters));
    let column = match cell.seek {
        Seek::Column(column) => Some(column),
        Seek::Field(_) => letters,
    };
    SourceCell {
        bureau: data.inputs.iter().find(|i| i.path == cell.path).map(|i| i.bureau.clone()).unwrap_or_default(),
        file: cell.path,
        sheet: cell.sheet,
        cell: column.map_or_else(|| cell.row.to_string(), |c| address(c, cell.row)),
        sha256: cell.sha256,
        stored: marked.map(|c| c.text.clone()).unwrap_or_default(),
        unit: marked.and_then(|c| c.unit_yuan).map(unit).unwrap_or_default(),
        row,
    }
}

fn unit(yuan: i64) -> String {
    find_word(Lang::Zh, &format!("unit.{yuan}")).map_or_else(|| yuan.to_string(), str::to_owned)
}
