//! The statistics bureau's annual returns.
//!
//! Owns: the forms of the three years, one town's part of its own, and the corrected version of the last year.
//! Takes: the enterprises, their figures and the planned faults. Gives: [`Book`]s.
//! Invariants: amounts in thousands of yuan (the town's in ten thousands); sum rows add up all rows as they stand,
//! except where a fault is planted.

use super::draw::Draw;
use super::enterprise::{City, Enterprise, FIRST_YEAR, LAST_YEAR, Title};
use super::fault::FaultKind;
use super::finance::{Figures, Indicator, history, negative_start};
use super::returns_form::{Content, Form};
use super::returns_plan::{Plan, swap_digits};
use super::sheet::{Book, Format, Line, LineKind, Sheet, Value};
use super::{head, words::Words};

/// The unit that amounts are shown in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Thousand,
    TenThousand,
}

impl Unit {
    fn label(self) -> &'static str {
        match self {
            Self::Thousand => "单位：千元",
            Self::TenThousand => "单位：万元",
        }
    }

    /// Shows an amount given in thousands; a tenth of ten thousand is a thousand, so nothing is rounded.
    fn show(self, indicator: Indicator, amount: i64) -> Value {
        match self {
            Self::TenThousand if indicator != Indicator::Employees => Value::Tenths(amount),
            _ => Value::Integer(amount),
        }
    }
}

/// One enterprise's figures, from its first year above scale.
struct Record<'a> {
    index: usize,
    enterprise: &'a Enterprise,
    first_year: i32,
    figures: Vec<Figures>,
}

impl Record<'_> {
    fn of(&self, year: i32) -> Option<&Figures> {
        let at = usize::try_from(year - self.first_year).ok()?;
        self.figures.get(at)
    }

    fn line(&self, form: &Form, words: &Words, year: i32, unit: Unit) -> Option<Line> {
        let now = self.of(year)?;
        let before = self.of(year - 1);
        let cells = form.columns.iter().map(|(content, _)| match *content {
            Content::Code => Value::text(self.enterprise.code.as_str()),
            Content::Name => Value::text(self.enterprise.name.as_str()),
            Content::Industry => Value::text(words.industry[self.enterprise.industry].code.as_str()),
            Content::Year => Value::Integer(i64::from(year)),
            // Where revenue is below nought, main revenue is left open.
            Content::Figure(Indicator::MainRevenue) if now.get(Indicator::Revenue) < 0 => Value::Blank,
            Content::Figure(indicator) => unit.show(indicator, now.get(indicator)),
            Content::Prior(indicator) => before.map_or(Value::Blank, |before| unit.show(indicator, before.get(indicator))),
        });
        Some(Line::new(LineKind::Body, cells.collect()))
    }
}

/// Writes all returns.
pub(super) fn books(words: &Words, city: &City, plan: &Plan, draw: &mut Draw) -> Vec<Book> {
    let maker = Maker { words, plan, records: records(city, plan, draw) };
    let mut books: Vec<Book> = (FIRST_YEAR..LAST_YEAR).map(|year| maker.plain_year(year)).collect();
    let corrected = maker.corrected();
    books.push(maker.superseded(&corrected));
    books.push(corrected);
    books.push(maker.town_apart());
    books
}

fn records<'a>(city: &'a City, plan: &Plan, draw: &mut Draw) -> Vec<Record<'a>> {
    let mut records = Vec::new();
    for (index, enterprise) in city.enterprises.iter().enumerate() {
        let Some(first_year) = enterprise.reports_from else {
            continue;
        };
        let years = usize::try_from(LAST_YEAR - first_year + 1).unwrap_or(0);
        let strong = enterprise.award.is_some_and(|award| award.title >= Title::Specialized);
        let figures = if plan.negative.contains(&index) { vec![negative_start(draw)] } else { history(draw, years, strong) };
        records.push(Record { index, enterprise, first_year, figures });
    }
    for enterprise in city.unlisted.iter().take(2) {
        records.push(Record { index: usize::MAX, enterprise, first_year: LAST_YEAR, figures: history(draw, 1, false) });
    }
    records
}

struct Maker<'a> {
    words: &'a Words,
    plan: &'a Plan,
    records: Vec<Record<'a>>,
}

