//! Units of money, and how headings and notes state them.

use crate::model::text;

/// A unit of money in which a table or cell is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// 元.
    Yuan,
    /// 千元, the unit of statistical returns.
    Thousand,
    /// 万元.
    TenThousand,
    /// 百万元.
    Million,
    /// 亿元.
    HundredMillion,
}

impl Unit {
    /// All units, the smallest first.
    pub const ALL: [Self; 5] = [Self::Yuan, Self::Thousand, Self::TenThousand, Self::Million, Self::HundredMillion];

    /// Gives how many yuan one unit is.
    pub fn yuan(self) -> i64 {
        match self {
            Self::Yuan => 1,
            Self::Thousand => 1_000,
            Self::TenThousand => 10_000,
            Self::Million => 1_000_000,
            Self::HundredMillion => 100_000_000,
        }
    }

    /// Gives the unit's name as forms print it.
    pub fn label_zh(self) -> &'static str {
        match self {
            Self::Yuan => "元",
            Self::Thousand => "千元",
            Self::TenThousand => "万元",
            Self::Million => "百万元",
            Self::HundredMillion => "亿元",
        }
    }

    /// Finds the unit that a heading or note states: `单位：千元`, `融资需求(万元)`, `金额单位：人民币元`.
    ///
    /// Nothing if it states none, a foreign currency, a price per something (万元/人), a threshold (2000万元以上), an
    /// unusual unit (千万元) or two different ones: a unit is never guessed.
    pub fn find(heading: &str) -> Option<Self> {
        find(heading)
    }

    /// The two units that a heading or note leaves open: `单位：元/万元`, `营业收入（千元或万元）`.
    pub fn open(heading: &str) -> Option<[Self; 2]> {
        open(heading)
    }

    /// Finds the unit that a prefix before 元 means; 千万 and 十亿 exist in speech, but are no unit of a table.
    pub(super) fn from_prefix(prefix: &str) -> Option<Self> {
        Some(match prefix {
            "" => Self::Yuan,
            "千" => Self::Thousand,
            "万" => Self::TenThousand,
            "百万" => Self::Million,
            "亿" => Self::HundredMillion,
            _ => return None,
        })
    }
}

/// Words after which 元 is not the yuan, or which show that a text speaks of more than one currency.
const FOREIGN: [&str; 24] = [
    "美元",
    "美金",
    "港元",
    "港币",
    "澳门元",
    "欧元",
    "日元",
    "韩元",
    "澳元",
    "加元",
    "新元",
    "新加坡元",
    "台币",
    "英镑",
    "法郎",
    "卢布",
    "外币",
    "USD",
    "EUR",
    "HKD",
    "JPY",
    "$",
    "€",
    "£",
];

/// Whether a text names another currency than yuan.
pub fn is_foreign(text: &str) -> bool {
    FOREIGN.iter().any(|word| text.contains(word))
}

const STATED_AFTER: [&str; 4] = ["单位:", "单位", "单位为", "单位是"];

/// Scans a heading for units; see [`Unit::find`].
fn find(heading: &str) -> Option<Unit> {
    if heading.is_ascii() || open(heading).is_some() {
        return None;
    }
    let mut folded = text::fold(heading);
    folded.retain(|c| !text::is_blank(c));
    let folded = folded.replace("人民币", "").replace("RMB", "").replace("CNY", "");
    if is_foreign(&folded) {
        return None;
    }
    let mut found = None;
    for (at, _) in folded.match_indices('元') {
        let prefix_at = prefix_start(&folded[..at]);
        let (before, prefix) = (&folded[..prefix_at], &folded[prefix_at..at]);
        let after = &folded[at + '元'.len_utf8()..];
        if !is_stated(before, prefix, after) {
            continue;
        }
        let unit = Unit::from_prefix(prefix)?;
        if found.is_some_and(|other| other != unit) {
            return None;
        }
        found = Some(unit);
    }
    found.or_else(|| find_short(&folded))
}

/// Finds two units joined as alternatives; see [`Unit::open`].
fn open(heading: &str) -> Option<[Unit; 2]> {
    if heading.is_ascii() || heading.matches('元').count() < 2 {
        return None;
    }
    let mut folded = text::fold(heading);
    folded.retain(|c| !text::is_blank(c));
    let folded = folded.replace("人民币", "");
    folded.match_indices('元').find_map(|(at, _)| {
        let unit_before = |at: usize| {
            let (before, prefix) = folded[..at].split_at(prefix_start(&folded[..at]));
            // 单元 is a word.
            let in_word = prefix.is_empty() && before.ends_with(text::is_hanzi) && !before.ends_with(['位', '为', '以', '按', '或', '和']);
            if in_word { None } else { Unit::from_prefix(prefix) }
        };
        let rest = folded[at + '元'.len_utf8()..].strip_prefix(['/', '、', '或', '和', ',', '|'])?;
        let other_at = folded.len() - rest.len() + rest.find('元')?;
        // Nothing but the prefix of the other unit stands between them.
        let alone = prefix_start(&folded[..other_at]) == folded.len() - rest.len();
        let units = [unit_before(at)?, unit_before(other_at)?];
        (alone && units[0] != units[1] && !is_foreign(&folded)).then_some(units)
    })
}

