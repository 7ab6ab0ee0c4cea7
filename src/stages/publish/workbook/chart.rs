//! Charts of small tables.
//!
//! Owns how charts look. Every series has a pattern and a shade of its own and its figures written on it, so that a
//! chart reads in black and white.

use rust_xlsxwriter::{
    Chart as Drawing, ChartAxisLabelPosition, ChartDataLabel, ChartDataLabelPosition, ChartFont, ChartFormat, ChartLegendPosition,
    ChartLine, ChartPatternFill, ChartPatternFillType, ChartSolidFill, ChartType, Color,
};

use super::look::{BODY_FONT, HEADING_FONT};

/// Describes a chart of a panel's table; the first column gives the categories.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Kind of the chart.
    pub kind: ChartKind,
    /// Title above the chart.
    pub title: String,
    /// Indexes of the columns drawn, from 0; each is a series named by its header.
    pub columns: Vec<usize>,
    /// Where the chart stands.
    pub place: ChartPlace,
    /// Number of rows drawn from the top, for tables that end with a sum; none for all.
    pub rows: Option<usize>,
}

/// Kinds of charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// Upright bars, series on top of each other.
    StackedColumn,
    /// Lying bars, first category on top; for long names.
    Bar,
    /// Lying bars, series behind each other.
    StackedBar,
}

/// Where a chart stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChartPlace {
    /// Beside its table if there is room, else below.
    #[default]
    Auto,
    /// Below its table.
    Below,
}

/// Cells that a series is drawn from.
pub(super) struct SeriesCells<'a> {
    pub(super) sheet: &'a str,
    pub(super) first_row: u32,
    pub(super) last_row: u32,
    pub(super) header: &'a str,
    pub(super) column: u16,
    /// Number of the series, from 0.
    pub(super) index: usize,
    /// Smaller figures are not written on their bars.
    pub(super) least_label: i64,
}

/// Looks of a series; told from its neighbors by shade and pattern as well as by color.
struct SeriesStyle {
    shade: u32,
    pattern: Option<ChartPatternFillType>,
    /// The shade is so dark that figures on it are white.
    dark: bool,
}

const STYLES: [SeriesStyle; 6] = [
    SeriesStyle { shade: 0x001F_4E79, pattern: None, dark: true },
    SeriesStyle { shade: 0x00C8_7A2B, pattern: Some(ChartPatternFillType::DiagonalStripesWideUpwards), dark: false },
    SeriesStyle { shade: 0x00B8_C9DB, pattern: None, dark: false },
    SeriesStyle { shade: 0x0056_7D46, pattern: Some(ChartPatternFillType::HorizontalStripesNarrow), dark: false },
    SeriesStyle { shade: 0x005A_5A5A, pattern: Some(ChartPatternFillType::LargeGrid), dark: false },
    SeriesStyle { shade: 0x007A_3B69, pattern: Some(ChartPatternFillType::SolidDiamondGrid), dark: false },
];

const INK: u32 = 0x001F_2933;
const WHITE: u32 = 0x00FF_FFFF;