impl Maker<'_> {
    fn plain_year(&self, year: i32) -> Book {
        let form = Form::new(year);
        let mut sheet = self.sheet(&form, year, &format!("{year}年"), Unit::Thousand, |_| true);
        if year == FIRST_YEAR {
            spoil_total(&mut sheet, &form, Indicator::Cost);
        }
        book(format!("统计局/企业经营情况_{year}年.xlsx"), Format::Xlsx, vec![sheet])
    }

    /// The last year in two sheets, without the town that sent its own.
    fn corrected(&self) -> Book {
        let form = Form::new(LAST_YEAR);
        let (zone, apart) = (&self.words.zone, &self.words.town_apart);
        let in_zone = |enterprise: &Enterprise| &enterprise.town == zone;
        let in_towns = |enterprise: &Enterprise| &enterprise.town != zone && &enterprise.town != apart;
        let first = self.sheet(&form, LAST_YEAR, "经开区", Unit::Thousand, in_zone);
        let mut second = self.sheet(&form, LAST_YEAR, "乡镇", Unit::Thousand, in_towns);
        spoil_total(&mut second, &form, Indicator::Assets);
        let path = format!("统计局/企业经营情况_{LAST_YEAR}年_更正.xlsx");
        let mut book = book(path, Format::Xlsx, vec![first, second]);
        for sheet in &mut book.sheets {
            if let Some(Value::Text(title)) = sheet.lines[0].cells.first_mut() {
                title.push_str("（更正）");
            }
        }
        book
    }

    /// The version before the correction: three values differ.
    fn superseded(&self, corrected: &Book) -> Book {
        let form = Form::new(LAST_YEAR);
        let mut sheets = corrected.sheets.clone();
        let changed = [Indicator::Liabilities, Indicator::Cost, Indicator::Employees];
        for sheet in &mut sheets {
            if let Some(Value::Text(title)) = sheet.lines[0].cells.first_mut() {
                *title = title.replace("（更正）", "");
            }
            for line in &mut sheet.lines {
                line.marks.clear();
                let code = line.cells.first().map(Value::shown).unwrap_or_default();
                let place = self.records.iter().find(|r| r.enterprise.code == code);
                let number = place.and_then(|r| self.plan.superseded.iter().position(|&index| index == r.index));
                if let Some(indicator) = number.and_then(|number| changed.get(number))
                    && let Some(column) = form.column(Content::Figure(*indicator))
                {
                    let old = swap_digits(line.cells[column].amount());
                    line.plant(FaultKind::SupersededValue, column, Value::Integer(old));
                }
            }
            fill_total(sheet, &form);
        }
        let path = format!("统计局/企业经营情况_{LAST_YEAR}年.xlsx");
        book(path, Format::Xlsx, sheets)
    }

    fn town_apart(&self) -> Book {
        let form = Form::new(LAST_YEAR);
        let town = &self.words.town_apart;
        let here = |enterprise: &Enterprise| &enterprise.town == town;
        let sheet = self.sheet(&form, LAST_YEAR, town, Unit::TenThousand, here);
        let path = format!("统计局/{town}_企业经营情况_{LAST_YEAR}年.ods");
        book(path, Format::Ods, vec![sheet])
    }

    fn sheet(&self, form: &Form, year: i32, name: &str, unit: Unit, here: impl Fn(&Enterprise) -> bool) -> Sheet {
        let mut sheet = form.sheet(name);
        let last = sheet.columns.len() - 1;
        let title = format!("规模以上工业企业经营情况年报表（{year}年）");
        sheet.banner(LineKind::Title, &[(0, last, &title)]);
        sheet.banner(LineKind::Caption, &[(last - 3, last, "表　　号：龙统综01表")]);
        sheet.banner(LineKind::Caption, &[(last - 3, last, "制定机关：龙南市统计局")]);
        let office = "综合机关名称：龙南市统计局";
        sheet.banner(LineKind::Caption, &[(0, 2, office), (last - 3, last, unit.label())]);
        head::add(&mut sheet, &form.labels());
        head::add_numbering(&mut sheet, 4);
        for record in self.records.iter().filter(|record| here(record.enterprise)) {
            let Some(mut line) = record.line(form, self.words, year, unit) else {
                continue;
            };
            if record.index == usize::MAX {
                line.mark_cell(FaultKind::EnterpriseUnknown, 0, "");
            }
            sheet.lines.extend(self.plan.apply(year, record.index, form, line));
        }
        let blanks = vec![Value::Blank; sheet.columns.len()];
        sheet.lines.push(Line::new(LineKind::Total, blanks));
        fill_total(&mut sheet, form);
        let footer = format!("单位负责人：李某某　　填表人：张某某　　联系电话：0797-0000000　　报出日期：{}年1月20日", year + 1);
        sheet.banner(LineKind::Footer, &[(0, last, &footer)]);
        let note = "注：除平均用工人数外，金额均按上述单位填报；损失以“-”号记。";
        sheet.banner(LineKind::Footer, &[(0, last, note)]);
        sheet
    }
}

fn book(path: String, format: Format, sheets: Vec<Sheet>) -> Book {
    Book { path, format, sheets }
}

/// Fills the sum row with the sums of the rows above it, as they stand.
fn fill_total(sheet: &mut Sheet, form: &Form) {
    let mut totals = vec![Value::Blank; sheet.columns.len()];
    totals[0] = Value::text("合计");
    for (column, (content, _)) in form.columns.iter().enumerate() {
        if matches!(content, Content::Figure(_) | Content::Prior(_)) {
            let body = sheet.lines.iter().filter(|line| line.kind == LineKind::Body);
            let cells = body.filter_map(|line| line.cells.get(column));
            let sum = cells.clone().map(Value::amount).sum();
            let in_tenths = cells.clone().any(|cell| matches!(cell, Value::Tenths(_)));
            totals[column] = if in_tenths { Value::Tenths(sum) } else { Value::Integer(sum) };
        }
    }
    if let Some(line) = total_line(sheet) {
        line.cells = totals;
    }
}

/// Puts a wrong sum into the sum row.
fn spoil_total(sheet: &mut Sheet, form: &Form, indicator: Indicator) {
    if let Some(column) = form.column(Content::Figure(indicator))
        && let Some(line) = total_line(sheet)
    {
        let wrong = swap_digits(line.cells[column].amount());
        line.plant(FaultKind::SumMismatch, column, Value::Integer(wrong));
    }
}

fn total_line(sheet: &mut Sheet) -> Option<&mut Line> {
    sheet.lines.iter_mut().find(|line| line.kind == LineKind::Total)
}
