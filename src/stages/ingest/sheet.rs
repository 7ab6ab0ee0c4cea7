//! One sheet, row by row: head, header, records, sums, footers.
//!
//! The first rows are kept until a header is found; from there on each row is judged as it comes: a record, a sum row,
//! a repeated header, a footer, or the head of a further table below.

use super::header::{self, HeadRow, Header};
use super::labels::{Labels, Match};
use super::reader::{CellKind, Row, SheetHead};
use super::{RecordSink, Source};
use crate::config::{FieldKind, PeriodKind};
use crate::finding::Seed;
use crate::model::amount::Unit;
use crate::model::period;
use crate::model::raw::{CellType, ColumnMeta, RawCell, SumKind, TableMeta};

/// Rows in which a header must lie.
const HEAD_ROWS: usize = 40;

/// Words that begin the footer of a bureau table.
const FOOTERS: [&str; 15] = [
    "填表人",
    "制表",
    "审核人",
    "单位负责人",
    "统计负责人",
    "负责人",
    "联系电话",
    "填报日期",
    "报出日期",
    "填报单位",
    "注:",
    "注：",
    "说明:",
    "说明：",
    "备注:",
];

/// What a sheet hands back beside its records.
#[derive(Debug, Default)]
pub struct SheetOutcome {
    /// Tables found.
    pub tables: Vec<TableMeta>,
    /// Findings about the sheet.
    pub seeds: Vec<Seed>,
}

/// Reads one sheet.
pub struct SheetReader<'a> {
    source: &'a Source<'a>,
    head: SheetHead,
    text_table: bool,
    kept: Vec<Row>,
    title: Vec<String>,
    live: Option<Live>,
    next_table: u16,
    hidden_rows: Vec<u32>,
    after_footer: u64,
    outcome: SheetOutcome,
}

/// The table being read.
struct Live {
    blocks: Vec<Block>,
    header: Vec<HeadRow>,
    /// Column of the first key, and the words that would repeat the header there.
    key_columns: Vec<u32>,
    labelled: usize,
    fresh: bool,
    footer: bool,
    formulas: Vec<(u32, u64, u32)>,
}

/// Columns that make one record: side-by-side tables and years across give several.
struct Block {
    meta: TableMeta,
    /// Sheet column to field index, for the columns of this block.
    fields: Vec<Option<usize>>,
    width: usize,
}

impl<'a> SheetReader<'a> {
    /// Starts a sheet; `next_table` numbers its tables on from the file's earlier ones.
    pub fn new(source: &'a Source<'a>, head: &SheetHead, text_table: bool, next_table: u16) -> Self {
        Self {
            source,
            head: head.clone(),
            text_table,
            kept: Vec::new(),
            title: Vec::new(),
            live: None,
            next_table,
            hidden_rows: Vec::new(),
            after_footer: 0,
            outcome: SheetOutcome::default(),
        }
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &Row, sink: &mut impl RecordSink) {
        if row.cells.is_empty() {
            return;
        }
        if row.hidden {
            self.hidden_rows.push(row.number);
        }
        if self.live.is_some() {
            self.body_row(row, sink);
        } else if self.kept.len() < HEAD_ROWS {
            self.kept.push(row.clone());
            if self.kept.len() == HEAD_ROWS {
                self.settle(sink);
            }
        }
    }

    /// Ends the sheet.
    pub fn finish(mut self, sink: &mut impl RecordSink) -> SheetOutcome {
        if self.live.is_none() && !self.kept.is_empty() {
            self.settle(sink);
        }
        if self.live.is_some() {
            self.close(sink);
        }
        if self.outcome.tables.is_empty() {
            if let Some(first) = self.kept.first() {
                let text = first.cells.first().map(|c| first.text(c).to_owned()).unwrap_or_default();
                let number = first.number;
                self.seed("TBL-201", Some(number), None, text, Vec::new());
            }
        } else {
            self.sheet_facts();
        }
        self.outcome
    }

    fn seed(&mut self, code: &str, row: Option<u32>, column: Option<u32>, found: String, args: Vec<(&str, String)>) {
        let args = args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        self.outcome.seeds.push(Seed { code: code.into(), sheet: Some(self.head.name.clone()), row, column, found, args });
    }

