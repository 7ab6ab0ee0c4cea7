//! The columns of the pool, once for its two grids: the values and the cells that they come from.

use crate::model::field::FieldKind;
use crate::stages::publish::cells::Shape;
use crate::stages::publish::desk::Desk;
use crate::stages::publish::disclosure::judged_by;
use crate::stages::publish::enterprise_column::{Declared, EnterpriseColumn, listed};
use crate::stages::publish::workbook::Column;

/// A column of the pool.
pub struct PoolColumn<'a> {
    /// The column of `enterprises`.
    pub name: String,
    /// What it holds.
    pub shape: Shape,
    /// How it looks.
    pub look: Column,
    /// Whether it shows figures of statistics.
    pub statistics: bool,
    /// Where its values come from.
    pub origin: Origin,
    /// The criterion that judges it, if one does.
    pub criterion: Option<&'a str>,
    /// Whether the sum of its counts says something.
    pub adds: bool,
}

/// Where the values of a column come from.
pub enum Origin {
    /// A cell of its own.
    Cell,
    /// Several cells, of these columns.
    Computed(Vec<String>),
    /// The list of patents.
    Patents,
    /// The list of findings.
    Findings,
}

/// The columns in their order; the serial number is not among them.
pub fn pool_columns<'a>(desk: &Desk<'a>) -> Vec<PoolColumn<'a>> {
    let config = desk.publication.config;
    let names = listed(config, &config.pool.sheet, &desk.publication.merged.years);
    names.iter().filter_map(|name| pool_column(desk, name)).collect()
}

fn pool_column<'a>(desk: &Desk<'a>, name: &str) -> Option<PoolColumn<'a>> {
    let config = desk.publication.config;
    let own = |look, origin| PoolColumn {
        name: name.to_owned(),
        shape: Shape::Plain,
        look,
        statistics: false,
        origin,
        criterion: None,
        adds: false,
    };
    match name {
        "uscc" => return Some(own(Column::code(desk.header("uscc")), Origin::Cell)),
        "findings" => {
            let look = Column::count(desk.header("findings")).with_unit(desk.header("unit_item"));
            return Some(PoolColumn { adds: true, ..own(look, Origin::Findings) });
        }
        _ => {}
    }
    let column = EnterpriseColumn::of(config, name)?;
    let statistics = column.is_statistics();
    let origin = match column.declared {
        _ if column.is_of_patents() => Origin::Patents,
        Declared::Given(given) if given.formula.is_some() => Origin::Computed(column.operands(desk.last_year())),
        _ => Origin::Cell,
    };
    Some(PoolColumn {
        name: name.to_owned(),
        shape: column.shape(),
        look: look(desk, &column),
        statistics,
        origin,
        criterion: statistics.then(|| judged_by(config, name, desk.last_year())).flatten(),
        adds: column.adds(),
    })
}

/// How a column looks: by what it holds; of several years below their common name.
fn look(desk: &Desk<'_>, column: &EnterpriseColumn<'_>) -> Column {
    let last = desk.last_year();
    let (header, group) = match column.year {
        Some(year) => (desk.tell("year", &[&year.calendar(last).to_string()]), Some(column.label(desk.lang()))),
        None => (column.heading(desk.lang()), column.group(desk.lang(), last)),
    };
    let look = match (column.shape(), column.kind()) {
        (Shape::Ratio, _) => Column::ratio(&header),
        (Shape::Amount, _) => Column::amount(&header),
        (_, Some(FieldKind::Date)) => Column::date(&header),
        (_, Some(FieldKind::Number | FieldKind::Year)) => Column::count(&header),
        (Shape::Word, _) => Column::text(&header).wide(16.0),
        _ => Column::text(&header),
    };
    let unit = column.unit().filter(|_| column.shape() != Shape::Ratio);
    let look = unit.iter().fold(look, |look, unit| look.with_unit(unit.get(desk.lang())));
    group.iter().fold(look, |look, group| look.in_group(group))
}
