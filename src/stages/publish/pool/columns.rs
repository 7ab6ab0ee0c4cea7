//! The columns of the pool, once for its two grids: the values and the cells that they come from.

use crate::model::field::FieldKind;
use crate::stages::publish::cells::Shape;
use crate::stages::publish::desk::Desk;
use crate::stages::publish::disclosure::judged_by;
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

/// Counts of patents: all, and what is in force with the parts that it is the sum of.
const PATENTS: [&str; 7] =
    ["patents", "inventions", "patents_in_force", "patents_free", "patents_pledged", "patents_late_fee", "patents_in_force_unclear"];

struct Builder<'d, 'a> {
    desk: &'d Desk<'a>,
    columns: Vec<PoolColumn<'a>>,
}

/// The columns in their order; the serial number is not among them.
pub fn pool_columns<'a>(desk: &Desk<'a>) -> Vec<PoolColumn<'a>> {
    let mut b = Builder { desk, columns: Vec::new() };
    b.add("uscc", Column::code(desk.header("uscc")));
    b.add("name", Column::text(desk.header("name")));
    b.add("title_level", Column::text(desk.header("title_level")).wide(16.0));
    b.add("title_until", Column::date(desk.header("title_until")));
    b.years("revenue");
    b.years("total_profit");
    b.last_year();
    b.patents();
    let need = desk.header("need");
    b.add("need_amount", Column::amount(desk.header("amount")).in_group(need));
    b.add("need_months", Column::count(desk.header("months")).with_unit(desk.header("unit_month")).in_group(need));
    b.add("need_use", Column::text(desk.header("use")).in_group(need));
    b.given();
    b.push("findings", Column::count(desk.header("findings")).with_unit(desk.header("unit_item")), Origin::Findings, false);
    b.columns
}

impl<'a> Builder<'_, 'a> {
    fn add(&mut self, name: &str, look: Column) {
        self.push(name, look, Origin::Cell, false);
    }

    fn push(&mut self, name: &str, look: Column, origin: Origin, statistics: bool) {
        let criterion = statistics.then(|| judged_by(self.desk.publication.config, name, self.desk.last_year())).flatten();
        self.columns.push(PoolColumn { name: name.to_owned(), shape: self.desk.shape(name), look, statistics, origin, criterion });
    }

    fn years(&mut self, field: &str) {
        let group = self.desk.header(field);
        for year in &self.desk.publication.merged.years {
            let look = Column::amount(self.desk.tell("year", &[&year.to_string()])).in_group(group);
            self.push(&format!("{field}_{year}"), look, Origin::Cell, true);
        }
    }

    fn last_year(&mut self) {
        let desk = self.desk;
        let last = desk.last_year();
        let of = |field: &str, year: i32| format!("{field}_{year}");
        let group = desk.tell("figures_of", &[&last.to_string()]);
        let computed = [
            ("revenue_growth", vec![of("revenue", last), of("revenue", last - 1)]),
            ("profit_margin", vec![of("total_profit", last), of("revenue", last)]),
            ("debt_ratio", vec!["total_liabilities".to_owned(), "total_assets".to_owned()]),
        ];
        for (name, from) in computed {
            self.push(name, Column::ratio(desk.header(name)).in_group(&group), Origin::Computed(from), true);
        }
        for name in ["total_assets", "total_liabilities", "total_equity"] {
            self.push(name, Column::amount(desk.header(name)).in_group(&group), Origin::Cell, true);
        }
        let staff = Column::count(desk.header("staff")).with_unit(desk.header("unit_person")).in_group(&group);
        self.push("staff", staff, Origin::Cell, true);
    }

    /// What forms give by declaration, of several years under their common label.
    fn given(&mut self) {
        let (config, merged) = (self.desk.publication.config, &self.desk.publication.merged);
        for given in &merged.given {
            let Some(options) = config.enterprise.get(&given.id).filter(|options| !options.hidden) else { continue };
            let header = given.year.map_or_else(|| given.label.clone(), |year| self.desk.tell("year", &[&year.to_string()]));
            let look = match given.kind {
                FieldKind::Amount => Column::amount(&header),
                FieldKind::Date => Column::date(&header),
                FieldKind::Number | FieldKind::Year => Column::count(&header),
                _ => Column::text(&header).wide(16.0),
            };
            let look = options.unit.iter().fold(look, |look, unit| look.with_unit(unit));
            let look = if given.year.is_some() { look.in_group(&given.label) } else { look };
            self.push(&given.name, look, Origin::Cell, config.is_statistical(&options.from));
        }
    }

    fn patents(&mut self) {
        let group = self.desk.tell("patents_group", &[]);
        for name in PATENTS {
            self.push(name, Column::count(self.desk.header(name)).in_group(&group), Origin::Patents, false);
        }
        self.push("latest_grant", Column::date(self.desk.header("latest_grant")).in_group(&group), Origin::Patents, false);
    }
}