impl Chart {
    /// Draws the chart.
    pub(super) fn draw(&self, series: &[SeriesCells<'_>], width: u32, height: u32) -> Drawing {
        let mut drawing = Drawing::new(match self.kind {
            ChartKind::StackedColumn => ChartType::ColumnStacked,
            ChartKind::Bar => ChartType::Bar,
            ChartKind::StackedBar => ChartType::BarStacked,
        });
        drawing.title().set_name(self.title.as_str()).set_font(&font(HEADING_FONT, 11.0, INK).set_bold().clone());
        for cells in series {
            self.add_series(&mut drawing, cells);
        }
        self.dress_axes(&mut drawing);
        if series.len() > 1 {
            drawing.legend().set_position(ChartLegendPosition::Bottom).set_font(&font(BODY_FONT, 9.0, INK));
        } else {
            drawing.legend().set_hidden();
        }
        drawing.chart_area().set_format(ChartFormat::new().set_border(ChartLine::new().set_color(Color::RGB(0x00A3_AEBA))));
        drawing.set_width(width).set_height(height).set_alt_text(self.title.as_str());
        drawing
    }

    fn add_series(&self, drawing: &mut Drawing, cells: &SeriesCells<'_>) {
        let range = |column| (cells.sheet, cells.first_row, column, cells.last_row, column);
        let style = &STYLES[cells.index % STYLES.len()];
        let added = drawing.add_series();
        added.set_categories(range(0)).set_values(range(cells.column)).set_name(cells.header);
        let mut label = ChartDataLabel::new();
        label.show_value().set_num_format(cells.label_code()).set_font(&font(BODY_FONT, 9.0, INK));
        if self.stacks() {
            style.dress_inner_label(&mut label);
        } else {
            label.set_position(ChartDataLabelPosition::OutsideEnd);
        }
        added.set_format(&mut style.fill()).set_gap(60).set_data_label(&label);
    }

    fn dress_axes(&self, drawing: &mut Drawing) {
        let axis_font = font(BODY_FONT, 9.0, INK);
        drawing.x_axis().set_font(&axis_font);
        drawing.y_axis().set_font(&axis_font);
        let grid = ChartLine::new().set_color(Color::RGB(0x00DD_E2E7)).set_width(0.5).clone();
        // In charts of lying bars the library takes the axis of the values for the x axis.
        let values = if self.lies() {
            // Else the first category would stand at the bottom.
            drawing.y_axis().set_reverse().set_major_gridlines(false);
            drawing.x_axis().set_label_position(ChartAxisLabelPosition::None)
        } else {
            drawing.y_axis()
        };
        values
            .set_num_format("#,##0")
            .set_min(0)
            .set_major_gridlines(true)
            .set_major_gridlines_line(&grid)
            .set_format(ChartFormat::new().set_no_line());
    }

    pub(super) fn lies(&self) -> bool {
        matches!(self.kind, ChartKind::Bar | ChartKind::StackedBar)
    }

    pub(super) fn stacks(&self) -> bool {
        matches!(self.kind, ChartKind::StackedColumn | ChartKind::StackedBar)
    }
}

fn font(name: &str, points: f64, ink: u32) -> ChartFont {
    let mut font = ChartFont::new();
    font.set_name(name).set_size(points).set_color(Color::RGB(ink));
    font.unset_bold();
    font
}

impl SeriesStyle {
    fn fill(&self) -> ChartFormat {
        let shade = Color::RGB(self.shade);
        let mut format = ChartFormat::new();
        match self.pattern {
            None => format.set_solid_fill(ChartSolidFill::new().set_color(shade)),
            Some(pattern) => format.set_pattern_fill(
                ChartPatternFill::new().set_pattern(pattern).set_foreground_color(shade).set_background_color(Color::RGB(WHITE)),
            ),
        };
        format.set_border(ChartLine::new().set_color(shade).set_width(0.75));
        format
    }

    /// A figure stands white on dark bars, dark on light ones, and in a white box on stripes.
    fn dress_inner_label(&self, label: &mut ChartDataLabel) {
        label.set_position(ChartDataLabelPosition::Center);
        if self.dark {
            label.set_font(&font(BODY_FONT, 9.0, WHITE));
        }
        if self.pattern.is_some() {
            label.set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(WHITE))));
        }
    }
}

impl SeriesCells<'_> {
    /// Noughts are not written on bars, nor figures on bars that are thinner than these.
    fn label_code(&self) -> String {
        match self.least_label {
            0 | 1 => "#,##0;-#,##0;".to_owned(),
            least => format!("[<{least}]\"\";#,##0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::Place;

    /// Brightness as a printer without color gives it, in percent.
    fn brightness(shade: u32) -> u32 {
        let [_, red, green, blue] = shade.to_be_bytes().map(u32::from);
        (red * 299 + green * 587 + blue * 114) / 2_550
    }

    #[test]
    fn every_place_has_a_series_that_is_told_apart_in_black_and_white() {
        assert!(STYLES.len() >= Place::ALL.len());
        for (index, one) in STYLES.iter().enumerate() {
            for other in &STYLES[index + 1..] {
                let apart = brightness(one.shade).abs_diff(brightness(other.shade)) >= 40;
                assert!(one.pattern != other.pattern || apart, "{:06X} and {:06X}", one.shade, other.shade);
            }
        }
    }
}
