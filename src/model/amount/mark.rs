//! Marks that stand for a missing value, and words of programs that tell of a lost one.
//!
//! What a mark means depends on the column: 无 is "no" in a column on pledges and "missing" in one on revenue. That is
//! for the reader of the column to say; here it is only told from a value.

/// Bytes of the longest mark: twelve strokes of three bytes each.
const LONGEST: usize = 36;

/// Words by which programs write that there is no value: SQL, pandas, R, JavaScript, pivot tables.
const NOTHING: [&str; 11] = ["n/a", "na", "n.a.", "n.a", "null", "none", "nil", "nan", "nat", "undefined", "blank"];

/// Tells whether a text is blank or one of the marks for a missing value: `-`, `—`, `/`, `无`, `暂无`, `N/A`, `…`, `*`, and what
/// programs write: `nan`, `<NA>`, `[NULL]`, `(空白)`.
pub fn is_mark(text: &str) -> bool {
    let text = text.trim();
    let Some(first) = text.chars().next() else {
        return true;
    };
    if first.is_ascii_digit() || text.len() > LONGEST {
        return false;
    }
    // Rows of one stroke: - -- — —— / // \ … ...... * ** # _ and their wide forms.
    if text.chars().count() <= 12 && text.chars().all(is_stroke) {
        return true;
    }
    matches!(
        text,
        "无" | "暂无" | "没有" | "未填" | "未填报" | "未提供" | "未报" | "不详" | "未知" | "不适用" | "无数据" | "暂无数据" | "空"
    ) || matches!(text, "Ｎ／Ａ" | "ｎ／ａ" | "空白" | "\\N")
        || NOTHING.iter().any(|mark| text.eq_ignore_ascii_case(mark))
        || within_brackets(text)
            .is_some_and(|inside| matches!(inside, "空白" | "空" | "无") || NOTHING.iter().any(|w| inside.eq_ignore_ascii_case(w)))
}

/// What stands within the pair of brackets that a whole text is.
fn within_brackets(text: &str) -> Option<&str> {
    const PAIRS: [(char, char); 7] = [('<', '>'), ('[', ']'), ('(', ')'), ('{', '}'), ('（', '）'), ('【', '】'), ('＜', '＞')];
    PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close)).map(str::trim)
}

/// Tells whether a text is the word by which a spreadsheet says that a value is lost: `#N/A`, `#REF!`, a column too narrow
/// (`####`), infinity.
///
/// Unlike a mark it does not say that there is nothing: there was something that did not come along.
pub fn is_error_word(text: &str) -> bool {
    const WORDS: [&str; 19] = [
        "#N/A",
        "#NA",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#BUSY!",
        "#CONNECT!",
        "#UNKNOWN!",
        "#GETTING_DATA",
        "#PYTHON!",
        "#EXTERNAL!",
        "#ERROR!",
    ];
    let text = text.trim();
    // Numbers and names, which nearly all cells hold, are told at a glance.
    let unsigned = text.trim_start_matches(['+', '-']);
    if text.len() > LONGEST || !(unsigned.starts_with(['#', '＃', 'i', 'I', '∞', 'E']) || unsigned.starts_with("1.#")) {
        return false;
    }
    let plain: String = text.chars().map(wide_to_narrow).collect();
    let unsigned = plain.trim_start_matches(['+', '-']);
    (plain.len() > 1 && plain.bytes().all(|b| b == b'#'))
        || WORDS.iter().any(|word| plain.eq_ignore_ascii_case(word))
        || is_err_number(&plain)
        || unsigned == "∞"
        || ["inf", "infinity", "1.#inf", "1.#ind", "1.#qnan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word))
}

/// `Err:502`, as LibreOffice writes.
fn is_err_number(text: &str) -> bool {
    text.strip_prefix("Err:").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn wide_to_narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

fn is_stroke(c: char) -> bool {
    matches!(
        c,
        '-' | '/' | '\\' | '.' | '*' | '#' | '_' | '…' | '⋯' | '─' | '━' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '－' | '﹣' | '／' | '＼' | '．' | '＊' | '＃' | '＿' | '。' | '·' | ' ' | '\u{A0}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_marks() {
        for text in [
            "", " ", "\u{3000}", "-", "--", "—", "——", "－", "/", "\\", "无", "暂无", "未填", "不详", "N/A", "n/a", "…", "……", "......",
            "*", "#", " 无 ", "- -",
        ] {
            assert!(is_mark(text), "{text:?}");
        }
    }

    #[test]
    fn knows_what_programs_write_for_nothing() {
        for text in
            ["nan", "NaN", "NaT", "<NA>", "[NULL]", "(null)", "undefined", "None", "nil", "(空白)", "（空白）", "(blank)", "\\N", "[无]"]
        {
            assert!(is_mark(text), "{text:?}");
        }
    }

    #[test]
    fn a_lost_value_is_told_from_none() {
        for text in [
            "#N/A",
            "#n/a",
            " #REF! ",
            "＃Ｎ／Ａ",
            "####",
            "##",
            "######################",
            "#NAME?",
            "inf",
            "-Infinity",
            "Err:502",
            "1.#INF",
        ] {
            assert!(is_error_word(text), "{text:?}");
        }
        for text in ["#", "-", "", "#1", "#1厂房", "I", "无", "江西某公司", "-5", "+5", "Err", "信息"] {
            assert!(!is_error_word(text), "{text:?}");
        }
    }

    #[test]
    fn leaves_values_alone() {
        for text in [
            "0",
            "-1",
            "0.0",
            "无锡",
            "一家名称很长的试验用有限责任公司",
            "N",
            "△1",
            "(1)",
            "/1",
            "长期",
            "1/2",
            "(1)",
            "[甲]",
            "nano",
            "空白纸业有限公司",
        ] {
            assert!(!is_mark(text), "{text:?}");
        }
    }
}
