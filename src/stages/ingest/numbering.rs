//! Rows right below a header that belong to it: units, words for the period, the numbers of the columns, indicator codes.
//!
//! The usual statistical head closes with 甲 乙 丙 1 2 3 and perhaps with codes (代码 301 307). Records may hold small
//! numbers too, so a row is taken for such a one only if it counts in order over nearly all columns, or says that it
//! holds codes, or holds codes beside a row that counts. In doubt it is a record.

use super::folding;
use super::head::{HeadCell, HeadRow};
use super::layout::Layout;
use super::lines::{self, TablePart, folded};
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
/// Longest code of an indicator, and longest where the row says that it holds codes.
const CODE_CHARS: usize = 8;
const NAMED_CODE_CHARS: usize = 12;
/// Longest number of a column.
const NUMBER_DIGITS: usize = 3;
/// Largest Roman number of a column.
const ROMAN_MOST: usize = 49;

/// What a row says when it stands right below a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Kind(AsideKind),
    /// Codes only if a row that counts stands beside it.
    PerhapsCodes,
}

/// Whether one of the rows of a header, or right above it, counts its columns.
pub fn is_counted(rows: &[Row], layouts: &[Layout]) -> bool {
    rows.iter().any(|row| all_say(row, layouts, counts))
}

/// The kinds of the rows below a header that belong to it, as many as there are; `counted` says whether a row within the
/// header or right above it counts its columns.
pub fn below_header(rows: &[Row], heads: &[HeadRow], layouts: &[Layout], counted: bool) -> Vec<AsideKind> {
    let said: Vec<Said> = rows.iter().zip(heads).map_while(|(row, head)| said(row, head, layouts)).collect();
    let beside = |at: usize| {
        let near = |s: &&Said| !matches!(s, Said::Kind(AsideKind::Units | AsideKind::Periods));
        let (before, after) = (said[..at].iter().rev().find(near), said[at + 1..].iter().find(near));
        before.is_none() && counted || [before, after].into_iter().flatten().any(|s| *s == Said::Kind(AsideKind::Numbering))
    };
    let kind = |(at, said): (usize, &Said)| match said {
        Said::Kind(kind) => Some(*kind),
        Said::PerhapsCodes => beside(at).then_some(AsideKind::Codes),
    };
    said.iter().enumerate().map_while(kind).collect()
}

/// What the cells of one table say below a header that is repeated.
pub fn below_repeated(part: TablePart<'_>, head: &HeadRow, layout: &Layout) -> Option<AsideKind> {
    match () {
        () if lines::is_units(head) => Some(AsideKind::Units),
        () if says_period(head, &layout.keys) => Some(AsideKind::Periods),
        () if counts(part, layout) => Some(AsideKind::Numbering),
        () if names_codes(part, layout) => Some(AsideKind::Codes),
        () => None,
    }
}

fn said(row: &Row, head: &HeadRow, layouts: &[Layout]) -> Option<Said> {
    let keys: Vec<u32> = layouts.iter().flat_map(|l| l.keys.clone()).collect();
    match () {
        () if row.cells.is_empty() => None,
        () if lines::is_units(head) => Some(Said::Kind(AsideKind::Units)),
        () if says_period(head, &keys) => Some(Said::Kind(AsideKind::Periods)),
        () if all_say(row, layouts, counts) => Some(Said::Kind(AsideKind::Numbering)),
        () if all_say(row, layouts, names_codes) => Some(Said::Kind(AsideKind::Codes)),
        () if all_say(row, layouts, may_be_codes) => Some(Said::PerhapsCodes),
        () => None,
    }
}

