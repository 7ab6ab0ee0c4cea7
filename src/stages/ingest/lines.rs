//! What a row below a header is: a record, a sum, a heading, a footer.
//!
//! Owns: the words that tell. A row is judged by the cells of one table, so that tables side by side do not disturb
//! each other. Most rows carry a code and are records; they are told by it at once, and only the others are folded.
//! Invariant: a row that names who filled it in, or a telephone, is never a record.

use super::folding::is_plain;
use super::head::HeadRow;
use super::layout::Layout;
use super::reader::{Cell, CellKind, Row};
use crate::model::aside::AsideKind;
use crate::model::text;

/// Words that begin the footer of a bureau table, blanks left out.
const FOOTERS: [&str; 40] = [
    "填表人",
    "填报人",
    "制表",
    "制单",
    "经办",
    "复核",
    "审核",
    "审批",
    "核对人",
    "联系人",
    "联系电话",
    "联系方式",
    "电话",
    "手机",
    "报送人",
    "统计员",
    "统计人员",
    "统计负责人",
    "单位负责人",
    "企业负责人",
    "部门负责人",
    "财务负责人",
    "填表负责人",
    "负责人",
    "分管领导",
    "主管领导",
    "法定代表人",
    "填报日期",
    "填表日期",
    "填报时间",
    "填表时间",
    "制表日期",
    "报出日期",
    "报送日期",
    "上报日期",
    "填报单位",
    "填表单位",
    "报送单位",
    "盖章",
    "单位盖章",
];
/// Words of remarks, which end with a colon or a number.
const REMARKS: [&str; 5] = ["注", "说明", "备注", "附注", "填表说明"];
/// How a label ends behind which a person or a telephone stands.
const PERSONAL: [&str; 22] = [
    "填表人",
    "填报人",
    "填表",
    "填报",
    "制表人",
    "制表",
    "制单人",
    "制单",
    "审核人",
    "审核",
    "复核人",
    "复核",
    "经办人",
    "经办",
    "联系人",
    "联系电话",
    "负责人",
    "统计人员",
    "统计员",
    "统计人",
    "电话",
    "手机",
];
/// Endings that may stand between such a word and its colon.
const PERSONAL_TAILS: [&str; 5] = ["姓名", "签名", "签字", "签章", "号码"];
/// Words of rows that sum up in ways that the records above do not verify.
const SUMMARIES: [&str; 12] = ["占比", "比重", "比例", "增长", "增速", "增幅", "同比", "环比", "平均", "均值", "户均", "其中"];
/// Endings of places: a row that holds nothing else heads the rows of a place.
const PLACES: [&str; 7] = ["镇", "乡", "街道", "县", "区", "市", "办事处"];
/// Endings of places with figures, and of what only ends like one.
const ZONES: [&str; 4] = ["工业园", "产业园", "科技园", "街道办"];
const NO_PLACES: [&str; 9] = ["超市", "门市", "菜市", "夜市", "集市", "景区", "度假区", "服务区", "校区"];
const PLACE_CHARS: usize = 12;
const NUMERALS: &str = "一二三四五六七八九十";

/// The cells of one table in a row.
#[derive(Clone, Copy)]
pub struct TablePart<'r> {
    row: &'r Row,
    /// Never empty.
    pub cells: &'r [Cell],
}

/// How far a sum row reaches, as far as its word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumWord {
    /// 总计, 全市合计: everything.
    Grand,
    /// 累计: everything above.
    Running,
    /// 合计: everything, unless the table goes on or 总计 follows.
    Sum,
    /// 小计, 工业小计: the rows of a group.
    Group,
    /// 本页小计: the rows of the page.
    Page,
    /// 杨村镇 with figures: perhaps the rows of the place.
    Place,
}

impl<'r> TablePart<'r> {
    /// The cells of a row from one column up to another; nothing if there are none.
    pub fn of(row: &'r Row, from: u32, to: u32) -> Option<Self> {
        let first = row.cells.partition_point(|c| c.column < from);
        let last = row.cells.partition_point(|c| c.column < to);
        (first < last).then(|| Self { row, cells: &row.cells[first..last] })
    }

