//! Tells from a number format what a number is shown as: itself, a date, a time span, a percentage, a part of itself, with a unit.
//!
//! Owns: the built-in ids of dates and percentages, and the scan of custom codes.
//! Facts: ECMA-376 part 1, 18.8.30 and 18.8.31; ids 27-36 and 50-58 are the East Asian dates, which
//! every Chinese edition uses. A file may give a built-in id a meaning of its own, and then that decides.
//! Commas behind the last digit divide by a thousand each; a point that is only written (`0!.0000`, as WPS shows 万元)
//! divides by a ten for each digit behind it.

use std::rc::Rc;

/// What a number format shows numbers as.
#[derive(Debug, Clone)]
pub(super) enum Format {
    /// Themselves.
    Plain,
    /// Dates or times.
    Date,
    /// Time spans such as `[h]:mm`: a number of days.
    Elapsed,
    /// Percentages.
    Percent,
    /// What its sections say; the first section that takes a number shows it.
    Sections(Rc<[Section]>),
}

/// One section of a format.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    /// Which numbers it takes; all that are left if it does not say.
    takes: Option<Condition>,
    /// Whether it is for texts.
    text: bool,
    /// What it makes of a number.
    shown: Shown,
}

/// What a section makes of a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Whether it is a percentage.
    pub(super) percent: bool,
    /// How many places to the left its point is moved.
    pub(super) power: u8,
    /// The currency written before it.
    pub(super) before: String,
    /// The currency or unit written behind it.
    pub(super) behind: String,
    /// What of it does not show.
    pub(super) hidden: Option<Hidden>,
}

/// What a format keeps from the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// That a number is negative.
    Sign,
    /// The number.
    Number,
}

/// A comparison and what it compares with: `[>=100]`.
type Condition = (fn(&f64, &f64) -> bool, f64);

impl Format {
    /// Returns what a built-in id says.
    pub(super) fn of_builtin(id: u32) -> Self {
        match id {
            9 | 10 => Self::Percent,
            46 => Self::Elapsed,
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => Self::Date,
            _ => Self::Plain,
        }
    }

    /// Returns what a custom code says.
    ///
    /// Quoted, escaped and bracketed characters ask for no digit and no date. A bare 年, 月 or 日 counts only where no
    /// digit is asked for, since `0年` is a number of years.
    pub(super) fn of_code(code: &str) -> Self {
        if code.is_empty() || code.eq_ignore_ascii_case("general") || code.eq_ignore_ascii_case("standard") {
            return Self::Plain;
        }
        let mut scan = Scan::default();
        scan.code(code);
        if scan.elapsed {
            return Self::Elapsed;
        }
        if scan.letter || (scan.hanzi && !scan.digit) {
            return Self::Date;
        }
        Self::of_sections(scan.sections)
    }

    /// Gives each section its numbers.
    fn of_sections(mut sections: Vec<Section>) -> Self {
        // A fourth section is for texts, and so is the last of fewer if it says so.
        sections.truncate(3);
        sections.pop_if(|last| last.text);
        let usual: &[Condition] = match sections.len() {
            0 | 1 => &[],
            2 => &[(f64::ge, 0.0)],
            _ => &[(f64::gt, 0.0), (f64::lt, 0.0)],
        };
        // What is for negative numbers alone shows no sign unless it writes one. A section with a condition of its own does.
        let negative = if sections.len() > 1 && sections.iter().all(|section| section.takes.is_none()) { 1 } else { usize::MAX };
        for (place, section) in sections.iter_mut().enumerate() {
            if place != negative && section.shown.hidden == Some(Hidden::Sign) {
                section.shown.hidden = None;
            }
        }
        for (section, usual) in sections.iter_mut().zip(usual) {
            section.takes = section.takes.or(Some(*usual));
        }
        let complete = sections.last().is_some_and(|last| last.takes.is_none());
        let percent = Shown { percent: true, ..Shown::default() };
        if sections.iter().all(|section| section.shown == Shown::default()) {
            Self::Plain
        } else if complete && sections.iter().all(|section| section.shown == percent) {
            Self::Percent
        } else {
            Self::Sections(sections.into())
        }
    }

    /// What is made of a number, where that is not the number itself.
    pub(super) fn shown(&self, value: f64) -> Option<&Shown> {
        static PERCENT: Shown = Shown { percent: true, power: 0, before: String::new(), behind: String::new(), hidden: None };
        let takes = |section: &&Section| section.takes.is_none_or(|(compare, limit)| compare(&value, &limit));
        match self {
            Self::Plain | Self::Date | Self::Elapsed => None,
            Self::Percent => Some(&PERCENT),
            Self::Sections(sections) => sections.iter().find(takes).map(|section| &section.shown),
        }
    }
}