    /// Looks for the header among the kept rows, then reads those below it as body.
    fn settle(&mut self, sink: &mut impl RecordSink) {
        let kept = std::mem::take(&mut self.kept);
        let heads: Vec<HeadRow> = kept.iter().map(head_row).collect();
        let found = header::find(&heads, self.head.merged.as_deref(), &self.source.labels, &self.source.keys);
        let Some(found) = found else {
            self.kept = kept;
            return;
        };
        let body = found.top + found.height;
        self.open(&heads, found, sink);
        for row in &kept[body..] {
            self.row(row, sink);
        }
    }

    fn open(&mut self, kept: &[HeadRow], found: Header, sink: &mut impl RecordSink) {
        let head_rows = &kept[..found.top + found.height];
        self.title.extend(head_rows[..found.top].iter().flat_map(|r| r.cells.iter().map(|(_, t, _)| t.clone())));
        let header = kept[found.top..found.top + found.height].to_vec();
        let unit = head_rows.iter().flat_map(|r| &r.cells).filter(|(_, t, _)| t.contains("单位")).find_map(|(_, t, _)| Unit::find(t));
        let labels = &self.source.labels[&found.form];
        self.header_findings(&found, labels, &header);
        let period = self.period(&found.form, &header);
        let blocks = self.blocks(&found, labels, unit, period, &header);
        let key_columns = found
            .columns
            .iter()
            .filter(|c| c.field().is_some_and(|i| self.source.keys[&found.form].contains(&labels.fields[i])))
            .map(|c| c.column)
            .collect();
        for block in &blocks {
            sink.table(&block.meta);
        }
        self.live =
            Some(Live { blocks, header, key_columns, labelled: found.columns.len(), fresh: true, footer: false, formulas: Vec::new() });
    }

    /// The year of the table: what the title says, else the sheet's name, else the file's.
    fn period(&mut self, form: &str, header: &[HeadRow]) -> Option<i32> {
        if self.source.periods[form] == PeriodKind::None {
            return None;
        }
        let title = self.title.iter().find_map(|t| period::find_year(t));
        let sheet = period::find_year(&self.head.name);
        if let (Some(title), Some(sheet)) = (title, sheet)
            && title != sheet
        {
            let args = vec![("title", title.to_string()), ("sheet_year", sheet.to_string())];
            self.seed("TBL-211", header.first().map(|r| r.number), None, sheet.to_string(), args);
        }
        title.or(sheet).or_else(|| period::find_year(self.source.file_name))
    }

    /// Splits the columns into blocks: where a key repeats (tables side by side), and by year.
    fn blocks(&mut self, found: &Header, labels: &Labels, unit: Option<Unit>, period: Option<i32>, header: &[HeadRow]) -> Vec<Block> {
        let mut sides: Vec<Vec<&header::HeadColumn>> = vec![Vec::new()];
        for column in &found.columns {
            let Some(field) = column.field() else { continue };
            let is_key = self.source.keys[&found.form].contains(&labels.fields[field]);
            let repeats = sides.last().is_some_and(|side| side.iter().any(|c| c.field() == Some(field)));
            if is_key && repeats {
                sides.push(Vec::new());
            } else if repeats && sides.last().is_some_and(|s| s.iter().any(|c| c.field() == Some(field) && c.year == column.year)) {
                self.seed("TBL-205", header.last().map(|r| r.number), Some(column.column), column.label(), Vec::new());
                continue;
            }
            if let Some(side) = sides.last_mut() {
                side.push(column);
            }
        }
        let mut blocks = Vec::new();
        for side in sides {
            let mut years: Vec<Option<i32>> = side.iter().filter(|c| c.year.is_some()).map(|c| c.year).collect();
            years.sort_unstable();
            years.dedup();
            if years.is_empty() {
                years.push(None);
            }
            for year in years {
                let columns: Vec<_> = side.iter().filter(|c| c.year.is_none() || c.year == year).copied().collect();
                blocks.push(self.block(&found.form, labels, &columns, unit, year.or(period), header));
            }
        }
        blocks
    }

    fn block(
        &mut self,
        form: &str,
        labels: &Labels,
        columns: &[&header::HeadColumn],
        unit: Option<Unit>,
        period: Option<i32>,
        header: &[HeadRow],
    ) -> Block {
        let width = columns.iter().map(|c| c.column as usize + 1).max().unwrap_or(0);
        let mut fields = vec![None; width];
        let mut metas = Vec::new();
        for column in columns {
            let Some(index) = column.field().filter(|i| labels.kinds[*i] != FieldKind::Personal) else { continue };
            fields[column.column as usize] = Some(index);
            let stated = column.unit.or(unit).or(self.source.units.get(&(form.to_owned(), labels.fields[index].clone())).copied());
            metas.push(ColumnMeta {
                field: labels.fields[index].clone(),
                column: column.column,
                label: column.label(),
                unit_yuan: stated.filter(|_| labels.kinds[index] == FieldKind::Amount).map(Unit::yuan),
            });
        }
        let number = self.next_table;
        self.next_table += 1;
        let rows = (header.first().map_or(0, |r| r.number), header.last().map_or(0, |r| r.number));
        let meta =
            TableMeta { number, sheet: self.head.name.clone(), form: form.to_owned(), period, header_rows: rows, columns: metas, rows: 0 };
        Block { meta, fields, width: labels.fields.len() }
    }

