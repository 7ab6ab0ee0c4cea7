//! Finds the header of a table among rows.
//!
//! Every block of a few rows is a candidate; it scores by the fields that its columns name. The first place where
//! a header is complete decides which table comes next; the best of the blocks that touch it is its header, so that a
//! further table below is never taken for this one. Rows of numbers and codes may lie between the levels of a header and
//! are none; a last level that says the period of the columns above it is taken along.

use super::head::{HeadCell, HeadRow};
use super::labels::{Labels, Match};
use super::numbering;
use super::reader::Span;
use super::units::{MoneyColumns, UnitSaid};
use crate::model::amount::Unit;
use crate::model::field::FieldKind;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Most rows of one header, those of numbers and codes between its levels counted.
pub const MAX_HEIGHT: usize = 8;
/// What a field counts, a skipped column, a row more, an expected field that is missing.
const FIELD_SCORE: i64 = 100;
const SKIP_SCORE: i64 = 20;
const ROW_SCORE: i64 = -10;
const MISSING_SCORE: i64 = -50;

/// A column of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadColumn {
    /// 0-based.
    pub column: u32,
    /// Levels, top down, as found.
    pub levels: Vec<String>,
    /// What they mean.
    pub meaning: Match,
    /// A year stated by one of the levels.
    pub year: Option<i32>,
    /// Unit of money stated by one of the levels.
    pub unit: Option<Unit>,
    /// The part of a year of which one of the levels speaks.
    pub part: Option<String>,
    /// Two units that are said of it.
    pub clash: Option<Box<[UnitSaid; 2]>>,
}

impl HeadColumn {
    /// The levels as one label.
    pub fn label(&self) -> String {
        self.levels.join("/").replace(['\n', '\r'], "")
    }

    /// The field's index, whether mended or not.
    pub fn field(&self) -> Option<usize> {
        match self.meaning {
            Match::Field(index) | Match::Mended(index, _) => Some(index),
            _ => None,
        }
    }
}

/// A header found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The form's id.
    pub form: String,
    /// Index of its first row among the rows given.
    pub top: usize,
    /// Rows that it takes.
    pub height: usize,
    /// Its labelled columns, left to right.
    pub columns: Vec<HeadColumn>,
    score: i64,
}

impl Header {
    /// The columns between two that say a record's unit and currency, where no field of the form is meant.
    pub fn money_columns(&self, (from, to): (u32, u32)) -> MoneyColumns {
        let mut money = MoneyColumns::default();
        for column in self.columns.iter().filter(|c| c.field().is_none() && (from..to).contains(&c.column)) {
            column.levels.last().into_iter().for_each(|label| money.take(column.column, label));
        }
        money
    }
}

/// Finds the header of the first table among rows; `merged` where the format tells merged regions.
pub fn find(rows: &[HeadRow], merged: Option<&[Span]>, forms: &IndexMap<String, Labels>) -> Option<Header> {
    let keyed = rows.iter().map(|r| forms.values().any(|f| f.may_name_key(r))).collect();
    let wordless = rows.iter().map(numbering::is_wordless).collect();
    let search = Search { rows, regions: wide_regions(rows, merged.unwrap_or_default()), forms, keyed, wordless };
    let heights = |bottom: usize| (1..=MAX_HEIGHT.min(bottom + 1)).map(move |height| (bottom + 1 - height, height));
    let first = (0..rows.len()).flat_map(heights).find_map(|(top, height)| search.best(top, height))?;
    let bottom = first.top + first.height - 1;
    let touching = (bottom..(bottom + MAX_HEIGHT).min(rows.len())).flat_map(heights).filter(|(top, _)| *top <= bottom);
    let mut header = touching.filter_map(|(top, height)| search.best(top, height)).fold(first, |best, c| {
        let better = (c.score, std::cmp::Reverse(c.top)) > (best.score, std::cmp::Reverse(best.top));
        if better { c } else { best }
    });
    while let Some(longer) = search.with_periods(&header) {
        header = longer;
    }
    search.mend(&mut header);
    Some(header)
}

