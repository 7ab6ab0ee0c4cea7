//! The cost estimate, with live formulas: whoever changes scale, term, coupon, a rate or a quote sees all else follow.

use crate::error::Error;
use crate::finding::cost::{basis_in_words, clashes_in_words, notes_in_words, payers_in_words, terms_in_words};
use crate::finding::word;
use crate::model::cost::{Basis, Estimate, Line, Part, Range, Total};
use crate::stages::publish::desk::Desk;
use crate::stages::publish::workbook::{Book, CellRange, Column, Formula, Mark, Outcome, RowStyle, Tab, Table, TableWriter, Value};
use rust_decimal::{Decimal, RoundingStrategy};
use std::ops::RangeInclusive;

/// Places of the columns: what it is, what it is charged on, then low and high of rate, quote, by rates, as quoted.
const RATE: u16 = 2;
const QUOTE: u16 = 4;
const BY_RATE: u16 = 6;
const AS_QUOTED: u16 = 8;
const COLUMNS: usize = 12;

/// Rates are told in per cent with so many decimals.
const RATE_DECIMALS: u8 = 3;

/// Writes the estimate at the terms of the issue.
pub fn cost(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let config = desk.publication.config;
    let estimate = config.cost.costs(desk.lang()).estimate(config.cost.terms(config.issue.scale, config.issue.term_months));
    let said = |key: &str| word(desk.lang(), &format!("cost.{key}"));
    let pair =
        |group: &str, column: fn(String) -> Column| [said("low"), said("high")].map(|end| column(end.to_owned()).in_group(said(group)));
    let rate = |header: String| Column::number(header, RATE_DECIMALS);
    let mut columns = vec![Column::text(said("item")).wide(26.0), Column::text(said("basis")).wide(20.0)];
    columns.extend(pair("rate", rate));
    columns.extend(["quote", "by_rate", "by_quote"].into_iter().flat_map(|group| pair(group, Column::amount)));
    columns.extend([Column::verdict(said("agrees")), Column::text(said("paid_by")).wide(24.0)]);
    let mut notes = notes_in_words(desk.lang(), &estimate);
    notes.push(said("sheet_note").to_owned());
    let table = book.table(Table {
        sheet: desk.sheet("cost"),
        title: said("title").to_owned(),
        subtitle: [vec![desk.as_of(), terms_in_words(desk.lang(), &estimate)], clashes_in_words(desk.lang(), &estimate)].concat(),
        columns,
        frozen_columns: 1,
        notes,
        tab: Tab::Result,
        ..Table::default()
    })?;
    Sheet { table, desk, estimate: &estimate }.write()
}

/// A sheet that is being written.
struct Sheet<'a, 'b> {
    table: TableWriter<'b>,
    desk: &'a Desk<'a>,
    estimate: &'a Estimate,
}

/// Rows of the terms.
struct Given {
    scale: u32,
    months: u32,
    days: u32,
    interest: u32,
}

/// A formula of a range: what its low end and its high end are made of.
type Ends = [Vec<CellRange>; 2];

impl Sheet<'_, '_> {
    fn write(mut self) -> Result<(), Error> {
        let given = self.terms()?;
        let mut parts = Vec::new();
        for part in Part::ALL {
            let first = self.table.next_row();
            for line in self.estimate.lines.iter().filter(|line| line.item.part == part) {
                self.item(line, &given)?;
            }
            let rows = first..=self.table.next_row().saturating_sub(1);
            parts.push(self.table.next_row());
            self.sum(part.id(), &rows, |total| if part == Part::Guarantee { total.guarantee } else { total.services })?;
        }
        let fees = self.table.next_row();
        self.total("fees", "{0}+{1}", &parts, |total| total.fees)?;
        let all = self.table.next_row();
        self.total("all", "{0}+{1}", &[fees, given.interest], |total| total.all)?;
        self.rate(all, &given)?;
        self.table.finish()?;
        Ok(())
    }