/// A code being read.
#[derive(Default)]
struct Scan {
    sections: Vec<Section>,
    section: Section,
    /// Whether letters of dates or times stand outside quotation marks.
    letter: bool,
    hanzi: bool,
    digit: bool,
    elapsed: bool,
    /// What is written in the section, before and behind its digits.
    written: [String; 2],
    /// Whether the section has asked for a digit.
    digits: bool,
    /// Commas since the last digit.
    commas: u8,
    /// Digits behind a point that is only written, if there is one.
    behind_point: Option<u8>,
    /// Whether a real point stood.
    point: bool,
    /// Whether the section writes in red, by which a negative number is known.
    red: bool,
}

impl Scan {
    fn code(&mut self, code: &str) {
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    let quoted = characters.as_str();
                    self.write(quoted.split('"').next().unwrap_or_default());
                    skip_past(&mut characters, '"');
                }
                '[' => {
                    self.bracket(characters.as_str());
                    skip_past(&mut characters, ']');
                }
                // Excel's Chinese edition escapes with `!` too.
                '\\' | '!' => {
                    if let Some(escaped) = characters.next() {
                        self.write(escaped.encode_utf8(&mut [0; 4]));
                    }
                }
                '_' | '*' => {
                    characters.next();
                }
                ';' => self.end_section(),
                '%' => self.section.shown.percent = true,
                '@' => self.section.text = true,
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => self.letter = true,
                '0' | '#' | '?' => self.place(),
                '.' => self.point = true,
                ',' if self.digits => self.commas += 1,
                // `General` may stand inside a code, as in `General"元"`, and so may its Chinese name.
                'G' | 'g' if starts_with_ignoring_case(characters.as_str(), "eneral") => {
                    characters.nth("eneral".len() - 1);
                    self.digits = true;
                }
                'G' | 'g' if characters.as_str().starts_with("/通用格式") => {
                    characters.nth("/通用格式".chars().count() - 1);
                    self.digits = true;
                }
                other => {
                    self.hanzi |= matches!(other, '年' | '月' | '日');
                    self.write(other.encode_utf8(&mut [0; 4]));
                }
            }
        }
        self.end_section();
    }

    /// A place for a digit.
    fn place(&mut self) {
        (self.digit, self.digits, self.commas) = (true, true, 0);
        if let Some(digits) = &mut self.behind_point {
            *digits = digits.saturating_add(1);
        }
    }

    fn bracket(&mut self, inside: &str) {
        self.elapsed |= is_elapsed(inside);
        self.red |= ["red]", "红色]", "color3]", "颜色3]"].iter().any(|color| starts_with_ignoring_case(inside, color));
        self.section.takes = self.section.takes.or_else(|| condition(inside));
        // `[$¥-804]` writes a currency; `[$-804]` names a locale alone.
        if let Some(currency) = inside.strip_prefix('$') {
            self.write(currency.split(['-', ']']).next().unwrap_or_default());
        }
    }

    fn write(&mut self, text: &str) {
        if text == "." && self.digits {
            self.behind_point = Some(0);
            return;
        }
        self.written[usize::from(self.digits)].push_str(text);
    }

    fn end_section(&mut self) {
        let mut section = std::mem::take(&mut self.section);
        let written = std::mem::take(&mut self.written);
        let signed = self.red || written.iter().any(|text| text.contains(['-', '−', '(', '（', '△', '▲', '负']));
        let nothing = !self.digits && !section.text && written.iter().all(|text| text.trim().is_empty());
        let shown = &mut section.shown;
        if self.digits {
            // A point that is only written divides; commas divide whatever stands before them.
            shown.power = self.commas.saturating_mul(3).saturating_add(if self.point { 0 } else { self.behind_point.unwrap_or(0) });
            let [before, behind] = written.map(|text| monetary(&text));
            (shown.before, shown.behind) = (before, behind);
        }
        shown.hidden = match (nothing, signed) {
            (true, _) => Some(Hidden::Number),
            (false, false) if self.digits => Some(Hidden::Sign),
            _ => None,
        };
        self.sections.push(section);
        (self.digits, self.commas, self.behind_point, self.point, self.red) = (false, 0, None, false, false);
    }
}

