//! How much room a text or number takes.
//!
//! Owns the measuring of columns, in half-width characters: a hanzi is two. Column widths are settled on the header and
//! a sample of rows; numbers, codes and dates go on being measured to the last row, since a number that does not fit
//! shows as `####`.

use crate::model::words::Lang;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::table::{Column, ColumnKind};
use super::value::Value;

/// Widest automatic column of wrapped text.
const TEXT_MAX: u32 = 40;
/// Widest automatic column of anything else.
const OTHER_MAX: u32 = 60;
/// Narrowest automatic column.
const MIN: u32 = 6;
/// Room that a header may ask for before it is broken over lines.
const HEADER_LINE: u32 = 14;
/// Lines that a row can have; Excel stops at 409 points.
const MAX_LINES: u32 = 28;

/// From here on a number may have more significant digits than a double holds.
const EXACT_FROM: u128 = 1_000_000_000_000_000;

/// Height of a row of one line, in points.
pub(super) const ROW_POINTS: u32 = 18;
/// Height of each line in a row of several, in points.
const LINE_POINTS: u32 = 14;

/// Gives the height of a row of `lines` lines, in points.
pub(super) fn row_points(lines: u32) -> u32 {
    if lines <= 1 { ROW_POINTS } else { lines.min(MAX_LINES) * LINE_POINTS + 5 }
}

/// Measures the longest line of a text.
pub(super) fn text_width(text: &str) -> u32 {
    text.split('\n').map(|line| narrow(line.width())).max().unwrap_or(0)
}

/// Counts the lines of a text that is wrapped at `columns`.
pub(super) fn wrapped_lines(text: &str, columns: u32) -> u32 {
    // No text is wider than it has bytes.
    if narrow(text.len()) <= columns && !text.contains('\n') {
        return 1;
    }
    text.split('\n').map(|line| line_count(line, columns.max(2))).fold(0, u32::saturating_add).max(1)
}

fn line_count(line: &str, columns: u32) -> u32 {
    let mut lines = 1_u32;
    let mut used = 0;
    let mut word = 0;
    for letter in line.chars() {
        let width = narrow(letter.width().unwrap_or(0));
        // A Latin word moves to the next line as a whole.
        word = if letter.is_ascii() && letter != ' ' { word + width } else { 0 };
        if used + width > columns {
            lines = lines.saturating_add(1);
            used = if word <= columns { word.max(width) } else { width };
        } else {
            used += width;
        }
    }
    lines
}

fn narrow(width: usize) -> u32 {
    u32::try_from(width).unwrap_or(u32::MAX)
}

/// Widens columns until the table is at least `least` wide: those of text, else all that are not fixed.
pub(super) fn widen(gauges: &mut [Gauge], least: u32) {
    let total: f64 = gauges.iter().map(Gauge::characters).sum();
    let text_only = gauges.iter().any(|gauge| gauge.widens() == (true, true));
    let chosen = |gauge: &Gauge| gauge.widens() == (true, true) || (gauge.widens().0 && !text_only);
    let count = narrow(gauges.iter().filter(|gauge| chosen(gauge)).count());
    let mut extra = 0;
    while count > 0 && total + f64::from(extra * count) < f64::from(least) {
        extra += 1;
    }
    for gauge in gauges.iter_mut().filter(|gauge| chosen(gauge)) {
        gauge.widen(extra);
    }
}

/// Measures one column.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    kind: ColumnKind,
    fixed: Option<f64>,
    /// What the column gets beyond its need, so that the title has room.
    extra: u32,
    /// What the header asks for.
    header: u32,
    /// The widest content so far.
    content: u32,
    /// The largest magnitude so far in cell digits, to skip smaller numbers.
    largest: u128,
}

impl Gauge {
    /// Begins with the header, its unit included.
    pub(super) fn new(column: &Column, header: &str) -> Self {
        let fixed = column.width.map(|width| width.clamp(1.0, 255.0));
        Self { kind: column.kind, fixed, extra: 0, header: header_width(header), content: 0, largest: 0 }
    }

    /// Takes a value of the sample into account.
    pub(super) fn measure(&mut self, value: &Value<'_>, lang: Lang) {
        match value {
            Value::Text(text) => self.grow(text_width(text)),
            Value::Marked(_, text) => self.grow(text_width(text) + 2),
            Value::Mark(mark) => self.grow(text_width(mark.word(lang)) + 2),
            _ => self.measure_number(value),
        }
    }

    /// Takes a value after the sample into account, as far as it must never be cut.
    pub(super) fn measure_late(&mut self, value: &Value<'_>) {
        match value {
            Value::Text(text) if self.kind == ColumnKind::Code => self.grow(text_width(text)),
            Value::Text(_) | Value::Mark(_) | Value::Marked(..) | Value::Blank => {}
            _ => self.measure_number(value),
        }
    }

    fn measure_number(&mut self, value: &Value<'_>) {
        let yuan = if self.kind == ColumnKind::Amount { 8 } else { 4 };
        let (unscaled, scale, decimals) = match *value {
            Value::Amount(amount) => (amount, yuan, 2),
            Value::Count(count) => (i128::from(count), 0, 0),
            Value::Ratio(ratio) => (i128::from(ratio), 2, 3),
            Value::Number { unscaled, scale } => (unscaled, u32::from(scale), self.decimals()),
            Value::Date(_) => return self.grow(10),
            Value::Formula(formula) => return self.measure_number(&formula.result.value()),
            _ => return,
        };
        let magnitude = unscaled.unsigned_abs();
        let varies = matches!(value, Value::Number { .. });
        if magnitude > self.largest || unscaled < 0 || self.content == 0 || varies {
            self.largest = self.largest.max(magnitude);
            let digits = (magnitude.checked_ilog10().unwrap_or(0) + 1).saturating_sub(scale).max(1);
            let sign = u32::from(unscaled < 0);
            // What no double holds is written out to its last decimal; a clipped number would be misread.
            let decimals = if magnitude >= EXACT_FROM { decimals.max(scale) } else { decimals };
            let fraction = if decimals > 0 { decimals + 1 } else { 0 };
            self.grow(digits + (digits - 1) / 3 + fraction + sign);
        }
    }