    fn said(&self, key: &str) -> &'static str {
        word(self.desk.lang(), &format!("cost.{key}"))
    }

    /// A row of nothing but its name and figures in some columns.
    fn figures(&mut self, key: &str, style: RowStyle, figures: &[(u16, Value<'_>)]) -> Result<u32, Error> {
        let mut cells = [Value::Blank; COLUMNS];
        cells[0] = Value::Text(self.said(key));
        for (column, value) in figures {
            cells[usize::from(*column)] = *value;
        }
        let row = self.table.next_row();
        match style {
            RowStyle::Plain => self.table.row(&cells)?,
            RowStyle::Total => self.table.total_row(&cells)?,
        }
        Ok(row)
    }

    /// Scale, term, coupon and days, and the interest that follows from them.
    fn terms(&mut self) -> Result<Given, Error> {
        let terms = self.estimate.terms;
        let scale = self.figures("scale", RowStyle::Plain, &[(BY_RATE, Value::Amount(units(terms.scale)))])?;
        let months = self.figures("months", RowStyle::Plain, &[(BY_RATE, Value::Count(terms.months.into()))])?;
        let coupon = ends(terms.coupon).map(per_cent);
        let coupon = self.figures("coupon", RowStyle::Plain, &[(RATE, coupon[0]), (RATE + 1, coupon[1])])?;
        let days = self.figures("days", RowStyle::Plain, &[(BY_RATE, Value::Count(terms.bridge_days.into()))])?;
        let cells: Ends = [0, 1].map(|end| vec![at(scale, BY_RATE), at(coupon, RATE + end), at(months, BY_RATE)]);
        let interest = ends(terms.interest());
        let live = [0, 1].map(|end| formula("{0}*{1}/100*{2}/12", &cells[end], Outcome::Amount(units(interest[end]))));
        // Both readings of the items end with the same interest.
        let row = self.table.next_row();
        let same: Ends = [0, 1].map(|end| vec![at(row, BY_RATE + end)]);
        let copied = [0, 1].map(|end| formula("{0}", &same[end], Outcome::Amount(units(interest[end]))));
        let figures = [(BY_RATE, live[0]), (BY_RATE + 1, live[1]), (AS_QUOTED, copied[0]), (AS_QUOTED + 1, copied[1])];
        let quoted = if self.estimate.quoted().is_some() { figures.len() } else { 2 };
        let interest = self.figures("interest", RowStyle::Plain, &figures[..quoted])?;
        Ok(Given { scale, months, days, interest })
    }

    /// An item: its rate and quote as they are stated, and what follows from them.
    fn item(&mut self, line: &Line, given: &Given) -> Result<(), Error> {
        let lang = self.desk.lang();
        let (item, row) = (&line.item, self.table.next_row());
        let mut cells = [Value::Blank; COLUMNS];
        cells[0] = Value::Text(&item.name);
        cells[1] = Value::Text(basis_in_words(lang, item));
        for (end, place) in [(0, 0), (1, 1)] {
            if let Some(rate) = item.rate {
                let figure = ends(rate)[end];
                cells[usize::from(RATE) + place] = if item.basis == Basis::Cap { ten_thousands(figure) } else { per_cent(figure) };
            }
            if let Some(quote) = item.quote {
                cells[usize::from(QUOTE) + place] = Value::Amount(units(ends(quote)[end]));
            }
        }
        let made: Vec<(&'static str, Vec<CellRange>)> = (0..2).map(|end| by_rate(line, row, end, given)).collect();
        for (end, (expression, from)) in made.iter().enumerate() {
            cells[usize::from(BY_RATE) + end] = formula(expression, from, Outcome::Amount(units(ends(line.stated)[end])));
        }
        let quoted: Ends = [0, 1].map(|end| vec![at(row, QUOTE + end)]);
        if let Some(range) = line.quoted {
            for (end, from) in quoted.iter().enumerate() {
                cells[usize::from(AS_QUOTED) + end] = formula("{0}", from, Outcome::Amount(units(ends(range)[end])));
            }
        }
        cells[10] = match (line.clash, item.rate.is_some() && item.quote.is_some()) {
            (Some(_), _) => Value::Marked(Mark::NotMet, self.said("agrees_no")),
            (None, true) => Value::Marked(Mark::Met, self.said("agrees_yes")),
            (None, false) => Value::Blank,
        };
        let payers = payers_in_words(lang, &item.payers);
        cells[11] = Value::Text(&payers);
        self.table.row(&cells)?;
        Ok(())
    }

    /// The sum of the items of a part.
    fn sum(&mut self, key: &str, rows: &RangeInclusive<u32>, figure: impl Fn(&Total) -> Range) -> Result<(), Error> {
        let column = |column: u16| CellRange { first_row: *rows.start(), first_column: column, last_row: *rows.end(), last_column: column };
        self.both(key, "SUM({0})", |place| vec![column(place)], |total| figure(total).map_ends(|amount| Outcome::Amount(units(amount))))
    }

    /// The sum of some rows.
    fn total(&mut self, key: &str, expression: &'static str, rows: &[u32], figure: impl Fn(&Total) -> Range) -> Result<(), Error> {
        let cells = |place: u16| rows.iter().map(|row| at(*row, place)).collect();
        self.both(key, expression, cells, |total| figure(total).map_ends(|amount| Outcome::Amount(units(amount))))
    }

    /// All of it for each yuan and year.
    fn rate(&mut self, all: u32, given: &Given) -> Result<(), Error> {
        let cells = |place: u16| vec![at(all, place), at(given.scale, BY_RATE), at(given.months, BY_RATE)];
        self.both("all_rate", "{0}/{1}*12/{2}", cells, |total| total.rate.map_ends(|rate| Outcome::Ratio(ten_thousandths(rate))))
    }

    /// A total by rates and, where quotes hold, as quoted.
    fn both(
        &mut self,
        key: &str,
        expression: &'static str,
        cells: impl Fn(u16) -> Vec<CellRange>,
        result: impl Fn(&Total) -> [Outcome; 2],
    ) -> Result<(), Error> {
        let readings = [(BY_RATE, Some(self.estimate.stated())), (AS_QUOTED, self.estimate.quoted())];
        let totals = readings.into_iter().filter_map(|(first, total)| Some((first, result(&total?))));
        let made: Vec<(u16, Vec<CellRange>, Outcome)> = totals
            .flat_map(|(first, [low, high])| [(first, low), (first + 1, high)])
            .map(|(place, result)| (place, cells(place), result))
            .collect();
        let figures: Vec<(u16, Value<'_>)> =
            made.iter().map(|(place, from, result)| (*place, formula(expression, from, *result))).collect();
        self.figures(key, RowStyle::Total, &figures)?;
        Ok(())
    }
}

/// What gives an end of an item by its rate, and from which cells.
fn by_rate(line: &Line, row: u32, end: u16, given: &Given) -> (&'static str, Vec<CellRange>) {
    let (rate, quote) = (at(row, RATE + end), at(row, QUOTE + end));
    let (scale, months) = (at(given.scale, BY_RATE), at(given.months, BY_RATE));
    match line.item.basis {
        Basis::Once => ("{0}*{1}/100", vec![scale, rate]),
        Basis::PerYear => ("{0}*{1}/100*{2}/12", vec![scale, rate, months]),
        Basis::PerDay => ("{0}*{1}/100*{2}", vec![scale, rate, at(given.days, BY_RATE)]),
        Basis::OfInterest => ("{0}*{1}/100", vec![at(given.interest, BY_RATE + end), rate]),
        Basis::Cap if end == 0 => ("MIN({0},{1})*ROUNDUP({2}/12,0)", vec![quote, rate, months]),
        Basis::Cap => ("{0}*ROUNDUP({1}/12,0)", vec![rate, months]),
        Basis::Quote => ("{0}", vec![quote]),
    }
}

impl Range {
    fn map_ends<T>(self, on: impl Fn(Decimal) -> T) -> [T; 2] {
        ends(self).map(on)
    }
}

fn ends(range: Range) -> [Decimal; 2] {
    [range.low, range.high]
}

fn at(row: u32, column: u16) -> CellRange {
    CellRange::cell(row, column)
}

fn formula<'v>(expression: &'static str, cells: &'v [CellRange], result: Outcome) -> Value<'v> {
    Value::Formula(Formula { expression, result, cells })
}

/// A fraction in per cent.
fn per_cent(fraction: Decimal) -> Value<'static> {
    number(fraction * Decimal::ONE_HUNDRED)
}

/// Yuan in 万元, in a column of other numbers.
fn ten_thousands(yuan: Decimal) -> Value<'static> {
    number(yuan / Decimal::from(10_000))
}

fn number(figure: Decimal) -> Value<'static> {
    let figure = figure.normalize();
    Value::Number { unscaled: figure.mantissa(), scale: figure.scale().try_into().unwrap_or_default() }
}

/// Yuan in ten-thousandths, rounded once.
fn units(yuan: Decimal) -> i128 {
    scaled(yuan)
}

fn ten_thousandths(fraction: Decimal) -> i64 {
    i64::try_from(scaled(fraction)).unwrap_or(i64::MAX)
}

fn scaled(figure: Decimal) -> i128 {
    let rounded = (figure * Decimal::from(10_000)).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    rounded.mantissa() / 10_i128.pow(rounded.scale())
}
