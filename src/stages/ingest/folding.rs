//! Words of a header as they are compared: without blanks, brackets, numbering, year and unit; and those for periods.

use unicode_normalization::UnicodeNormalization;

/// Words below a heading that mean this period's figure.
pub const CURRENT: [&str; 18] = [
    "本年",
    "本年数",
    "本期",
    "本期数",
    "本年累计",
    "本期累计",
    "累计",
    "本年实际",
    "本期金额",
    "本年金额",
    "期末",
    "期末数",
    "期末余额",
    "年末",
    "年末数",
    "年末余额",
    "全年",
    "本年末",
];
/// Words below a heading that mean the figure of a year ago.
pub const PRIOR: [&str; 9] = ["上年同期", "上年", "上年数", "上期", "上期数", "去年同期", "上年实际", "上期金额", "上年金额"];
/// Words below a heading that mean the figure at the beginning of the period.
pub const OPENING: [&str; 9] = ["年初", "年初数", "年初余额", "期初", "期初数", "期初余额", "上年末", "上年年末", "上年末余额"];

/// Folds a label: compatibility forms, no blanks, no punctuation, no leading numbering or 其中.
pub fn key(label: &str) -> String {
    if is_plain(label) {
        return label.strip_prefix("其中").unwrap_or(label).to_owned();
    }
    let folded: String = label.nfkc().filter(|c| !c.is_whitespace()).collect();
    let mut rest = folded.as_str();
    if let Some(end) = rest.find(['、', '.']) {
        let (head, tail) = rest.split_at(end);
        let numbering = head.trim_start_matches('(').trim_end_matches(')');
        if !numbering.is_empty() && numbering.chars().all(|c| c.is_ascii_digit() || "一二三四五六七八九十".contains(c)) {
            rest = tail.trim_start_matches(['、', '.']);
        }
    }
    rest = rest.strip_prefix("其中").unwrap_or(rest);
    rest.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// Folds a label without its bracketed parts, its year and, if it states one, its unit of money: what is left of
/// 2023年1-12月营业收入/千元 is 营业收入.
pub fn bare(label: &str, has_unit: bool) -> String {
    let mut rest = label.to_owned();
    if !is_plain(label) {
        rest = without_brackets(label).nfkc().filter(|c| !c.is_whitespace()).collect();
        if let Some((from, to)) = year_span(&rest) {
            rest.replace_range(from..to, "");
        }
    }
    if has_unit && rest.ends_with('元') {
        let stem = rest.trim_end_matches('元').trim_end_matches(['百', '千', '万', '亿']);
        let stem = stem.strip_suffix("人民币").unwrap_or(stem);
        rest.truncate(stem.len());
    }
    key(&rest)
}

/// Whether a folded word below a heading means this period's figure, which the heading means anyway.
pub fn is_current(key: &str) -> bool {
    CURRENT.contains(&key)
}

/// Whether a folded word below a heading means this or another period's figure.
pub fn is_period(key: &str) -> bool {
    is_current(key) || PRIOR.contains(&key) || OPENING.contains(&key)
}

/// Whether a label is common hanzi only, which fold to themselves.
pub fn is_plain(label: &str) -> bool {
    label.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c))
}

/// Where a folded label says its year, months and closing words included: 2023年, 2023年1-12月, 2023年末, 2023年度.
fn year_span(folded: &str) -> Option<(usize, usize)> {
    let (at, _) = folded.char_indices().find(|&(at, _)| {
        // A fifth digit decides; a cell may hold a million.
        let digits = folded[at..].bytes().take(5).take_while(u8::is_ascii_digit).count();
        let before = folded[..at].bytes().next_back().is_some_and(|b| b.is_ascii_digit());
        let whole = at == 0 && folded.len() == 4;
        digits == 4 && !before && (whole || folded[at + 4..].starts_with('年'))
    })?;
    let rest = folded[at + 4..].trim_start_matches('年');
    let rest = rest.strip_prefix("全年").unwrap_or(rest);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "-—–~至到月份末底度".contains(c));
    Some((at, folded.len() - rest.len()))
}

/// The label without its bracketed parts, such as a unit.
fn without_brackets(label: &str) -> String {
    let mut depth = 0usize;
    label
        .chars()
        .filter(|c| match c {
            '(' | '（' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | '）' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}
