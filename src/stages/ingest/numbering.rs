//! Rows right below a header that belong to it: units, words for the period, the numbers of the columns, indicator codes.
//!
//! The usual statistical head closes with 甲 乙 丙 1 2 3 and perhaps with codes (代码 301 307). Records may hold small
//! numbers too, so a row is taken for such a one only if it counts in order over nearly all columns, or says that it
//! holds codes, or holds codes beside a row that counts. In doubt it is a record.

use super::head::HeadRow;
use super::labels;
use super::lines::{self, Part, folded};
use super::reader::Row;
use crate::model::aside::AsideKind;
use unicode_normalization::UnicodeNormalization;

/// Signs that number the columns of texts.
const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";
const NUMERALS: &str = "一二三四五六七八九十";
/// Words in front of numbers of columns.
const COUNT_WORDS: [&str; 6] = ["栏次", "栏目", "序号", "行次", "列次", "编号"];
/// Words in front of codes.
const CODE_WORDS: [&str; 8] = ["代码", "指标代码", "指标编码", "编码", "代号", "栏目代码", "项目代码", "数据代码"];
/// Longest code of an indicator.
const CODE_CHARS: usize = 8;
/// Longest number of a column.
const NUMBER_DIGITS: usize = 3;

/// The columns of one table, as far as its header tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// First sheet column that is its own, and first that is not any more.
    pub columns: (u32, u32),
    /// Columns of its key fields.
    pub keys: Vec<u32>,
    /// How many of its columns are labelled.
    pub labelled: usize,
}

/// What a row says when it stands right below a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Kind(AsideKind),
    /// Codes only if a row that counts stands beside it.
    PerhapsCodes,
}

/// The kinds of the rows below a header that belong to it, as many as there are.
pub fn below_header(rows: &[Row], heads: &[HeadRow], layouts: &[Layout]) -> Vec<AsideKind> {
    let said: Vec<Said> = rows.iter().zip(heads).map_while(|(row, head)| said(row, head, layouts)).collect();
    let beside = |at: usize| {
        let near = |s: &&Said| **s != Said::Kind(AsideKind::Units);
        let (before, after) = (said[..at].iter().rev().find(near), said[at + 1..].iter().find(near));
        [before, after].into_iter().flatten().any(|s| *s == Said::Kind(AsideKind::Numbering))
    };
    let kind = |(at, said): (usize, &Said)| match said {
        Said::Kind(kind) => Some(*kind),
        Said::PerhapsCodes => beside(at).then_some(AsideKind::Codes),
    };
    said.iter().enumerate().map_while(kind).collect()
}

/// What the cells of one table say below a header that is repeated.
pub fn below_repeated(part: Part<'_>, head: &HeadRow, layout: &Layout) -> Option<AsideKind> {
    match () {
        () if lines::is_units(head) => Some(AsideKind::Units),
        () if says_period(head, &layout.keys) => Some(AsideKind::Periods),
        () if counts(part, layout) => Some(AsideKind::Numbering),
        () if names_codes(part, layout) => Some(AsideKind::Codes),
        () => None,
    }
}

/// A row over tables side by side says what all of them say, or what it says as a whole.
fn said(row: &Row, head: &HeadRow, layouts: &[Layout]) -> Option<Said> {
    let whole = Layout {
        columns: (0, u32::MAX),
        keys: layouts.iter().flat_map(|l| l.keys.clone()).collect(),
        labelled: layouts.iter().map(|l| l.labelled).sum(),
    };
    let all = |says: fn(Part<'_>, &Layout) -> bool| {
        let of = |layout: &Layout| Part::of(row, layout.columns.0, layout.columns.1).map(|part| says(part, layout));
        of(&whole).unwrap_or_default() || layouts.iter().filter_map(of).all(|says| says)
    };
    match () {
        () if row.cells.is_empty() => None,
        () if lines::is_units(head) => Some(Said::Kind(AsideKind::Units)),
        () if says_period(head, &whole.keys) => Some(Said::Kind(AsideKind::Periods)),
        () if all(counts) => Some(Said::Kind(AsideKind::Numbering)),
        () if all(names_codes) => Some(Said::Kind(AsideKind::Codes)),
        () if all(may_be_codes) => Some(Said::PerhapsCodes),
        () => None,
    }
}

/// Whether a row says nothing but 本年 and the like, below headings of figures.
fn says_period(head: &HeadRow, keys: &[u32]) -> bool {
    !head.cells.is_empty() && head.cells.iter().all(|c| labels::is_current(&c.key) && !keys.contains(&c.column))
}

/// A sign that may number a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Word,
    /// 甲, 乙, by place.
    Stem(usize),
    /// A, B, by place.
    Letter(usize),
    Number(u32),
    /// A dash, for a column without a number.
    Dash,
}

