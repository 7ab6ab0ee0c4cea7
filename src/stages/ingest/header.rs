//! Finds the header of a table among a sheet's first rows.
//!
//! Every block of one to four rows is a candidate; it scores by the fields that its columns name. The first non-empty
//! row is no candidate of its own: titles, boxes and unit notes stand above most bureau tables.

use super::labels::{Labels, Match, year_of};
use super::reader::Span;
use crate::config::FieldKind;
use crate::model::amount::Unit;
use indexmap::IndexMap;

/// Most rows of one header.
const MAX_HEIGHT: usize = 4;

/// One kept row of the sheet's head: its number and its non-blank cells by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadRow {
    /// 1-based.
    pub number: u32,
    /// Column, text, and whether it is stored as a number.
    pub cells: Vec<(u32, String, bool)>,
}

impl HeadRow {
    fn get(&self, column: u32) -> Option<&str> {
        self.cells.iter().find(|(c, ..)| *c == column).map(|(_, t, _)| t.as_str())
    }
}

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

/// The best header among the rows, if any names a key and one more field.
pub fn find(
    rows: &[HeadRow],
    merged: Option<&[Span]>,
    forms: &IndexMap<String, Labels>,
    keys: &IndexMap<String, Vec<String>>,
) -> Option<Header> {
    let mut best: Option<Header> = None;
    for top in 0..rows.len() {
        for height in 1..=MAX_HEIGHT.min(rows.len() - top) {
            let block = &rows[top..top + height];
            if !plausible(block) {
                break;
            }
            let columns = levels(block, merged);
            for (form, labels) in forms {
                let candidate = judge(form, labels, keys.get(form), &columns, top, height);
                if let Some(candidate) = candidate
                    && best.as_ref().is_none_or(|b| candidate.score > b.score)
                {
                    best = Some(candidate);
                }
            }
        }
    }
    // Mending is for the header found: a typo in one label does not hide the others.
    if let Some(header) = &mut best {
        let labels = &forms[&header.form];
        let taken: Vec<usize> = header.columns.iter().filter_map(HeadColumn::field).collect();
        for column in header.columns.iter_mut().filter(|c| c.meaning == Match::Unknown) {
            let mended = column.levels.last().map_or(Match::Unknown, |leaf| labels.mend(leaf));
            if matches!(&mended, Match::Mended(field, _) if !taken.contains(field)) {
                column.meaning = mended;
            }
        }
    }
    best
}

/// Rows of a header follow each other closely and hold words, at most years as numbers.
fn plausible(block: &[HeadRow]) -> bool {
    let close = block.windows(2).all(|pair| pair[1].number - pair[0].number <= 1);
    close && block.iter().all(|row| row.cells.iter().all(|(_, text, number)| !number || year_of(text).is_some() || text.len() <= 3))
}

/// The levels of each column; merged cells speak for every column that they span.
fn levels(block: &[HeadRow], merged: Option<&[Span]>) -> Vec<(u32, Vec<String>)> {
    let last = block.iter().flat_map(|r| r.cells.iter().map(|(c, ..)| *c)).max().unwrap_or(0);
    let bottom = block.len() - 1;
    let mut columns = Vec::new();
    for column in 0..=last {
        let mut path: Vec<String> = Vec::new();
        for (depth, row) in block.iter().enumerate() {
            let text = row
                .get(column)
                .or_else(|| (depth < bottom || block.len() == 1).then(|| spread(row, column, merged, &block[depth + 1..])).flatten());
            if let Some(text) = text
                && path.last().is_none_or(|above| above != text)
            {
                path.push(text.to_owned());
            }
        }
        if !path.is_empty() {
            columns.push((column, path));
        }
    }
    columns
}

/// The text of a merged cell to the left that spans this column; where a format hides its regions, a blank under a
/// heading belongs to the heading on its left if something stands below it.
fn spread<'a>(row: &'a HeadRow, column: u32, merged: Option<&[Span]>, below: &[HeadRow]) -> Option<&'a str> {
    match merged {
        Some(spans) => spans
            .iter()
            .find(|s| s.first_row == row.number && s.first_column < column && column <= s.last_column)
            .and_then(|s| row.get(s.first_column)),
        None => {
            below.iter().find(|r| r.get(column).is_some())?;
            row.cells.iter().rev().find(|(c, ..)| *c < column).map(|(_, t, _)| t.as_str())
        }
    }
}

fn judge(
    form: &str,
    labels: &Labels,
    keys: Option<&Vec<String>>,
    columns: &[(u32, Vec<String>)],
    top: usize,
    height: usize,
) -> Option<Header> {
    let columns: Vec<HeadColumn> = columns
        .iter()
        .map(|(column, path)| {
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            HeadColumn {
                column: *column,
                meaning: labels.find(&words),
                year: words.iter().find_map(|w| year_of(w)),
                unit: words.iter().rev().find_map(|w| Unit::find(w)),
                levels: path.clone(),
            }
        })
        .collect();
    let mut exact: Vec<usize> = columns.iter().filter_map(|c| if let Match::Field(i) = c.meaning { Some(i) } else { None }).collect();
    let skipped = columns.iter().filter(|c| c.meaning == Match::Skip).count();
    exact.sort_unstable();
    exact.dedup();
    let keyed = exact.iter().any(|i| keys.is_some_and(|k| k.contains(&labels.fields[*i])));
    let content = exact.iter().filter(|i| labels.kinds[**i] != FieldKind::Personal).count();
    if !keyed || content < 2 {
        return None;
    }
    let score = (exact.len() * 100 + skipped * 20) as i64 - (height * 10) as i64 - top as i64;
    Some(Header { form: form.to_owned(), top, height, columns, score })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_defaults;
    use crate::stages::ingest::labels;

    fn rows(table: &[(u32, &[&str])]) -> Vec<HeadRow> {
        table
            .iter()
            .map(|(number, cells)| HeadRow {
                number: *number,
                cells: (0..).zip(*cells).filter(|(_, t)| !t.is_empty()).map(|(c, t)| (c, (*t).to_owned(), false)).collect(),
            })
            .collect()
    }

    fn found(table: &[(u32, &[&str])], merged: Option<&[Span]>) -> Option<(String, usize, usize, Vec<String>)> {
        let config = load_defaults(std::path::Path::new("")).ok()?;
        let labels = labels::index(&config.form);
        let keys = config.form.iter().map(|(id, f)| (id.clone(), f.key.clone())).collect();
        let header = find(&rows(table), merged, &labels, &keys)?;
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
}