struct Search<'a> {
    rows: &'a [HeadRow],
    /// Last column of each merged region of several columns, by row number and first column.
    regions: BTreeMap<(u32, u32), u32>,
    forms: &'a IndexMap<String, Labels>,
    /// Rows that may name a key field; a block without one is no header.
    keyed: Vec<bool>,
    /// Rows that hold nothing that could be a heading.
    wordless: Vec<bool>,
}

impl<'a> Search<'a> {
    /// The best form for a block, if it is a header of any.
    fn best(&self, top: usize, height: usize) -> Option<Header> {
        let block = &self.rows[top..top + height];
        let bottom = top + height - 1;
        if !self.keyed[top..=bottom].iter().any(|k| *k) || self.wordless[top] || self.wordless[bottom] || !plausible(block) {
            return None;
        }
        let columns = self.columns(top, height);
        let below = self.level_below(bottom).map(|at| &self.rows[at]).filter(|r| !r.has_value());
        let mut best: Option<Header> = None;
        for (form, labels) in self.forms.iter().filter(|(_, labels)| !self.holds_two(labels, top, height)) {
            let candidate = self.judge(labels, &columns, &block[height - 1], below);
            if let Some((columns, fields)) = candidate {
                let score = fields + ROW_SCORE * height as i64;
                if best.as_ref().is_none_or(|b| score > b.score) {
                    best = Some(Header { form: form.clone(), top, height, columns, score });
                }
            }
        }
        best
    }

    /// The header with the level below it that says the period of its columns, if there is one.
    fn with_periods(&self, header: &Header) -> Option<Header> {
        let next = self.level_below(header.top + header.height - 1).filter(|at| self.rows[*at].is_periods())?;
        let labels = &self.forms[&header.form];
        let is_key = |column: u32| header.columns.iter().any(|c| c.column == column && c.field().is_some_and(|i| labels.keys.contains(&i)));
        let row = &self.rows[next];
        let figures = |column: u32| header.columns.iter().any(|c| c.column == column && is_figure(labels, c));
        // Alone in a key column a word speaks for all columns, but for 累计, which sums up there; a year heads records.
        let other = |c: &HeadCell| is_key(c.column) && (row.cells.len() > 1 || c.key.ends_with('计')) || c.is_year() && !figures(c.column);
        let longer = self.best(header.top, next + 1 - header.top).filter(|longer| longer.form == header.form);
        longer.filter(|_| !row.cells.iter().any(other))
    }

    /// The next row that may be a level of a header, if rows follow each other up to it.
    fn level_below(&self, bottom: usize) -> Option<usize> {
        let next = (bottom + 1..self.rows.len().min(bottom + MAX_HEIGHT)).find(|at| !self.wordless[*at])?;
        self.rows[bottom..=next].windows(2).all(|pair| follows(&pair[0], &pair[1])).then_some(next)
    }

    /// Whether a block holds two headers with rows between: those are records.
    fn holds_two(&self, labels: &Labels, top: usize, height: usize) -> bool {
        let whole: Vec<usize> = (top..top + height).filter(|at| labels.is_header(&self.rows[*at])).collect();
        whole.windows(2).any(|pair| pair[1] > pair[0] + 1)
    }

    /// The levels of each column that has a text of its own; merged cells speak for every column that they span.
    fn columns(&self, top: usize, height: usize) -> Vec<(u32, Vec<&'a HeadCell>)> {
        let rows = self.rows;
        let block: Vec<&'a HeadRow> = (top..top + height).filter(|at| !self.wordless[*at]).map(|at| &rows[at]).collect();
        let mut own: Vec<u32> = block.iter().flat_map(|r| r.cells.iter().map(|c| c.column)).collect();
        own.sort_unstable();
        own.dedup();
        let levels = |column: u32| {
            let mut path: Vec<&HeadCell> = Vec::new();
            for (depth, row) in block.iter().enumerate() {
                let cell = row.get(column).or_else(|| self.spread(row, column, &block[depth + 1..]));
                if let Some(cell) = cell
                    && path.last().is_none_or(|above| above.text != cell.text)
                {
                    path.push(cell);
                }
            }
            (column, path)
        };
        own.into_iter().map(levels).collect()
    }