    /// The text of one of its cells.
    pub fn text(&self, cell: &Cell) -> &'r str {
        self.row.text(cell)
    }

    fn first(&self) -> &'r str {
        self.text(&self.cells[0])
    }

    fn keys<'a>(&'a self, columns: &'a [u32]) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().filter(|c| columns.contains(&c.column))
    }

    /// Whether a key column holds a code.
    pub fn has_code(&self, keys: &[u32]) -> bool {
        self.keys(keys).any(|c| is_code(self.text(c)))
    }

    /// Whether a key column holds a code that is surely no telephone.
    pub fn has_own_code(&self, keys: &[u32]) -> bool {
        self.keys(keys).map(|c| self.text(c)).any(|text| is_code(text) && !is_phone(text))
    }

    /// Whether rows of data go on here after a footer: a key that no name of a person and no telephone looks like.
    pub fn resumes(&self, keys: &[u32], labelled: usize) -> bool {
        let key = |text: &str| is_code(text) && !is_phone(text) || text.chars().filter(|c| text::is_hanzi(*c)).count() > 4;
        self.cells.len() >= 3.max(labelled / 2) && self.keys(keys).any(|c| key(self.text(c)))
    }

    /// Whether it begins a footer: by its first word alone, where a colon or nothing follows, else if it is short.
    pub fn is_footer(&self, labelled: usize) -> bool {
        let Some(first) = self.first().trim_start().chars().next() else { return false };
        if first.is_ascii() || !FOOTERS.iter().chain(&REMARKS).any(|word| word.starts_with(first)) {
            return false;
        }
        let text = folded(self.first());
        let short = self.cells.len() * 2 <= labelled.max(2);
        let after = |word: &&str| text.strip_prefix(*word).map(|rest| rest.trim_start_matches(['人', '员']));
        let name = |rest: &str| short && rest.chars().count() <= 4 && !["公司", "厂", "店", "社", "所"].iter().any(|e| rest.ends_with(e));
        let plain = FOOTERS.iter().filter_map(after).any(|rest| rest.is_empty() || rest.starts_with(':') || name(rest));
        let remark = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(':') || rest.is_empty() && short;
        plain || REMARKS.iter().filter_map(|word| text.strip_prefix(word)).any(remark)
    }

    /// Whether a cell announces a person or a telephone: 填表人：, 联系电话：.
    pub fn names_person(&self) -> bool {
        self.row.has_colon() && self.cells.iter().any(|c| c.kind == CellKind::Text && announces_person(self.text(c)))
    }

    /// What the row adds up, with the text that says so.
    pub fn sum(&self, layout: &Layout) -> Option<(SumWord, &'r str)> {
        let word = |text: &'r str| {
            let may = text.contains(['计', '計']) && text.len() <= 60;
            may.then(|| sum_word(&plain(text))).flatten().map(|word| (word, text))
        };
        self.labels(&layout.keys).find_map(word).or_else(|| self.place(layout).map(|text| (SumWord::Place, text)))
    }

    /// The place whose figures a row holds, if it holds nothing else but perhaps its number.
    fn place(&self, layout: &Layout) -> Option<&'r str> {
        let (figures, others): (Vec<&Cell>, Vec<&Cell>) = self.cells.iter().partition(|c| layout.figures.contains(&c.column));
        let is_figure = |c: &&Cell| self.text(c).bytes().any(|b| b.is_ascii_digit());
        let is_number = |text: &str| text.trim().bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/'));
        let mut words = others.into_iter().map(|c| self.text(c)).filter(|text| !is_number(text) && !matches!(*text, "—" | "－"));
        let place = words.next().filter(|text| is_place(text))?;
        (figures.iter().any(is_figure) && words.all(is_place)).then_some(place)
    }

    /// Whether its first word belongs to the page: 第1页.
    pub fn is_page_word(&self) -> bool {
        is_page(&plain(self.first()))
    }

    /// Whether the row is neither record nor sum: the heading of a group or place, with or without figures, a share,
    /// a part of another row.
    pub fn is_summary(&self, keys: &[u32]) -> bool {
        let alone = self.cells.len() == 1;
        let figures_only = || {
            self.cells
                .iter()
                .skip(1)
                .all(|c| c.kind == CellKind::Number || super::head::is_value(self.text(c), c.kind) || self.text(c).len() <= 3)
        };
        self.labels(keys).any(|text| {
            let text = plain(text);
            SUMMARIES.iter().any(|w| text.strip_prefix(w).is_some_and(|rest| *w == "其中" || rest.chars().count() <= 3))
                || is_enumerated(&text) && (alone || figures_only())
                || alone && text.chars().count() <= 12 && (PLACES.iter().any(|p| text.ends_with(p)) || is_page(&text))
        })
    }

    /// The texts that may say what a row is: its first three and its keys.
    fn labels<'a>(&'a self, keys: &'a [u32]) -> impl Iterator<Item = &'r str> + 'a {
        let may = |(i, c): &(usize, &Cell)| (*i < 3 || keys.contains(&c.column)) && c.kind == CellKind::Text;
        self.cells.iter().enumerate().filter(may).map(|(_, c)| self.text(c))
    }
}