/// A row over tables side by side says what all of them say, or what it says as a whole.
fn all_say(row: &Row, layouts: &[Layout], says: fn(TablePart<'_>, &Layout) -> bool) -> bool {
    let all_of = |columns: fn(&Layout) -> &Vec<u32>| layouts.iter().flat_map(|l| columns(l).clone()).collect();
    let whole =
        Layout { columns: (0, u32::MAX), keys: all_of(|l| &l.keys), labelled: all_of(|l| &l.labelled), figures: all_of(|l| &l.figures) };
    let of = |layout: &Layout| TablePart::of(row, layout.columns.0, layout.columns.1).map(|part| says(part, layout));
    of(&whole).unwrap_or_default() || !row.cells.is_empty() && layouts.iter().filter_map(of).all(|says| says)
}

/// Whether a row says nothing but 本年 and the like, below headings of figures, or once over all columns; in a key
/// column 累计 sums up.
fn says_period(head: &HeadRow, keys: &[u32]) -> bool {
    let over_all = |c: &HeadCell| head.cells.len() == 1 && !c.key.ends_with('计');
    !head.cells.is_empty() && head.cells.iter().all(|c| folding::is_current(&c.key) && (!keys.contains(&c.column) || over_all(c)))
}

/// Whether a row holds nothing that could be a heading: numbers of columns, codes or units only, whatever the columns.
pub fn is_wordless(head: &HeadRow) -> bool {
    let numbered = |text: &str| [false, true].into_iter().any(|roman| matches!(sign(text, roman), Some(Sign::Place(..) | Sign::Dash)));
    let counted = |c: &HeadCell| numbered(&c.text) || code(&c.text).is_some();
    let named = |c: &HeadCell| COUNT_WORDS.contains(&c.key.as_str()) || is_code_word(&c.text);
    let counts = head.cells.iter().any(counted) && head.cells.iter().all(|c| !c.is_year() && (counted(c) || named(c)));
    counts || lines::is_units(head)
}

/// How a sign counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// 甲 乙 丙.
    Stem,
    /// 一 二 三.
    Numeral,
    /// A B C.
    Letter,
    /// I II III.
    Roman,
    /// 1 2 3.
    Number,
}

/// A sign that may number a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// 栏次.
    Word,
    /// A dash, for a column without a number.
    Dash,
    /// The place that it gives its column, from 1.
    Place(Style, u32),
}

