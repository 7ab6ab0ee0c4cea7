//! How everything looks.
//!
//! Owns fonts, colors, borders and number formats. Gives ready formats; nothing else in the kit names a color or font.
//! Every color is told from its neighbors in gray as well, and nothing is said by color alone.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use super::table::{Column, ColumnKind, RowStyle, Tab};
use super::value::Mark;

/// Font of titles and headers.
pub(super) const HEADING_FONT: &str = "黑体";
/// Font of everything else; its digits are all half a hanzi wide.
pub(super) const BODY_FONT: &str = "宋体";

const INK: Color = Color::RGB(0x001F_2933);
const FAINT_INK: Color = Color::RGB(0x0052_606D);
const RULE: Color = Color::RGB(0x00A3_AEBA);
const STRONG_RULE: Color = Color::RGB(0x0052_606D);
const HEADER_GROUND: Color = Color::RGB(0x00D9_E2EC);
const TOTAL_GROUND: Color = Color::RGB(0x00F0_F3F6);

// "_ " keeps the width of a blank between a figure and the border, as spreadsheets' own formats do.
const AMOUNT: &str = "#,##0.00_ ";
const COUNT: &str = "#,##0_ ";
const RATIO: &str = "0.00%_ ";
const DATE: &str = "yyyy-mm-dd";

fn text(font: &str, points: f64) -> Format {
    Format::new().set_font_name(font).set_font_size(points).set_font_color(INK).set_align(FormatAlign::VerticalCenter)
}

fn boxed(format: Format) -> Format {
    format.set_border(FormatBorder::Thin).set_border_color(RULE)
}

/// Title above a table.
pub(super) fn title(centered: bool) -> Format {
    let align = if centered { FormatAlign::Center } else { FormatAlign::Left };
    text(HEADING_FONT, 16.0).set_bold().set_align(align)
}

/// Lines below the title, and notes below the table.
pub(super) fn subtitle() -> Format {
    text(BODY_FONT, 10.0).set_font_color(FAINT_INK).set_align(FormatAlign::Left)
}

/// Notes below a table or on a page; wrapped.
pub(super) fn note() -> Format {
    subtitle().set_text_wrap()
}

/// Header cells of a table.
pub(super) fn header() -> Format {
    boxed(text(HEADING_FONT, 10.0)).set_bold().set_background_color(HEADER_GROUND).set_align(FormatAlign::Center).set_text_wrap()
}

/// The text that stands in a table without rows.
pub(super) fn empty() -> Format {
    boxed(text(BODY_FONT, 10.0)).set_font_color(FAINT_INK).set_align(FormatAlign::Center)
}

/// The rule that closes a table; also carries the note that it goes on elsewhere.
pub(super) fn closing() -> Format {
    text(BODY_FONT, 10.0).set_font_color(FAINT_INK).set_border_top(FormatBorder::Medium).set_border_top_color(STRONG_RULE)
}

/// Heading of a part of a page.
pub(super) fn section() -> Format {
    text(HEADING_FONT, 12.0).set_bold().set_border_bottom(FormatBorder::Medium).set_border_bottom_color(STRONG_RULE)
}

/// Title of a cover.
pub(super) fn cover_title() -> Format {
    text(HEADING_FONT, 26.0).set_bold().set_align(FormatAlign::Center).set_text_wrap()
}

/// Lines below the title of a cover.
pub(super) fn cover_subtitle() -> Format {
    text(BODY_FONT, 12.0).set_font_color(FAINT_INK).set_align(FormatAlign::Center).set_text_wrap()
}

/// Left side of a fact on a cover.
pub(super) fn fact_name() -> Format {
    boxed(text(HEADING_FONT, 10.0)).set_background_color(TOTAL_GROUND).set_align(FormatAlign::Left).set_indent(1)
}

/// Right side of a fact, and cells of small tables on a cover.
pub(super) fn fact() -> Format {
    boxed(text(BODY_FONT, 10.0)).set_align(FormatAlign::Left).set_indent(1).set_text_wrap()
}

/// Items of a list on a cover.
pub(super) fn item() -> Format {
    text(BODY_FONT, 10.5).set_align(FormatAlign::Left).set_align(FormatAlign::Top).set_text_wrap()
}

/// Name of a signature.
pub(super) fn signature_name() -> Format {
    text(BODY_FONT, 11.0).set_align(FormatAlign::Right).set_align(FormatAlign::Bottom)
}

/// Line to sign on.
pub(super) fn signature_line() -> Format {
    text(BODY_FONT, 11.0).set_align(FormatAlign::Bottom).set_border_bottom(FormatBorder::Thin).set_border_bottom_color(INK)
}