    fn header_findings(&mut self, found: &Header, labels: &Labels, header: &[HeadRow]) {
        let row = header.last().map(|r| r.number);
        let mut personal = Vec::new();
        for column in &found.columns {
            match &column.meaning {
                Match::Unknown => self.seed("TBL-202", row, Some(column.column), column.label(), Vec::new()),
                Match::Mended(_, meant) => {
                    self.seed("TBL-204", row, Some(column.column), column.label(), vec![("meant", meant.clone())]);
                }
                Match::Field(i) if labels.kinds[*i] == FieldKind::Personal => personal.push(column.label()),
                _ => {}
            }
        }
        for (field, label) in self.source.expected(&found.form) {
            let there = found.columns.iter().any(|c| c.field().is_some_and(|i| labels.fields[i] == field));
            if !there {
                self.seed("TBL-203", row, None, String::new(), vec![("label", label)]);
            }
        }
        if !personal.is_empty() {
            self.seed("TBL-212", row, None, String::new(), vec![("labels", personal.join("、"))]);
        }
    }

    fn body_row(&mut self, row: &Row, sink: &mut impl RecordSink) {
        let Some(live) = self.live.as_mut() else { return };
        let first = &row.cells[0];
        let first_text = row.text(first);
        if live.fresh {
            if is_numbering(row, &live.key_columns) {
                return;
            }
            live.fresh = false;
        }
        if repeats_header(row, live) {
            return;
        }
        if !live.footer && row.cells.len() * 2 <= live.labelled.max(2) && is_footer(first_text) {
            live.footer = true;
            return;
        }
        if let Some((kind, label)) = sum_label(row, &live.key_columns) {
            let label = label.to_owned();
            self.emit(row, Some((kind, &label)), sink);
            return;
        }
        if is_group(row) {
            return;
        }
        let form_labels = &self.source.labels[&live.blocks[0].meta.form];
        let key_text = row.cells.iter().find(|c| live.key_columns.contains(&c.column)).map_or(first_text, |c| row.text(c));
        if self.source.words.contains(key_text) && row.cells.iter().filter(|c| form_labels.knows(row.text(c))).count() >= 2 {
            self.close(sink);
            self.title.clear();
            self.kept.push(row.clone());
            return;
        }
        if live.footer {
            if row.cells.len() < 3.max(live.labelled / 2) {
                self.after_footer += u64::from(!is_footer(first_text));
                return;
            }
            live.footer = false;
        }
        self.emit(row, None, sink);
    }

    fn emit(&mut self, row: &Row, sum: Option<(SumKind, &str)>, sink: &mut impl RecordSink) {
        let Some(live) = self.live.as_mut() else { return };
        for block in &mut live.blocks {
            let mut cells: Vec<Option<RawCell<'_>>> = vec![None; block.width];
            let mut any = false;
            for cell in &row.cells {
                let Some(Some(field)) = block.fields.get(cell.column as usize) else { continue };
                cells[*field] = Some(RawCell { kind: cell_type(cell.kind, self.text_table), text: row.text(cell) });
                any = true;
            }
            match sum {
                Some((kind, label)) => sink.sum_row(&block.meta, row.number, kind, label, &cells),
                None if any => {
                    block.meta.rows += 1;
                    sink.record(&block.meta, row.number, &cells);
                }
                None => {}
            }
        }
        if sum.is_none() {
            for cell in row.cells.iter().filter(|c| c.formula) {
                match live.formulas.iter_mut().find(|(c, ..)| *c == cell.column) {
                    Some((_, count, _)) => *count += 1,
                    None => live.formulas.push((cell.column, 1, row.number)),
                }
            }
        }
    }

    fn close(&mut self, sink: &mut impl RecordSink) {
        let Some(live) = self.live.take() else { return };
        for (column, count, first) in &live.formulas {
            self.seed("TBL-210", Some(*first), Some(*column), String::new(), vec![("count", count.to_string())]);
        }
        for block in live.blocks {
            sink.end_table(&block.meta);
            self.outcome.tables.push(block.meta);
        }
    }