fn sign(text: &str) -> Option<Sign> {
    // Circled and bracketed digits count here, while elsewhere they are marks.
    let text: String = folded(text).nfkc().collect();
    let bare = text.trim_matches(|c: char| "()[]<>〔〕【】.、".contains(c));
    let mut chars = bare.chars();
    match (chars.next()?, chars.next()) {
        _ if COUNT_WORDS.contains(&bare) => Some(Sign::Word),
        (c, _) if is_dash(c) && bare.chars().all(is_dash) => Some(Sign::Dash),
        (c, None) if STEMS.contains(c) => STEMS.chars().position(|s| s == c).map(Sign::Stem),
        (c, None) if NUMERALS.contains(c) => NUMERALS.chars().zip(1..).find(|(n, _)| *n == c).map(|(_, n)| Sign::Number(n)),
        (c, None) if c.is_ascii_alphabetic() => Some(Sign::Letter(usize::from(c.to_ascii_uppercase() as u8 - b'A'))),
        _ => column_number(bare).map(Sign::Number),
    }
}

/// The number of a column, perhaps with how it follows from others: 3, 3=1+2.
fn column_number(text: &str) -> Option<u32> {
    let (number, formula) = text.split_once('=').unwrap_or((text, ""));
    let is_formula = formula.chars().all(|c| c.is_ascii_digit() || "+-*/×÷()[]%~".contains(c));
    let is_short = (1..=NUMBER_DIGITS).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    (is_formula && is_short).then(|| number.parse().ok()).flatten()
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '—' | '–' | '―' | '/' | '*' | '×')
}

/// Whether cells count their columns: words, then 甲 乙, then A B, then 1 2 3, each in order, over nearly all columns.
///
/// A word or 甲 says so by itself, and half of the columns will do; bare numbers begin with 1 and are three at least.
fn counts(part: Part<'_>, layout: &Layout) -> bool {
    let signs: Option<Vec<(u32, Sign)>> = part.cells.iter().map(|c| sign(part.text(c)).map(|s| (c.column, s))).collect();
    let Some(signs) = signs else { return false };
    let told: Vec<(u32, Sign)> = signs.iter().copied().filter(|(_, s)| *s != Sign::Dash).collect();
    let sure = matches!(told.first(), Some((_, Sign::Word | Sign::Stem(0))));
    let follows = |pair: &[(u32, Sign)]| match (pair[0], pair[1]) {
        ((_, Sign::Word), (_, Sign::Stem(0) | Sign::Letter(0))) => true,
        ((_, Sign::Stem(a)), (_, Sign::Stem(b))) | ((_, Sign::Letter(a)), (_, Sign::Letter(b))) => b == a + 1,
        ((_, Sign::Word | Sign::Stem(_)), (_, Sign::Number(n))) => n > 0,
        ((_, Sign::Letter(_)), (_, Sign::Number(n))) => n == 1,
        // A column without a number may lie between.
        ((left, Sign::Number(a)), (right, Sign::Number(b))) => b > a && b - a <= right - left,
        _ => false,
    };
    let begins = sure || matches!(told.first(), Some((_, Sign::Number(1) | Sign::Letter(0))));
    let enough =
        if sure { told.len() > 1 && signs.len() * 2 >= layout.labelled } else { told.len() > 2 && signs.len() * 5 >= layout.labelled * 4 };
    begins && enough && told.windows(2).all(follows)
}

/// Whether cells say that they are codes: 代码 in front or in a key column, and nothing but codes beside it.
fn names_codes(part: Part<'_>, layout: &Layout) -> bool {
    let is_word = |text: &str| CODE_WORDS.contains(&folded(text).trim_end_matches(':'));
    let named = part.cells.iter().enumerate().any(|(i, c)| (i == 0 || layout.keys.contains(&c.column)) && is_word(part.text(c)));
    let codes = part.cells.iter().filter(|c| code(part.text(c)).is_some()).count();
    let fits = |text: &str| is_word(text) || code(text).is_some() || sign(text).is_some();
    named && codes > 0 && part.cells.iter().all(|c| fits(part.text(c)))
}

/// Whether cells may be codes: nothing but codes, each another, in order or all of one length.
fn may_be_codes(part: Part<'_>, _: &Layout) -> bool {
    let texts = part.cells.iter().map(|c| part.text(c)).filter(|text| sign(text) != Some(Sign::Dash));
    let Some(codes) = texts.map(code).collect::<Option<Vec<String>>>() else { return false };
    let mut sorted = codes.clone();
    sorted.sort();
    sorted.dedup();
    let ascends = codes.len() > 1 && sorted == codes;
    let of_one_length = codes.len() > 2 && codes.iter().all(|c| c.len() == codes[0].len());
    sorted.len() == codes.len() && (ascends || of_one_length)
}