/// Whether a row below a header only states the units of its columns: ,千元,千元,人.
pub fn is_units(row: &HeadRow) -> bool {
    const OTHERS: [&str; 16] = ["单位", "计量单位", "人", "个", "件", "户", "家", "月", "年", "项", "台", "亩", "吨", "", "万人", "栏次"];
    row.cells.iter().any(|c| c.is_unit()) && row.cells.iter().all(|c| c.is_unit() || OTHERS.contains(&c.bare.as_str()))
}

/// What a row above a header is.
pub fn above_header(row: &HeadRow) -> AsideKind {
    let units = !row.cells.is_empty() && row.cells.iter().all(|c| c.is_unit() || c.says_unit());
    if units { AsideKind::Units } else { AsideKind::Title }
}

/// Whether a row above a header, or between two tables, is a title rather than a record.
pub fn is_title(row: &HeadRow) -> bool {
    const STARTS: [&str; 4] = ["附件", "附表", "续表", "表号"];
    const ENDS: [&str; 8] = ["表", "情况", "名录", "清单", "一览", "明细", "名单", "续"];
    row.cells.iter().any(|c| {
        c.year.is_some() || c.unit.is_some() || STARTS.iter().any(|w| c.bare.starts_with(w)) || ENDS.iter().any(|w| c.bare.ends_with(w))
    })
}

/// Whether a text announces a person or a telephone somewhere: 负责人： 张三  电话：
pub fn announces_person(text: &str) -> bool {
    if !text.contains([':', '：']) {
        return false;
    }
    let text = folded(text);
    text.match_indices(':').any(|(at, _)| {
        let before = &text[..at];
        let before = before.strip_suffix(')').and_then(|b| b.rsplit_once('(')).map_or(before, |(label, _)| label);
        let before = PERSONAL_TAILS.iter().find_map(|tail| before.strip_suffix(tail)).unwrap_or(before);
        PERSONAL.iter().any(|word| before.ends_with(word))
    })
}