/// The three rows of a tile: name, figure, remark.
pub(super) fn tile() -> [Format; 3] {
    let ground = |format: Format| format.set_background_color(TOTAL_GROUND).set_align(FormatAlign::Center);
    let sides = |format: Format| {
        format
            .set_border_left(FormatBorder::Thin)
            .set_border_right(FormatBorder::Thin)
            .set_border_left_color(RULE)
            .set_border_right_color(RULE)
    };
    [
        sides(ground(text(BODY_FONT, 10.0).set_font_color(FAINT_INK)))
            .set_border_top(FormatBorder::Medium)
            .set_border_top_color(STRONG_RULE),
        sides(ground(text(HEADING_FONT, 20.0).set_bold())),
        sides(ground(text(BODY_FONT, 9.0).set_font_color(FAINT_INK))).set_border_bottom(FormatBorder::Thin).set_border_bottom_color(RULE),
    ]
}

/// Gives the color of a tab, if it has one.
pub(super) fn tab(tab: Tab) -> Option<Color> {
    match tab {
        Tab::Plain => None,
        Tab::Result => Some(Color::RGB(0x001F_4E79)),
        Tab::Evidence => Some(Color::RGB(0x007B_8794)),
        Tab::Action => Some(Color::RGB(0x00C0_5717)),
    }
}

/// Grounds from light to dark, so that severity also shows in gray; the heaviest are bold.
fn mark(base: &Format, mark: Mark) -> Format {
    let (ground, ink, bold) = match mark {
        Mark::Met => (0x00E3_F1E5, 0x001D_5B2C, false),
        Mark::NotMet => (0x00F2_B8A8, 0x007A_1507, true),
        Mark::Unjudged => (0x00E4_E7EB, 0x003E_4C59, false),
        Mark::Error => (0x00F0_A58F, 0x0066_1003, true),
        Mark::Explain => (0x00FB_DFA0, 0x0066_4100, true),
        Mark::Note => (0x00E6_F0FA, 0x001B_4F83, false),
    };
    let format = base.clone().set_background_color(Color::RGB(ground)).set_font_color(Color::RGB(ink)).set_align(FormatAlign::Center);
    if bold { format.set_bold() } else { format }
}

/// Holds the formats of a table's cells in one style of row, made once per table.
pub(super) struct RowLook {
    pub(super) columns: Vec<ColumnLook>,
    pub(super) count: Format,
    pub(super) amount: Format,
    pub(super) ratio: Format,
    pub(super) date: Format,
}

/// Holds the formats of a column's cells.
pub(super) struct ColumnLook {
    /// Values of the column's own kind, and blanks.
    pub(super) own: Format,
    /// Text in the column.
    pub(super) text: Format,
    /// Text that would come alive if somebody edited the cell.
    pub(super) guarded: Format,
    /// A number that no double holds.
    pub(super) exact_text: Format,
    /// In the order of [`Mark`]'s variants.
    pub(super) marks: [Format; Mark::COUNT],
}

impl RowLook {
    /// Makes the formats of a style of row.
    pub(super) fn new(columns: &[Column], style: RowStyle) -> Self {
        let base = boxed(text(BODY_FONT, 10.0));
        let base = match style {
            RowStyle::Plain => base,
            RowStyle::Total => base.set_bold().set_background_color(TOTAL_GROUND).set_font_name(HEADING_FONT),
        };
        let number = |code: &str| base.clone().set_align(FormatAlign::Right).set_num_format(code);
        Self {
            columns: columns.iter().map(|column| ColumnLook::new(&base, column.kind)).collect(),
            count: number(COUNT),
            amount: number(AMOUNT),
            ratio: number(RATIO),
            date: base.clone().set_align(FormatAlign::Center).set_num_format(DATE),
        }
    }
}

impl ColumnLook {
    fn new(base: &Format, kind: ColumnKind) -> Self {
        let left = base.clone().set_align(FormatAlign::Left);
        let right = base.clone().set_align(FormatAlign::Right);
        let center = base.clone().set_align(FormatAlign::Center);
        let (own, text) = match kind {
            ColumnKind::Text => (left.clone().set_text_wrap(), left.clone().set_text_wrap()),
            // "@" keeps a code text when somebody edits it.
            ColumnKind::Code => (left.clone().set_num_format("@"), left.clone().set_num_format("@")),
            ColumnKind::Amount => (right.clone().set_num_format(AMOUNT), center.clone()),
            ColumnKind::Count => (right.clone().set_num_format(COUNT), center.clone()),
            ColumnKind::Ratio => (right.clone().set_num_format(RATIO), center.clone()),
            ColumnKind::Number { decimals } => (right.clone().set_num_format(decimal_code(decimals)), center.clone()),
            ColumnKind::Date => (center.clone().set_num_format(DATE), center.clone()),
            ColumnKind::Verdict => (center.clone(), center.clone()),
        };
        Self {
            guarded: text.clone().set_quote_prefix(),
            exact_text: right.set_indent(1),
            marks: Mark::ALL.map(|kind| mark(&center, kind)),
            own,
            text,
        }
    }
}

fn decimal_code(decimals: u8) -> String {
    let mut code = String::from("#,##0");
    if decimals > 0 {
        code.push('.');
        code.extend(std::iter::repeat_n('0', usize::from(decimals.min(30))));
    }
    code.push_str("_ ");
    code
}