/// A code of an indicator: two to eight letters and digits, a digit among them.
fn code(text: &str) -> Option<String> {
    let text = folded(text);
    let fits = (2..=CODE_CHARS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().any(|b| b.is_ascii_digit());
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::ingest::reader::CellKind;

    fn row(cells: &[&str]) -> Row {
        let mut row = Row::new();
        for (column, text) in (0..).zip(cells).filter(|(_, text)| !text.is_empty()) {
            row.push(column, CellKind::Text, false, text);
        }
        row
    }

    /// The kinds of rows below a header of as many columns as the first has, the first two being keys.
    fn kinds(rows: &[&[&str]]) -> Vec<AsideKind> {
        let layout = Layout { columns: (0, u32::MAX), keys: vec![0, 1], labelled: rows[0].len() };
        let rows: Vec<Row> = rows.iter().map(|cells| row(cells)).collect();
        let heads: Vec<HeadRow> = rows.iter().map(HeadRow::new).collect();
        below_header(&rows, &heads, &[layout])
    }

    #[test]
    fn rows_that_count_their_columns_are_no_records() {
        for cells in [
            &["甲", "乙", "1", "2"][..],
            &["甲", "乙", "丙", "1", "2", "3"],
            &["甲", "", "1", "2"],
            &["甲", "乙", "12", "13"],
            &["栏次", "", "1", "2"],
            &["栏次", "1"],
            &["（1）", "（2）", "（3）"],
            &["①", "②", "③", "④"],
            &["⑴", "⑵", "⑶"],
            &["A", "B", "C", "1", "2", "3"],
            &["a", "b", "c"],
            &["一", "二", "三"],
            &["—", "—", "1", "2", "3"],
            &["1", "2", "3", "4=2+3", "5=4/1"],
            &["1", "2", "3", "4", "", "6", "7"],
        ] {
            assert_eq!(kinds(&[cells]), [AsideKind::Numbering], "{cells:?}");
        }
    }

    #[test]
    fn rows_that_hold_small_numbers_are_records() {
        for cells in [
            &["", "", "1", "2"][..],
            &["", "", "12", "7"],
            &["", "", "301", "307", "310"],
            &["1", "3", "2"],
            &["2", "3", "4"],
            &["1", "2"],
            &["", "龙南市甲有限公司", "1", "2"],
            &["甲", "12", "7"],
            &["乙", "1", "2"],
            &["A", "1", "5"],
            &["", "1", "", "", "2"],
            &["1", "2", "3", "", "", "", ""],
            &["—", "—"],
            &["甲"],
            &["1", "2.5", "3"],
        ] {
            assert!(kinds(&[cells]).is_empty(), "{cells:?}");
        }
    }

    #[test]
    fn codes_are_told_by_their_word_or_by_a_row_that_counts_beside_them() {
        use AsideKind::{Codes, Numbering, Units};
        assert_eq!(kinds(&[&["代码", "", "301", "307"]]), [Codes]);
        assert_eq!(kinds(&[&["甲", "指标代码", "B01", "B02_1"]]), [Codes]);
        assert_eq!(kinds(&[&["", "", "301", "307"], &["甲", "乙", "1", "2"]]), [Codes, Numbering]);
        assert_eq!(kinds(&[&["甲", "乙", "1", "2"], &["", "", "301", "307"]]), [Numbering, Codes]);
        assert_eq!(
            kinds(&[&["", "", "402", "307", "310"], &["", "", "千元", "千元", "人"], &["甲", "乙", "1", "2", "3"]]),
            [Codes, Units, Numbering]
        );
        assert_eq!(kinds(&[&["甲", "乙", "1", "2"], &["", "", "12", "7"]]), [Numbering], "seven is no code");
        assert_eq!(kinds(&[&["甲", "乙", "1", "2"], &["", "", "30", "30"]]), [Numbering], "codes differ");
        assert_eq!(
            kinds(&[&["甲", "乙", "1", "2"], &["", "", "301", "307"], &["", "", "401", "507"]]),
            [Numbering, Codes],
            "a second row of them is data"
        );
        assert!(kinds(&[&["代码", "龙南市甲有限公司", "301", "307"]]).is_empty());
        assert!(kinds(&[&["", "", "301", "307"], &["91360783MAYYK0013X", "龙南市甲有限公司", "1", "2"]]).is_empty());
    }

    #[test]
    fn words_for_the_period_stand_below_figures() {
        assert_eq!(kinds(&[&["", "", "本年", "本年"], &["甲", "乙", "1", "2"]]), [AsideKind::Periods, AsideKind::Numbering]);
        assert_eq!(kinds(&[&["", "", "本年", ""]]), [AsideKind::Periods], "merged over all of them");
        assert!(kinds(&[&["", "累计", "", ""]]).is_empty(), "in a key column it sums up");
        assert!(kinds(&[&["", "", "本年", "5"]]).is_empty());
    }

    #[test]
    fn tables_side_by_side_count_each_by_itself_or_on() {
        let layout = |columns, keys| Layout { columns, keys, labelled: 3 };
        let layouts = [layout((0, 3), vec![0]), layout((3, u32::MAX), vec![3])];
        for (cells, want) in [
            (["甲", "1", "2", "甲", "1", "2"], 1),
            (["1", "2", "3", "4", "5", "6"], 1),
            (["甲", "1", "2", "乙公司", "1", "2"], 0),
            (["", "", "", "甲", "1", "2"], 1),
        ] {
            let rows = [row(&cells)];
            assert_eq!(below_header(&rows, &[HeadRow::new(&rows[0])], &layouts).len(), want, "{cells:?}");
        }
    }
}