    fn decimals(&self) -> u32 {
        match self.kind {
            ColumnKind::Number { decimals } => u32::from(decimals),
            _ => 2,
        }
    }

    fn grow(&mut self, width: u32) {
        self.content = self.content.max(width);
    }

    /// Gives the width of the column so far, in half-width characters.
    pub(super) fn characters(&self) -> f64 {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let most = if self.kind == ColumnKind::Text { TEXT_MAX } else { OTHER_MAX };
        // Digits of other fonts are up to a tenth wider than those the sheet is made for.
        let slack = match self.kind {
            ColumnKind::Text | ColumnKind::Verdict => 2,
            _ => 3 + self.content / 10,
        };
        f64::from((self.content + slack).clamp(MIN, most).max(self.header + 2) + self.extra)
    }

    /// Widens the column beyond its need.
    pub(super) fn widen(&mut self, extra: u32) {
        self.extra = extra;
    }

    /// Tells whether the column may be widened, and whether it gains from it.
    pub(super) fn widens(&self) -> (bool, bool) {
        (self.fixed.is_none(), self.kind == ColumnKind::Text)
    }

    /// Gives the characters that a line of wrapped text holds; some are lost to margins and word ends.
    pub(super) fn line_characters(&self) -> u32 {
        // Widths are at most 255; the nearest lower even number is enough here.
        let mut whole = 2;
        while f64::from(whole + 2) <= self.characters() - 1.0 {
            whole += 2;
        }
        whole
    }
}

/// Gives the width that a header wants: short lines whole, long ones broken evenly.
pub(super) fn header_width(header: &str) -> u32 {
    header
        .split('\n')
        .map(|line| {
            let width = narrow(line.width());
            let lines = width.div_ceil(HEADER_LINE).max(1);
            // One hanzi more, since a break never falls exactly in the middle.
            if lines == 1 { width } else { width.div_ceil(lines) + 2 }
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanzi_take_two_columns() {
        assert_eq!(text_width("龙南A1"), 6);
        assert_eq!(text_width("龙\n南市"), 4);
        assert_eq!(text_width(""), 0);
    }

    #[test]
    fn lines_are_counted_as_wrapped() {
        assert_eq!(wrapped_lines("短", 10), 1);
        assert_eq!(wrapped_lines(&"汉".repeat(10), 10), 2);
        assert_eq!(wrapped_lines(&"汉".repeat(10), 9), 3);
        assert_eq!(wrapped_lines("一\n二\n三", 10), 3);
        assert_eq!(wrapped_lines("aaaa bbbb cccc", 9), 2);
        assert_eq!(wrapped_lines(&"a".repeat(100), 10), 10);
    }

    #[test]
    fn numbers_are_measured_as_shown() {
        let mut amount = Gauge::new(&Column::amount("额"), "额\n（万元）");
        amount.measure(&Value::Amount(-12_345_678_901_234), Lang::Zh);
        assert_eq!(amount.content, "-123,456.78".len() as u32);
        // What no double holds is written out and never clipped.
        amount.measure_late(&Value::Amount(12_345_678_901_234_567_890));
        assert_eq!(amount.content, "123,456,789,012.34567890".len() as u32);
        let mut number = Gauge::new(&Column::number("分", 1), "分");
        for (unscaled, scale) in [(1_000, 3), (100, 0)] {
            number.measure_late(&Value::Number { unscaled, scale });
        }
        assert_eq!(number.content, "100.0".len() as u32);
        let mut share = Gauge::new(&Column::ratio("率"), "率");
        share.measure(&Value::Ratio(-123_456), Lang::Zh);
        assert_eq!(share.content, "-1,234.56%".len() as u32);
    }

    #[test]
    fn narrow_tables_are_widened() {
        let gauge = |column: Column| Gauge::new(&column, "甲");
        let widths = |gauges: &[Gauge]| gauges.iter().map(Gauge::characters).collect::<Vec<_>>();
        let mut gauges = [gauge(Column::text("甲")), gauge(Column::count("甲")), gauge(Column::text("甲").wide(5.0))];
        widen(&mut gauges, 40);
        assert_eq!(widths(&gauges), [29.0, 6.0, 5.0]);
        let mut gauges = [gauge(Column::count("甲")), gauge(Column::count("甲"))];
        widen(&mut gauges, 31);
        assert_eq!(widths(&gauges), [16.0, 16.0]);
    }

    #[test]
    fn widths_stay_within_limits() {
        let mut gauge = Gauge::new(&Column::text("说明"), "说明");
        gauge.measure(&Value::Text(&"长".repeat(300)), Lang::Zh);
        assert_eq!(gauge.characters(), 40.0);
        assert_eq!(gauge.line_characters(), 38);
        assert_eq!(Gauge::new(&Column::text("甲"), "甲").characters(), 6.0);
        assert_eq!(Gauge::new(&Column::text("甲").wide(9_000.0), "甲").characters(), 255.0);
        assert_eq!(header_width("研究开发费用加计扣除金额"), 14);
    }
}