    fn sheet_facts(&mut self) {
        if !self.hidden_rows.is_empty() {
            let first = self.hidden_rows[0];
            let args = vec![("count", self.hidden_rows.len().to_string())];
            self.seed("TBL-207", Some(first), None, String::new(), args);
        }
        let used: Vec<u32> = self.outcome.tables.iter().flat_map(|t| t.columns.iter().map(|c| c.column)).collect();
        let hidden: Vec<u32> = self
            .head
            .hidden_columns
            .iter()
            .flatten()
            .flat_map(|(from, to)| *from..=*to)
            .take(16_384)
            .filter(|c| used.contains(c))
            .collect();
        for column in hidden {
            self.seed("TBL-208", None, Some(column), String::new(), Vec::new());
        }
        if self.after_footer > 0 {
            let args = vec![("count", self.after_footer.to_string())];
            self.seed("TBL-214", None, None, String::new(), args);
        }
    }
}

fn cell_type(kind: CellKind, text_table: bool) -> CellType {
    match kind {
        CellKind::Number => CellType::Number,
        CellKind::Text if text_table => CellType::Csv,
        CellKind::Text => CellType::Text,
        CellKind::Date => CellType::Date,
        CellKind::Bool => CellType::Bool,
        CellKind::Error => CellType::Error,
    }
}

fn head_row(row: &Row) -> HeadRow {
    HeadRow {
        number: row.number,
        cells: row.cells.iter().map(|c| (c.column, row.text(c).trim().to_owned(), c.kind == CellKind::Number)).collect(),
    }
}

/// Whether a row right below a header only numbers its columns (甲 乙 1 2 3) or gives indicator codes (301 307).
fn is_numbering(row: &Row, key_columns: &[u32]) -> bool {
    let mark = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && "甲乙丙丁戊己庚辛壬癸—-".contains(text))
            || text == "代码"
            || (text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut keys = row.cells.iter().filter(|c| key_columns.contains(&c.column)).peekable();
    let keyed = keys.peek().is_some();
    let numbers: Vec<u32> = row.cells.iter().filter_map(|c| row.text(c).trim().parse().ok()).collect();
    // Without a mark in the key columns only a row that counts, or one of indicator codes, is no record.
    let counts = numbers.len() > 1 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let codes = numbers.len() > 2 && numbers.iter().all(|n| (100..1000).contains(n));
    row.cells.len() > 1
        && row.cells.iter().all(|c| mark(row.text(c)))
        && keys.all(|c| row.text(c).chars().count() <= 2)
        && (keyed || counts || codes)
}

/// Whether a row repeats one of the header's rows, as page breaks do.
fn repeats_header(row: &Row, live: &Live) -> bool {
    live.header.iter().any(|h| {
        h.cells.len() == row.cells.len()
            && h.cells.iter().zip(&row.cells).all(|((column, text, _), c)| *column == c.column && text == row.text(c).trim())
    })
}

fn is_footer(text: &str) -> bool {
    let text = text.trim_start();
    FOOTERS.iter().any(|word| text.starts_with(word))
}

/// What a row adds up, if one of its first cells or a key says so.
fn sum_label<'r>(row: &'r Row, key_columns: &[u32]) -> Option<(SumKind, &'r str)> {
    let labels = row.cells.iter().enumerate().filter(|(i, c)| *i < 3 || key_columns.contains(&c.column)).map(|(_, c)| c);
    labels.into_iter().find_map(|cell| {
        let text = row.text(cell);
        if !text.contains('计') || text.len() > 36 {
            return None;
        }
        let word: String = text.chars().filter(|c| !c.is_whitespace() && *c != '：' && *c != ':').collect();
        match word.as_str() {
            "合计" | "总计" | "全市合计" | "全市总计" | "合计数" => Some((SumKind::Total, text)),
            "小计" | "本页小计" | "本页合计" => Some((SumKind::Subtotal, text)),
            _ => None,
        }
    })
}

/// Whether a row only names a group of rows: 一、国有企业.
fn is_group(row: &Row) -> bool {
    let [cell] = row.cells.as_slice() else { return false };
    let text = row.text(cell).trim_start_matches(['（', '(']);
    let rest = text.trim_start_matches(|c| "一二三四五六七八九十".contains(c));
    rest.len() < text.len() && rest.starts_with(['、', '）', ')'])
}
