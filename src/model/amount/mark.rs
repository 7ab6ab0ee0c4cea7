//! Marks that stand for a missing value.
//!
//! What a mark means depends on the column: 无 is "no" in a column on pledges and "missing" in one on revenue. That is
//! for the reader of the column to say; here it is only told from a value.

/// Bytes of the longest mark: twelve strokes of three bytes each.
const LONGEST: usize = 36;

/// Tells whether a text is blank or one of the marks for a missing value: `-`, `—`, `/`, `无`, `暂无`, `N/A`, `…`, `*`.
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
    ) || ["n/a", "na", "n.a.", "n.a", "null", "none", "nil"].iter().any(|mark| text.eq_ignore_ascii_case(mark))
        || matches!(text, "Ｎ／Ａ" | "ｎ／ａ")
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
    fn leaves_values_alone() {
        for text in ["0", "-1", "0.0", "无锡", "一家名称很长的试验用有限责任公司", "N", "△1", "(1)", "/1", "长期", "1/2"]
        {
            assert!(!is_mark(text), "{text:?}");
        }
    }
}