/// Whether a text is a code: letters and digits only, and many.
fn is_code(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 9
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// Whether a code may be a telephone number: digits, perhaps with a dash.
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (7..=12).contains(&digits) && text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// Folded to half width, without blanks.
pub fn folded(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    text::fold(text).chars().filter(|c| !text::is_blank(*c)).collect()
}

/// Folded, without what stands in brackets and without a closing colon.
fn plain(text: &str) -> String {
    let text = folded(text);
    if is_plain(&text) {
        return text;
    }
    let mut depth = 0_usize;
    let outside = text.char_indices().filter(|(at, c)| match c {
        // A bracket at the beginning is numbering: （一）.
        '(' if *at > 0 => {
            depth += 1;
            false
        }
        ')' if depth > 0 => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    });
    outside.map(|(_, c)| c).collect::<String>().trim_end_matches([':', ',', '、']).to_owned()
}

/// What a plain text says of a sum.
fn sum_word(text: &str) -> Option<SumWord> {
    const ALL: [&str; 9] = ["全", "本市", "本县", "本区", "本年", "总", "共", "累", "各"];
    const PARTS: [&str; 5] = ["镇", "乡", "街道", "园区", "村"];
    let text = text.replace('計', "计");
    let text = after_numeral(&text).unwrap_or(&text);
    let text = text.strip_suffix('数').unwrap_or(text);
    if text.starts_with("本页") && text.ends_with('计') {
        return Some(SumWord::Page);
    }
    if text.ends_with("小计") {
        return Some(SumWord::Group);
    }
    let short = text.chars().count() <= 8;
    if text.ends_with("累计") && short {
        return Some(SumWord::Running);
    }
    let is_all = |before: &str| ALL.iter().any(|w| before.starts_with(w)) && !PARTS.iter().any(|w| before.ends_with(w));
    let reach = |before: &str, whole| match before {
        "" => whole,
        _ if is_all(before) => SumWord::Grand,
        _ => SumWord::Group,
    };
    let total = ["总合计", "总计", "共计"].iter().find_map(|w| text.strip_suffix(w)).filter(|_| short);
    total.map(|before| reach(before, SumWord::Grand)).or_else(|| text.strip_suffix("合计").map(|before| reach(before, SumWord::Sum)))
}

/// Whether a text names a place: 杨村镇, 一、杨村镇（12家）.
fn is_place(text: &str) -> bool {
    let text = plain(text);
    let text = after_numeral(&text).unwrap_or(&text);
    let ends = |words: &[&str]| words.iter().any(|w| text.ends_with(w));
    (2..=PLACE_CHARS).contains(&text.chars().count()) && is_plain(text) && (ends(&PLACES) || ends(&ZONES)) && !ends(&NO_PLACES)
}

/// Whether a plain text belongs to the page: 第1页, 接下页, 以下空白.
fn is_page(text: &str) -> bool {
    text.starts_with('第') && text.ends_with('页')
        || ["接上页", "接下页", "转下页", "续上表", "续表", "以下空白", "以下无正文"].contains(&text)
}

/// Whether a plain text is numbered as groups are: 一、规模以上.
fn is_enumerated(text: &str) -> bool {
    after_numeral(text).is_some()
}

/// What stands behind a Chinese numeral: 一、…, （一）….
fn after_numeral(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('(');
    let rest = text.trim_start_matches(|c| NUMERALS.contains(c));
    (rest.len() < text.len())
        .then_some(rest)
        .and_then(|rest| rest.strip_prefix(['、', ')', '.']))
        .map(|rest| rest.trim_start_matches(['、', ')']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Row {
        let mut row = Row::new();
        for (column, text) in (0..).zip(cells) {
            if !text.is_empty() {
                row.push(column, CellKind::Text, false, text);
            }
        }
        row
    }

    fn judged<R>(cells: &[&str], judge: impl Fn(TablePart<'_>) -> R) -> R {
        let row = row(cells);
        judge(TablePart::of(&row, 0, u32::MAX).expect("cells"))
    }

    #[test]
    fn footers_are_told_by_their_first_word_however_wide_the_row() {
        for first in [
            "填表人：",
            "填 表 人：张三",
            "填报人",
            "经办人:",
            "复核：",
            "审核：李四",
            "联系人：",
            "报送人：",
            "统计员：",
            "备注：",
            "注1：",
            "单位负责人（签字）：",
        ] {
            assert!(judged(&[first, "张三", "联系电话：", "13800000000"], |p| p.is_footer(4) || p.names_person()), "{first}");
        }
        for first in ["龙南市审核科技有限公司", "注塑机械有限公司", "91360783MAYYK0013X", "备注塑料有限公司"] {
            assert!(!judged(&[first, "江西", "10", "20"], |p| p.is_footer(4) || p.names_person()), "{first}");
        }
    }

    #[test]
    fn a_label_of_a_person_anywhere_tells_a_row_that_is_no_record() {
        for text in
            ["填表人：张三", "单位负责人： 李四  统计负责人：", "电 话:0797-0000000", "手机号码：138", "审核（签字）：", "联系人姓名：王五"]
        {
            assert!(judged(&["龙南市统计局", text], |p| p.names_person()), "{text}");
        }
        for text in ["经营范围：电子元件", "2023-01-01 00:00:00", "地址：龙南市", "一种审核装置"] {
            assert!(!judged(&["龙南市甲有限公司", text], |p| p.names_person()), "{text}");
        }
    }

    #[test]
    fn sums_are_told_by_their_words() {
        use SumWord::{Grand, Group, Page, Place, Running, Sum};
        let cases = [
            ("合 计", Some(Sum)),
            ("合计（3户）", Some(Sum)),
            ("合计：", Some(Sum)),
            ("共计", Some(Grand)),
            ("总计", Some(Grand)),
            ("累计", Some(Running)),
            ("全市合计", Some(Grand)),
            ("全镇合计", Some(Group)),
            ("杨村镇总计", Some(Group)),
            ("小計", Some(Group)),
            ("工业小计", Some(Group)),
            ("二、工业合计", Some(Group)),
            ("本页小计", Some(Page)),
            ("杨村镇", Some(Place)),
            ("二、杨村镇（12家）", Some(Place)),
            ("经济技术开发区", Some(Place)),
            ("东城超市", None),
            ("杨村镇人民政府", None),
            ("龙南市会计服务有限公司", None),
            ("龙南市统计局", None),
            ("合计科技有限公司", None),
        ];
        for (text, want) in cases {
            let layout = Layout { keys: vec![1], figures: vec![2, 3], ..Layout::default() };
            assert_eq!(judged(&["", text, "10"], |p| p.sum(&layout).map(|(word, _)| word)), want, "{text}");
        }
        let layout = Layout { keys: vec![1], figures: vec![3], ..Layout::default() };
        for cells in [&["龙南市", "甲有限公司", "", "1"][..], &["", "杨村镇", "备注", "1"], &["", "杨村镇", "", ""]] {
            assert!(judged(cells, |p| p.sum(&layout).is_none()), "{cells:?}");
        }
        assert_eq!(judged(&["3", "杨村镇", "", "1"], |p| p.sum(&layout).map(|(word, _)| word)), Some(Place));
    }

    #[test]
    fn headings_shares_and_parts_are_no_records() {
        for cells in [
            &["其中：小微企业", "12000"][..],
            &["一、规模以上", "12000"],
            &["（一）国有企业"],
            &["渡江镇"],
            &["占比", "35.5%"],
            &["占比（%）", "100"],
        ] {
            assert!(judged(cells, |p| p.is_summary(&[0])), "{cells:?}");
        }
        for cells in [&["一、龙南市甲有限公司", "龙南市", "12000"][..], &["龙南市甲有限公司"], &["比重科技有限公司", "1"]]
        {
            assert!(!judged(cells, |p| p.is_summary(&[0])), "{cells:?}");
        }
    }

    #[test]
    fn data_resume_below_a_footer_by_their_key_only() {
        assert!(judged(&["91360783MAYYK0013X", "龙南市甲有限公司", "1"], |p| p.resumes(&[0, 1], 4)));
        assert!(judged(&["", "龙南市甲有限公司", "1", "2"], |p| p.resumes(&[0, 1], 4)));
        assert!(!judged(&["13800000000", "张三", "李四"], |p| p.resumes(&[0, 1], 4)));
    }
}