/// What of a text beside a number says how much it is or in which currency; anything else, such as a sign, is left out.
fn monetary(text: &str) -> String {
    let word = text.trim().trim_matches(['(', ')', '（', '）', '-', '+', ' ']);
    let unit = matches!(word, "元" | "千元" | "万元" | "万" | "百万元" | "百万" | "千万元" | "亿元" | "亿" | "K" | "k" | "M" | "m");
    let currency = word.chars().any(|c| matches!(c, '$' | '€' | '£' | '₩' | '₽' | '＄' | '￡' | '¥' | '￥'))
        || ["USD", "EUR", "HKD", "JPY", "GBP", "美元", "港元", "港币", "欧元", "日元", "英镑", "人民币", "RMB", "CNY"]
            .iter()
            .any(|c| word.contains(c));
    if unit || currency { word.to_owned() } else { String::new() }
}

/// Reads a bracket that holds a condition: `[>=100]`, `[<>0]`.
fn condition(inside: &str) -> Option<Condition> {
    let (inside, _) = inside.split_once(']')?;
    let (compare, limit) = inside.split_at(inside.find(|c| !matches!(c, '<' | '>' | '='))?);
    let compare = match compare {
        "<" => f64::lt,
        "<=" => f64::le,
        ">" => f64::gt,
        ">=" => f64::ge,
        "=" => f64::eq,
        "<>" => f64::ne,
        _ => return None,
    };
    Some((compare, limit.trim().parse().ok()?))
}

/// Tells whether a bracket holds elapsed hours, minutes or seconds: `[h]`, `[mm]`, `[s]`.
fn is_elapsed(inside: &str) -> bool {
    let Some((inside, _)) = inside.split_once(']') else {
        return false;
    };
    let inside = inside.to_ascii_lowercase();
    ["h", "m", "s"].iter().any(|unit| !inside.is_empty() && inside.trim_matches(|c: char| unit.contains(c)).is_empty())
}

/// Steps behind the next such character.
fn skip_past(characters: &mut std::str::Chars<'_>, stop: char) {
    for character in characters.by_ref() {
        if character == stop {
            return;
        }
    }
}

