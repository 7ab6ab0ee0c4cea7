//! Tells from a number format what a number is shown as: itself, a date, a percentage.
//!
//! Owns: the built-in ids of dates and percentages, and the scan of custom codes.
//! Facts: ECMA-376 part 1, 18.8.30 and 18.8.31; ids 27-36 and 50-58 are the East Asian dates, which
//! every Chinese edition uses. A file may give a built-in id a meaning of its own, and then that decides.

use std::rc::Rc;

/// What a number format shows numbers as.
#[derive(Debug, Clone)]
pub(super) enum Format {
    /// Themselves.
    Plain,
    /// Dates or times.
    Date,
    /// Percentages.
    Percent,
    /// Percentages in some of its sections; the first section that takes a number shows it.
    Sections(Rc<[Section]>),
}

/// One section of a format.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Section {
    /// Which numbers it takes; all that are left if it does not say.
    takes: Option<Condition>,
    percent: bool,
    text: bool,
}

/// A comparison and what it compares with: `[>=100]`.
type Condition = (fn(&f64, &f64) -> bool, f64);

impl Format {
    /// Returns what a built-in id says.
    pub(super) fn of_builtin(id: u32) -> Self {
        match id {
            9 | 10 => Self::Percent,
            14..=22 | 27..=36 | 45..=47 | 50..=58 => Self::Date,
            _ => Self::Plain,
        }
    }

    /// Returns what a custom code says.
    ///
    /// Quoted, escaped and bracketed characters do not count. A bare 年, 月 or 日 counts only where no
    /// digit is asked for, since `0年` is a number of years.
    pub(super) fn of_code(code: &str) -> Self {
        if code.eq_ignore_ascii_case("general") || code.eq_ignore_ascii_case("standard") {
            return Self::Plain;
        }
        let mut characters = code.chars();
        let (mut letter, mut hanzi, mut digit) = (false, false, false);
        let (mut sections, mut section) = (Vec::new(), Section::default());
        while let Some(character) = characters.next() {
            match character {
                '"' => skip_past(&mut characters, '"'),
                '[' => {
                    let inside = characters.as_str();
                    letter |= is_elapsed(inside);
                    section.takes = section.takes.or_else(|| condition(inside));
                    skip_past(&mut characters, ']');
                }
                // Excel's Chinese edition escapes with `!` too.
                '\\' | '!' | '_' | '*' => {
                    characters.next();
                }
                ';' => sections.push(std::mem::take(&mut section)),
                '%' => section.percent = true,
                '@' => section.text = true,
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => letter = true,
                '年' | '月' | '日' => hanzi = true,
                '0' | '#' | '?' => digit = true,
                // `General` may stand inside a code, as in `General"元"`.
                'G' | 'g' if starts_with_ignoring_case(characters.as_str(), "eneral") => {
                    characters.nth("eneral".len() - 1);
                }
                _ => {}
            }
        }
        sections.push(section);
        if letter || (hanzi && !digit) {
            return Self::Date;
        }
        Self::of_sections(sections)
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
        for (section, usual) in sections.iter_mut().zip(usual) {
            section.takes = section.takes.or(Some(*usual));
        }
        let complete = sections.last().is_some_and(|last| last.takes.is_none());
        match sections.iter().filter(|section| section.percent).count() {
            0 => Self::Plain,
            all if complete && all == sections.len() => Self::Percent,
            _ => Self::Sections(sections.into()),
        }
    }

    /// Tells whether a number is shown as a percentage.
    pub(super) fn shows_percent(&self, value: f64) -> bool {
        let takes = |section: &&Section| section.takes.is_none_or(|(compare, limit)| compare(&value, &limit));
        match self {
            Self::Plain | Self::Date => false,
            Self::Percent => true,
            Self::Sections(sections) => sections.iter().find(takes).is_some_and(|section| section.percent),
        }
    }
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
            "[h]:mm:ss",
            "[mm]:ss",
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
            "[$¥-804]#,##0.00",
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
        [-2.0, -0.5, 0.0, 0.5, 2.0].into_iter().filter(|value| format.shows_percent(*value)).collect()
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
