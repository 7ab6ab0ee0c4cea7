//! A page of the pool's table.

use super::columns::{ShownColumn, ShownKind};
use super::data::{Conclusion, PoolData};
use super::edition::Edition;
use super::ordering::order_of;
use super::query::{Filter, Query};
use super::show::ShownValue;

/// A page of the table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Pool)]
pub struct PoolPage {
    /// The run that it shows.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// What the role sees.
    pub edition: Edition,
    /// Columns in their order.
    pub columns: Vec<TableColumn>,
    /// Enterprises of this page.
    pub rows: Vec<PoolLine>,
    /// Enterprises of the registry.
    pub total: usize,
    /// Of those, by conclusion: pooled, not pooled, unjudged.
    pub conclusions: [usize; 3],
    /// Enterprises that the query keeps.
    pub matched: usize,
    /// This page, from 1.
    pub page: usize,
    /// Pages in all.
    pub pages: usize,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = PoolColumn)]
pub struct TableColumn {
    /// Its id, by which the table can be ordered.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The unit of its figures, or nothing.
    pub unit: String,
    /// What it holds.
    pub kind: ShownKind,
}

/// An enterprise of the table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct PoolLine {
    /// The id of its page.
    pub id: String,
    /// Its values, as many as there are columns.
    pub cells: Vec<ShownValue>,
}

/// The page that is asked for; beyond the end, the last.
pub fn page(data: &PoolData, edition: Edition, query: &Query) -> PoolPage {
    let kept = matching(data, edition, query);
    let pages = kept.len().div_ceil(query.size).max(1);
    let page = query.page.min(pages);
    let rows = kept.iter().skip((page - 1) * query.size).take(query.size);
    let line = |row: usize| PoolLine { id: data.id(row), cells: data.columns.iter().map(|c| data.shown(edition, c, row)).collect() };
    PoolPage {
        run: data.run.clone(),
        as_of: data.as_of.clone(),
        edition,
        columns: data.columns.iter().map(head).collect(),
        rows: rows.map(|row| line(*row)).collect(),
        total: data.len(),
        conclusions: Conclusion::ALL.map(|c| data.conclusions.iter().filter(|own| **own == c).count()),
        matched: kept.len(),
        page,
        pages,
    }
}

fn head(column: &ShownColumn) -> TableColumn {
    TableColumn { id: column.id.clone(), label: column.label.clone(), unit: column.unit.clone(), kind: column.kind }
}

/// All enterprises that a query keeps, in its order.
fn matching(data: &PoolData, edition: Edition, query: &Query) -> Vec<usize> {
    let filter = Filter::of(data, edition, query);
    match data.columns.iter().position(|c| c.id == query.sort) {
        None => (0..data.len()).filter(|row| filter.keeps(*row)).collect(),
        Some(place) => {
            let column = &data.columns[place];
            let own = usize::from(edition == Edition::Operator && column.open.is_some());
            let order = data.orders[place][own].get_or_init(|| order_of(data, edition, column));
            order.walk(query.descending, |row| data.shows(edition, column, row)).filter(|row| filter.keeps(*row)).collect()
        }
    }
}

#[cfg(test)]
mod tests;