/// The sign of a cell; a single I, V or X is a letter among letters and a numeral among Roman ones.
fn sign(text: &str, roman: bool) -> Option<Sign> {
    // Circled and bracketed digits count here, while elsewhere they are marks.
    let text: String = folded(text).chars().map(undinged).collect::<String>().nfkc().collect();
    let text = own_number(&text)?;
    if COUNT_WORDS.contains(&text) {
        return Some(Sign::Word);
    }
    if !text.is_empty() && text.chars().all(is_dash) {
        return Some(Sign::Dash);
    }
    let text = text.trim_start_matches('第').trim_start_matches('栏').trim_end_matches(['栏', '列']);
    let place = |style, place: Option<usize>| place.and_then(|p| u32::try_from(p + 1).ok()).map(|p| Sign::Place(style, p));
    let mut chars = text.chars();
    let only = chars.next().filter(|_| chars.next().is_none());
    let letter = || only.filter(char::is_ascii_alphabetic).map(|c| usize::from(c.to_ascii_uppercase() as u8 - b'A'));
    place(Style::Stem, only.and_then(|c| STEMS.chars().position(|s| s == c)))
        .or_else(|| place(Style::Numeral, numeral(text)))
        .or_else(|| place(Style::Roman, roman.then(|| (0..ROMAN_MOST).find(|n| roman_numeral(n + 1).eq_ignore_ascii_case(text))).flatten()))
        .or_else(|| place(Style::Letter, letter()))
        .or_else(|| {
            let is_short = (1..=NUMBER_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            is_short.then(|| text.parse().ok()).flatten().map(|n| Sign::Place(Style::Number, n))
        })
}

/// What a column's own number is where it says how it follows from others: `4=1-2`, `(4)=(1)-(2)`, `5(=3/4*100)`.
fn own_number(text: &str) -> Option<&str> {
    let text = text.trim_matches(is_frame);
    let Some((own, formula)) = text.split_once('=').or_else(|| text.split_once('(')) else { return Some(text) };
    let of_columns = |c: char| c.is_ascii_alphanumeric() || STEMS.contains(c) || "+-−—–*/×÷()[]%~=.…:、∑Σ第栏列项至到和".contains(c);
    let names_one = formula.contains(|c: char| c.is_ascii_alphanumeric() || STEMS.contains(c));
    let own = own.trim_matches(is_frame);
    (!own.is_empty() && !own.chars().all(is_dash) && names_one && formula.chars().all(of_columns)).then_some(own)
}

fn is_frame(c: char) -> bool {
    "()[]<>〔〕【】.、".contains(c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '—' | '–' | '―' | '/' | '*' | '×')
}

/// Circled digits that no compatibility form resolves: ❶ ➀ ➊ ⓵.
fn undinged(c: char) -> char {
    const FIRST: [u32; 4] = [0x2776, 0x2780, 0x278A, 0x24F5];
    let place = FIRST.into_iter().find_map(|first| u32::from(c).checked_sub(first).filter(|place| *place < 10));
    place.and_then(|place| char::from_u32(0x2460 + place)).unwrap_or(c)
}

/// The place of 一, 十, 十二, 二十一, from 0.
fn numeral(text: &str) -> Option<usize> {
    let digit = |c: char| NUMERALS.chars().position(|n| n == c).map(|place| place + 1);
    let chars: Vec<usize> = text.chars().map(digit).collect::<Option<_>>()?;
    match chars[..] {
        [n] => Some(n),
        [10, ones] | [ones, 10] if ones == 10 => None,
        [10, ones] => Some(10 + ones),
        [tens, 10] => Some(10 * tens),
        [tens, 10, ones] if tens < 10 && ones < 10 => Some(10 * tens + ones),
        _ => None,
    }
    .map(|n| n - 1)
}

fn roman_numeral(number: usize) -> String {
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    const TENS: [&str; 5] = ["", "X", "XX", "XXX", "XL"];
    format!("{}{}", TENS[number / 10 % 5], ONES[number % 10])
}

/// Whether cells count their columns: words, then 甲 乙, then A B or I II, then 1 2 3, each in order, over nearly all columns.
fn counts(part: TablePart<'_>, layout: &Layout) -> bool {
    [false, true].into_iter().any(|roman| counts_in(part, layout, roman))
}

/// A word or 甲 says so by itself, and half of the columns behind the words will do; others begin with 1 and are three
/// at least, and four where a single letter stands in front of numbers.
fn counts_in(part: TablePart<'_>, layout: &Layout, roman: bool) -> bool {
    let signs: Option<Vec<(u32, Sign)>> = part.cells.iter().map(|c| sign(part.text(c), roman).map(|s| (c.column, s))).collect();
    let Some(signs) = signs else { return false };
    let told: Vec<(u32, Sign)> = signs.iter().copied().filter(|(_, s)| *s != Sign::Dash).collect();
    let is_number = |s: Sign| matches!(s, Sign::Place(Style::Number, _));
    let sure = told.iter().any(|(_, s)| *s == Sign::Word) || matches!(told.first(), Some((_, Sign::Place(Style::Stem, 1))));
    let begins = sure || matches!(told.first(), Some((_, Sign::Place(_, 1))));
    // One cell may speak for all columns of words, so those of numbers are counted.
    let from = told.iter().find(|(_, s)| is_number(*s)).map_or(0, |(column, _)| *column);
    let behind = |columns: &mut dyn Iterator<Item = u32>| columns.filter(|c| *c >= from).count();
    let (counted, labelled) = (behind(&mut signs.iter().map(|(c, _)| *c)), behind(&mut layout.labelled.iter().copied()));
    let lone = matches!(told[..], [(_, a), (_, b), ..] if !is_number(a) && is_number(b));
    let enough = if sure {
        told.len() > 1 && counted * 2 >= labelled
    } else {
        told.len() > 2 + usize::from(lone) && signs.len() * 5 >= layout.labelled.len() * 4
    };
    begins && enough && told.windows(2).all(|pair| follows(pair[0], pair[1]))
}

/// Whether a sign counts on where the one on its left left off.
fn follows((left, before): (u32, Sign), (right, after): (u32, Sign)) -> bool {
    use Style::{Number, Stem};
    match (before, after) {
        (_, Sign::Word) => true,
        (Sign::Word, Sign::Place(Number, n)) => n > 0,
        (Sign::Word, Sign::Place(_, n)) => n == 1,
        // A column without a number may lie between.
        (Sign::Place(Number, a), Sign::Place(Number, b)) => b > a && b - a <= right - left,
        // What was merged may be repeated.
        (Sign::Place(Stem, a), Sign::Place(Stem, b)) if a == b => left + 1 == right,
        (Sign::Place(a, m), Sign::Place(b, n)) if a == b => n == m + 1,
        (Sign::Place(Stem, _), Sign::Place(Number, n)) => n > 0,
        (Sign::Place(a, _), Sign::Place(b, n)) => a != Number && b != Stem && n == 1,
        (Sign::Dash, _) | (_, Sign::Dash) => false,
    }
}

/// Whether cells say that they are codes: 代码 in front or in a key column, and nothing but codes beside it.
fn names_codes(part: TablePart<'_>, layout: &Layout) -> bool {
    let named = part.cells.iter().enumerate().any(|(i, c)| (i == 0 || layout.keys.contains(&c.column)) && is_code_word(part.text(c)));
    let codes = part.cells.iter().filter(|c| named_code(part.text(c))).count();
    let fits = |text: &str| is_code_word(text) || named_code(text) || sign(text, false).is_some();
    named && codes > 0 && part.cells.iter().all(|c| fits(part.text(c)))
}

/// Whether cells may be codes: nothing but codes, each another, in order or all of one length.
fn may_be_codes(part: TablePart<'_>, _: &Layout) -> bool {
    let texts = part.cells.iter().map(|c| part.text(c)).filter(|text| sign(text, false) != Some(Sign::Dash));
    let Some(codes) = texts.map(code).collect::<Option<Vec<String>>>() else { return false };
    let mut sorted = codes.clone();
    sorted.sort();
    sorted.dedup();
    let ascends = codes.len() > 1 && sorted == codes;
    let of_one_length = codes.len() > 2 && codes.iter().all(|c| c.len() == codes[0].len());
    sorted.len() == codes.len() && (ascends || of_one_length)
}

fn is_code_word(text: &str) -> bool {
    CODE_WORDS.contains(&folded(text).trim_end_matches(':'))
}

/// What is a code where the row says that it holds codes: 301, 7, B02_1, 301-1.
fn named_code(text: &str) -> bool {
    let text = folded(text);
    text.len() <= NAMED_CODE_CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./()".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit())
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
        let labelled = (0..).zip(rows[0]).map(|(column, _)| column).collect();
        let layout = Layout { columns: (0, u32::MAX), keys: vec![0, 1], labelled, figures: Vec::new() };
        let rows: Vec<Row> = rows.iter().map(|cells| row(cells)).collect();
        let heads: Vec<HeadRow> = rows.iter().map(HeadRow::new).collect();
        below_header(&rows, &heads, &[layout], false)
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
            &["甲", "乙", "1", "2", "3＝2/1*100"],
            &["甲", "乙", "（1）", "（2）", "（3）＝（1）－（2）"],
            &["甲", "乙", "①", "②", "③=①-②"],
            &["甲", "乙", "1", "2", "3=1+2", "4(=3÷1×100%)"],
            &["第1栏", "第2栏", "第3栏", "第4栏=第2栏-第3栏"],
            &["第一栏", "第二栏", "第三栏"],
            &["1栏", "2栏", "3栏"],
            &["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"],
            &["I", "II", "III", "IV", "V"],
            &["I", "II", "1", "2", "3"],
            &["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"],
            &["A", "B", "C=A-B"],
            &["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"],
            &["❶", "❷", "❸"],
            &["栏次", "栏次", "1", "2"],
            &["栏次", "1", "2", "栏次", "3", "4"],
            &["栏次", "", "", "", "", "", "1", "2", "3"],
            &["甲", "甲", "乙", "1", "2"],
            &["栏次", "甲", "乙", "1", "2"],
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
            &["A", "1", "2"],
            &["九", "十", "十一"],
            &["", "I", "1", "2"],
            &["", "", "3", "2=1"],
            &["1", "2", "3=甲公司"],
            &["1", "2", "=1+2"],
            &["甲公司", "1", "2", "3=1+2"],
            &["", "龙南市甲有限公司", "1", "2", "3"],
            &["2", "3", "4", "5"],
            &["1", "1", "1", "1"],
            &["1", "2", "3", "3"],
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
        assert_eq!(kinds(&[&["代 码：", "", "7", "301-1"]]), [Codes]);
        let between = [&["", "", "301", "307"][..], &["", "", "本年", "本年"], &["甲", "乙", "1", "2"]];
        assert_eq!(kinds(&between), [Codes, AsideKind::Periods, Numbering]);
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
        assert_eq!(kinds(&[&["本年", "", "", ""]]), [AsideKind::Periods], "merged over the keys too");
        assert!(kinds(&[&["", "累计", "", ""]]).is_empty(), "in a key column it sums up");
        assert!(kinds(&[&["", "", "本年", "5"]]).is_empty());
    }

    #[test]
    fn tables_side_by_side_count_each_by_itself_or_on() {
        let layout = |columns, key| Layout { columns, keys: vec![key], labelled: (key..key + 3).collect(), figures: Vec::new() };
        let layouts = [layout((0, 3), 0), layout((3, u32::MAX), 3)];
        for (cells, want) in [
            (["甲", "1", "2", "甲", "1", "2"], 1),
            (["1", "2", "3", "4", "5", "6"], 1),
            (["甲", "1", "2", "乙公司", "1", "2"], 0),
            (["", "", "", "甲", "1", "2"], 1),
        ] {
            let rows = [row(&cells)];
            assert_eq!(below_header(&rows, &[HeadRow::new(&rows[0])], &layouts, false).len(), want, "{cells:?}");
        }
    }
}