/// Compares the beginning of a text without regard to case.
fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_recognized() {
        for code in [
            "yyyy-mm-dd",
            "yyyy/m/d",
            "m/d/yy h:mm",
            "yyyy\"年\"m\"月\"d\"日\"",
            "[$-804]yyyy年m月d日",
            "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
            "[DBNum1]yyyy年",
            "h:mm AM/PM",
            "yyyy年",
            "mmm-yy",
            "ss.0",
            "yyyy-mm-dd;@",
            "[红色]yyyy",
        ] {
            assert!(matches!(Format::of_code(code), Format::Date), "{code}");
        }
        assert!(["[h]:mm:ss", "[mm]:ss", "[HH]:MM"].map(Format::of_code).iter().all(|format| matches!(format, Format::Elapsed)));
        assert!(matches!(Format::of_builtin(46), Format::Elapsed));
        assert!([14, 22, 27, 36, 45, 58].map(Format::of_builtin).iter().all(|format| matches!(format, Format::Date)));
    }

    #[test]
    fn look_alikes_are_not() {
        for code in [
            "General",
            "G/通用格式",
            "0\"年\"",
            "0年",
            "0\\d",
            "[DBNum2]0",
            "0_d",
            "#,##0.00",
            "[Red]-0.00",
            "\"day\"0",
            "@",
            "0*d",
            "General\"months\"",
            "[>=1000]0",
            "0.00E+00",
            "",
        ] {
            assert!(matches!(Format::of_code(code), Format::Plain), "{code}");
        }
        assert!([0, 1, 4, 11, 23, 37, 44, 48, 49, 59].map(Format::of_builtin).iter().all(|format| matches!(format, Format::Plain)));
    }

    /// Tells which of a few numbers a format shows as percentages.
    fn percents(format: Format) -> Vec<f64> {
        [-2.0, -0.5, 0.0, 0.5, 2.0].into_iter().filter(|value| format.shown(*value).is_some_and(|shown| shown.percent)).collect()
    }

    /// How a format shows a number: places that its point moves, what is written beside it.
    fn beside(code: &str, value: f64) -> (u8, String, String) {
        Format::of_code(code).shown(value).map_or_else(Default::default, |s| (s.power, s.before.clone(), s.behind.clone()))
    }

    #[test]
    fn formats_that_scale_are_told() {
        for (code, power) in [
            ("0!.0,", 4),
            ("0!.0000", 4),
            ("#!.0,", 4),
            ("0\\.0,", 4),
            ("0\".\"0,", 4),
            ("0!.00,", 5),
            ("#,##0,", 3),
            ("#,##0.00,", 3),
            ("0.0,,", 6),
            ("0!.0000_ ", 4),
            ("#,##0,;[Red]-#,##0,", 3),
            ("#,##0", 0),
            ("#,##0.00_ ", 0),
            ("0.0000", 0),
        ] {
            assert_eq!(beside(code, 1.0).0, power, "{code}");
        }
        assert_eq!(beside("[>=100000000]0!.00,,\"亿元\";0!.0,\"万元\"", 5e8), (8, String::new(), "亿元".to_owned()));
        assert_eq!(beside("[>=100000000]0!.00,,\"亿元\";0!.0,\"万元\"", 5e6), (4, String::new(), "万元".to_owned()));
    }

    #[test]
    fn units_and_currencies_beside_a_number_are_its_own() {
        for (code, before, behind) in [
            ("0.00\"万元\"", "", "万元"),
            ("#,##0.00元", "", "元"),
            ("G/通用格式\"元\"", "", "元"),
            ("General\"千元\"", "", "千元"),
            ("[$¥-804]#,##0.00", "¥", ""),
            ("[$$-409]#,##0.00", "$", ""),
            ("\"US$\"#,##0.00", "US$", ""),
            ("#,##0.00\\ [$€-1]", "", "€"),
            ("0\"件\"", "", ""),
            ("0\"万元/人\"", "", ""),
            ("\"约\"0", "", ""),
        ] {
            assert_eq!(beside(code, 1.0), (0, before.to_owned(), behind.to_owned()), "{code}");
        }
    }

    #[test]
    fn what_a_format_hides_is_told() {
        let hidden = |code: &str, value| Format::of_code(code).shown(value).and_then(|shown| shown.hidden);
        assert_eq!(hidden("0.00;0.00", -1.0), Some(Hidden::Sign));
        assert_eq!(hidden("#,##0;#,##0;0", -1.0), Some(Hidden::Sign));
        assert_eq!(hidden(";;;", 5.0), Some(Hidden::Number));
        assert_eq!(hidden("0;-0;;@", 0.0), Some(Hidden::Number));
        for code in ["0.00", "0.00;-0.00", "0.00;(0.00)", "0;[Red]0", "#,##0;[红色]#,##0", "0;△0", "0.00_);\\(0.00\\)", "[<0]0;0"] {
            assert_eq!(hidden(code, -1.0), None, "{code}");
        }
        assert_eq!(hidden("0.00;0.00", 1.0), None);
    }

    #[test]
    fn percentages_are_recognized() {
        let all = [-2.0, -0.5, 0.0, 0.5, 2.0];
        for format in [9, 10].map(Format::of_builtin) {
            assert_eq!(percents(format), all);
        }
        for code in
            ["0%", "0.00%", "#,##0.0 %", "0.00%_ ", "[Red]0%", "%0", "0.0%;@", "0%;[Red]-0%", "0%;-0%;0%;@", "General%", "0%\"年化\""]
        {
            assert_eq!(percents(Format::of_code(code)), all, "{code}");
        }
    }

    #[test]
    fn a_percent_sign_that_is_only_written_is_none() {
        for code in ["0.00\\%", "0.00\"%\"", "0.00!%", "0_%", "0*%", "0[$%-804]", "0;@\"%\"", "0;-0;0;@%", "\"%"] {
            assert!(percents(Format::of_code(code)).is_empty(), "{code}");
        }
    }

    #[test]
    fn the_section_that_takes_a_number_decides() {
        for (code, shown) in [
            ("0%;0", &[0.0, 0.5, 2.0][..]),
            ("0;0%", &[-2.0, -0.5]),
            ("0%;0;0", &[0.5, 2.0]),
            ("0;0;0%", &[0.0]),
            ("0%;-0%;\"-\"", &[-2.0, -0.5, 0.5, 2.0]),
            ("[<1]0%;0", &[-2.0, -0.5, 0.0, 0.5]),
            ("[Red][>=1]0;0%", &[-2.0, -0.5, 0.0, 0.5]),
            ("[=0]\"-\";0%", &[-2.0, -0.5, 0.5, 2.0]),
            ("[>1]0;[<-1]0;0.0%", &[-0.5, 0.0, 0.5]),
            ("[<>0]0%;0;@", &[-2.0, -0.5, 0.5, 2.0]),
            ("[<=0.5]0%", &[-2.0, -0.5, 0.0, 0.5]),
            ("0%;0;0;0%", &[0.5, 2.0]),
        ] {
            assert_eq!(percents(Format::of_code(code)), shown, "{code}");
        }
    }
}