/// Finds a unit written without 元, which counts only alone in brackets or after 单位: `(万)`, `单位:亿`.
fn find_short(folded: &str) -> Option<Unit> {
    [Unit::Thousand, Unit::TenThousand, Unit::Million, Unit::HundredMillion].into_iter().find(|unit| {
        let short = unit.label_zh().trim_end_matches('元');
        folded.match_indices(short).any(|(at, _)| {
            let (before, after) = (&folded[..at], &folded[at + short.len()..]);
            let closed = after.is_empty() || after.starts_with(is_closing);
            let opened = before.ends_with(is_opening) && !after.is_empty();
            closed && (opened || STATED_AFTER.iter().any(|word| before.ends_with(word)))
        })
    })
}

/// Goes back over 十百千万亿.
fn prefix_start(before: &str) -> usize {
    before.trim_end_matches(['十', '百', '千', '万', '亿']).len()
}

/// Tells from its surroundings whether an 元 states a unit.
fn is_stated(before: &str, prefix: &str, after: &str) -> bool {
    let after_ends = after.is_empty()
        || after.starts_with(is_closing)
        || after.starts_with([',', ';', ':', '、', '。', '.', '|', '"'])
        || after.starts_with("为单位")
        || after.starts_with('计');
    if STATED_AFTER.iter().any(|word| before.ends_with(word)) {
        return !after.starts_with(['/', '每', '以']);
    }
    if before.ends_with(is_opening) {
        return after_ends;
    }
    let is_count = before.ends_with(|c: char| c.is_numeric() || text::numeral(c).is_some() || c == '数');
    if prefix.is_empty() {
        // A bare 元 is also part of words (单元, 多元), so it must stand apart.
        after_ends && (before.is_empty() || before.ends_with(['/', ',', ':', '|', '、', '_', '-', '以', '按']))
    } else {
        after_ends && !is_count
    }
}

fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '【' | '〔' | '〖' | '「' | '<' | '《')
}

fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '】' | '〕' | '〗' | '」' | '>' | '》')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_as_alternatives_are_none() {
        for heading in ["单位：元/万元", "营业收入（千元/万元）", "单位：千元、万元", "融资需求（元或万元）", "（万元，元）"]
        {
            assert!(Unit::open(heading).is_some(), "{heading}");
            assert_eq!(Unit::find(heading), None, "{heading}");
        }
        for heading in ["单位：千元", "单位：元、人", "万元/人", "2000万元以上，单位：千元", "单位：千元/千元", "单元、万元"]
        {
            assert_eq!(Unit::open(heading), None, "{heading}");
        }
    }
    use proptest::prelude::*;

    #[test]
    fn finds_stated_units() {
        for (heading, unit) in [
            ("单位：千元", Unit::Thousand),
            ("计量单位: 万 元", Unit::TenThousand),
            ("融资需求(万元)", Unit::TenThousand),
            ("营业收入（单位:万元）", Unit::TenThousand),
            ("金额单位：人民币元", Unit::Yuan),
            ("单位：人民币万元", Unit::TenThousand),
            ("利润总额（百万元）", Unit::Million),
            ("资产总计【亿元】", Unit::HundredMillion),
            ("营业收入万元", Unit::TenThousand),
            ("营业收入/万元", Unit::TenThousand),
            ("营业收入（元）", Unit::Yuan),
            ("营业收入/元", Unit::Yuan),
            ("元", Unit::Yuan),
            ("万元", Unit::TenThousand),
            ("单位：万元、%", Unit::TenThousand),
            ("单位：千元 2023年", Unit::Thousand),
            ("以万元为单位", Unit::TenThousand),
            ("融资需求（万）", Unit::TenThousand),
            ("单位：亿", Unit::HundredMillion),
            ("单位：万元；其中利润（万元）", Unit::TenThousand),
        ] {
            assert_eq!(find(heading), Some(unit), "{heading}");
        }
    }

    #[test]
    fn guesses_nothing() {
        for heading in [
            "",
            "revenue",
            "营业收入",
            "出口额(万美元)",
            "单位：万美元",
            "单位：万元（美元折算）",
            "人均工资（元/人）",
            "劳动生产率(万元/人)",
            "单位：元/吨",
            "投资1000万元以上项目数",
            "主营业务收入2000万元",
            "产值亿元以上企业数",
            "单位：千万元",
            "单位：千元（万元）",
            "多元化经营",
            "单元",
            "元器件制造",
            "万科企业",
            "单位：个",
            "单位名称",
        ] {
            assert_eq!(find(heading), None, "{heading}");
        }
    }

    #[test]
    fn labels_are_found_again() {
        for unit in Unit::ALL {
            assert_eq!(find(&format!("单位：{}", unit.label_zh())), Some(unit));
            assert_eq!(find(&format!("金额（{}）", unit.label_zh())), Some(unit));
        }
    }

    proptest! {
        #[test]
        fn never_panics(heading in any::<String>()) {
            let _ = find(&heading);
        }

        #[test]
        fn never_panics_near_units(heading in "[单位:：（(万千百亿元)）/美 1]{0,12}") {
            let _ = find(&heading);
        }
    }
}