    /// The heading on the left that speaks for a blank above a text of the column: by its merged region, or, where no
    /// region is known or the row has lost them, because a heading runs on to the next one.
    ///
    /// A row of periods speaks for the columns above it.
    fn spread(&self, row: &'a HeadRow, column: u32, below: &[&HeadRow]) -> Option<&'a HeadCell> {
        let left = row.cells[..row.cells.partition_point(|c| c.column < column)].last()?;
        let over_all = || row.is_periods() && (self.region(row, left.column).is_some() || row.cells.len() == 1 && self.regions.is_empty());
        if !below.iter().any(|r| r.get(column).is_some()) && !over_all() {
            return None;
        }
        let runs_on = match self.region(row, left.column) {
            Some(region) => column <= region,
            None => !self.has_regions(row) || left.is_year(),
        };
        runs_on.then_some(left)
    }

    /// The last column of the wide merged region that begins at a cell.
    fn region(&self, row: &HeadRow, column: u32) -> Option<u32> {
        self.regions.get(&(row.number, column)).copied()
    }

    /// Whether a row has wide merged regions, so that a blank outside them is no part of a heading.
    fn has_regions(&self, row: &HeadRow) -> bool {
        self.regions.range((row.number, 0)..=(row.number, u32::MAX)).next().is_some()
    }

    /// Columns and score of a block read as a form, if it names a key and one thing more.
    fn judge(
        &self,
        labels: &Labels,
        columns: &[(u32, Vec<&HeadCell>)],
        bottom: &HeadRow,
        below: Option<&HeadRow>,
    ) -> Option<(Vec<HeadColumn>, i64)> {
        let mut columns: Vec<HeadColumn> = columns
            .iter()
            .map(|(column, path)| HeadColumn {
                column: *column,
                meaning: labels.find(path),
                year: path.iter().find_map(|c| c.year),
                unit: path.iter().rev().find_map(|c| c.unit),
                part: path.iter().find_map(|c| c.part.clone()),
                clash: path.iter().find_map(|c| {
                    let said = |unit| UnitSaid::heading(bottom.number, c.column, unit, &c.text);
                    c.open_units.map(|units| Box::new(units.map(said)))
                }),
                levels: path.iter().map(|c| c.text.clone()).collect(),
            })
            .collect();
        let is_key = |c: &HeadColumn| c.field().is_some_and(|i| labels.keys.contains(&i));
        // A row of sub-labels leaves the columns of the keys blank; above it a heading is not yet a label.
        let sub_labels = below.filter(|b| !bottom.is_periods() && columns.iter().any(|c| is_key(c) && b.get(c.column).is_none()));
        if let Some(below) = sub_labels {
            for column in &mut columns {
                let behind = bottom.cells.partition_point(|c| c.column <= column.column);
                let next = bottom.cells.get(behind).map_or(u32::MAX, |c| c.column);
                let end = self.region(bottom, column.column).map_or(next, |last| last + 1);
                let up_to = |end: u32| below.cells.partition_point(|c| c.column < end);
                let inside = up_to(end) - up_to(column.column);
                if below.get(column.column).is_some() && inside > 1 {
                    column.meaning = Match::Unknown;
                }
            }
        }
        let mut fields: Vec<usize> = columns.iter().filter_map(HeadColumn::field).collect();
        let skipped = columns.iter().filter(|c| c.meaning == Match::Skip).count();
        fields.sort_unstable();
        fields.dedup();
        let content = fields.iter().filter(|i| labels.kinds[**i] != FieldKind::Personal).count();
        if content < 2 || !columns.iter().any(is_key) {
            return None;
        }
        let missing = labels.expected.iter().filter(|i| !fields.contains(i)).count();
        let score = fields.len() as i64 * FIELD_SCORE + skipped as i64 * SKIP_SCORE + missing as i64 * MISSING_SCORE;
        Some((columns, score))
    }

    /// Mends labels by one letter. This is for the header found: a typo in one label does not hide the others.
    fn mend(&self, header: &mut Header) {
        let labels = &self.forms[&header.form];
        let block = &self.rows[header.top..header.top + header.height];
        let taken: Vec<usize> = header.columns.iter().filter_map(HeadColumn::field).collect();
        for column in header.columns.iter_mut().filter(|c| c.meaning == Match::Unknown) {
            // A known label without meaning here stands over sub-labels.
            let leaf = block.iter().rev().find_map(|r| r.get(column.column)).filter(|leaf| labels.find(&[leaf]) == Match::Unknown);
            let mended = leaf.map_or(Match::Unknown, |leaf| labels.mend(leaf));
            if matches!(&mended, Match::Mended(field, _) if !taken.contains(field)) {
                column.meaning = mended;
            }
        }
    }
}

/// Whether a column holds figures, or is not known.
fn is_figure(labels: &Labels, column: &HeadColumn) -> bool {
    column.field().is_none_or(|i| matches!(labels.kinds[i], FieldKind::Amount | FieldKind::Number))
}

/// The merged regions of several columns in some rows.
fn wide_regions(rows: &[HeadRow], merged: &[Span]) -> BTreeMap<(u32, u32), u32> {
    let wide = merged.iter().filter(|s| s.last_column > s.first_column);
    let of_row = |s: &Span, row: &HeadRow| (s.first_row..=s.last_row).contains(&row.number);
    wide.flat_map(|s| rows.iter().filter(|r| of_row(s, r)).map(|r| ((r.number, s.first_column), s.last_column))).collect()
}

/// Rows of a header follow each other closely and hold words, at most years and numbering as numbers.
fn plausible(block: &[HeadRow]) -> bool {
    block.windows(2).all(|pair| follows(&pair[0], &pair[1])) && !block.iter().any(HeadRow::has_value)
}

/// Whether no row lies between two.
fn follows(above: &HeadRow, below: &HeadRow) -> bool {
    below.number.saturating_sub(above.number) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_defaults;
    use crate::stages::ingest::reader::CellKind;
    use crate::stages::ingest::{head, labels};

    fn rows(table: &[(u32, &[&str])]) -> Vec<HeadRow> {
        table
            .iter()
            .map(|(number, cells)| HeadRow {
                number: *number,
                cells: (0..).zip(*cells).filter(|(_, t)| !t.is_empty()).map(|(c, t)| head::cell(c, t, CellKind::Text)).collect(),
            })
            .collect()
    }

    fn found(table: &[(u32, &[&str])], merged: Option<&[Span]>) -> Option<(String, usize, usize, Vec<String>)> {
        let config = load_defaults(std::path::Path::new("")).ok()?;
        let labels = labels::index(&config.form);
        let header = find(&rows(table), merged, &labels)?;
        let names = header.columns.iter().map(|c| c.field().map_or("-".into(), |i| labels[&header.form].fields[i].clone()));
        Some((header.form.clone(), header.top, header.height, names.collect()))
    }

    const TWO_ROWS: [(u32, &[&str]); 4] = [
        (1, &["规模以上企业经营情况年报表(2021年)", "", "", "", "单位:千元"]),
        (3, &["企业基本信息", "", "年份", "经营情况", "", "从业人数"]),
        (4, &["统一社会信用代码", "企业名称", "", "营业收入", "利润总额", ""]),
        (5, &["91440300192203821X", "某某公司", "2021", "100", "10", "5"]),
    ];

    #[test]
    fn two_row_headers_are_found_with_and_without_known_regions() {
        let names = ["uscc", "name", "year", "revenue", "total_profit", "staff"].map(String::from).to_vec();
        let want = Some(("returns".to_owned(), 1, 2, names));
        assert_eq!(found(&TWO_ROWS, None), want);
        let spans = [Span { first_row: 3, last_row: 3, first_column: 0, last_column: 1 }];
        assert_eq!(found(&TWO_ROWS, Some(&spans)), want);
    }

    #[test]
    fn years_above_the_figures_are_levels_of_their_own() {
        let table: [(u32, &[&str]); 2] =
            [(1, &["企业名称", "2022年", "", "2023年", ""]), (2, &["", "营业收入", "利润总额", "营业收入", "利润总额"])];
        let names = ["name", "revenue", "total_profit", "revenue", "total_profit"].map(String::from).to_vec();
        assert_eq!(found(&table, None), Some(("returns".to_owned(), 0, 2, names)));
    }

    #[test]
    fn a_sheet_without_known_words_has_no_header() {
        assert_eq!(found(&[(1, &["说明", "无"]), (2, &["a", "b"])], None), None);
    }

    /// Names of the columns found, with their years.
    fn columns(table: &[(u32, &[&str])], merged: Option<&[Span]>) -> Vec<String> {
        let config = load_defaults(std::path::Path::new("")).expect("the defaults");
        let labels = labels::index(&config.form);
        let header = find(&rows(table), merged, &labels).expect("a header");
        let name = |c: &HeadColumn| c.field().map_or(format!("{:?}", c.meaning), |i| labels[&header.form].fields[i].clone());
        header.columns.iter().map(|c| name(c) + &c.year.map(|y| y.to_string()).unwrap_or_default()).collect()
    }

    const YEARS: [(u32, &[&str]); 2] =
        [(1, &["企业名称", "2022年", "", "2023年", ""]), (2, &["", "营业收入", "利润总额", "营业收入", "利润总额"])];

    #[test]
    fn a_year_runs_on_to_the_next_where_regions_are_unknown_or_lost() {
        let want = ["name", "revenue2022", "total_profit2022", "revenue2023", "total_profit2023"];
        assert_eq!(columns(&YEARS, None), want);
        assert_eq!(columns(&YEARS, Some(&[])), want);
        let key_only = [Span { first_row: 1, last_row: 2, first_column: 0, last_column: 0 }];
        assert_eq!(columns(&YEARS, Some(&key_only)), want);
    }

    #[test]
    fn a_heading_over_sub_labels_is_no_label() {
        let table: [(u32, &[&str]); 3] = [
            (1, &["企业名称", "营业收入", "资产总计", ""]),
            (2, &["", "", "年初数", "年末数"]),
            (3, &["龙南市甲有限公司", "10000", "20000", "30000"]),
        ];
        let region = [Span { first_row: 1, last_row: 1, first_column: 2, last_column: 3 }];
        for merged in [None, Some(&region[..])] {
            assert_eq!(columns(&table, merged), ["name", "revenue", "Skip", "total_assets"], "{merged:?}");
        }
        let unknown: [(u32, &[&str]); 2] = [(1, &["企业名称", "营业收入", "资产总计", ""]), (2, &["", "", "甲口径", "乙口径"])];
        assert_eq!(columns(&unknown, Some(&region)), ["name", "revenue", "Unknown"], "none of the two is chosen");
    }

    #[test]
    fn a_column_without_a_text_of_its_own_is_none() {
        let region = [Span { first_row: 1, last_row: 1, first_column: 1, last_column: 2 }];
        let table: [(u32, &[&str]); 1] = [(1, &["统一社会信用代码", "企业名称", "", "营业收入"])];
        assert_eq!(columns(&table, Some(&region)), ["uscc", "name", "revenue"]);
    }

    #[test]
    fn the_first_table_is_found_though_a_fuller_one_stands_below() {
        let table: [(u32, &[&str]); 3] =
            [(1, &["企业名称", "营业收入"]), (2, &["龙南市甲有限公司", "10000"]), (4, &["企业名称", "营业收入", "利润总额"])];
        assert_eq!(columns(&table, None), ["name", "revenue"]);
    }

    #[test]
    fn what_a_form_should_have_and_lacks_speaks_against_it() {
        let header: [(u32, &[&str]); 1] = [(1, &["企业名称", "统一社会信用代码", "融资需求（万元）", "联系人"])];
        assert_eq!(found(&header, None).map(|(form, ..)| form), Some("needs".to_owned()));
    }
}
