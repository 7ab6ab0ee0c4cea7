//! A sheet of headline figures, small tables and charts.
//!
//! Owns the layout: one wide column for names, narrow ones for figures, charts beside or below their tables, page
//! breaks only between panels. A4 landscape.

use super::book::Book;
use super::canvas::Canvas;
use super::cell::CellWriter;
use super::chart::{Chart, ChartPlace, SeriesCells};
use super::error::WorkbookError;
use super::head::{label, lines_across};
use super::look::{self, RowLook};
use super::page::{self, Paper};
use super::table::{Column, ColumnKind, RowStyle, Tab};
use super::value::Value;
use super::width::{row_points, wrapped_lines};

/// Width of the first column, in half-width characters.
const NAME_CHARACTERS: u32 = 28;
/// Width of the others.
const FIGURE_CHARACTERS: u32 = 11;
/// Columns of the page.
const COLUMNS: u16 = 13;
/// The library draws a column of n characters 7n + 5 pixels wide.
const NAME_PIXELS: u32 = NAME_CHARACTERS * 7 + 5;
const FIGURE_PIXELS: u32 = FIGURE_CHARACTERS * 7 + 5;
const PAGE_PIXELS: u32 = NAME_PIXELS + (COLUMNS as u32 - 1) * FIGURE_PIXELS;
/// Height of an A4 landscape page at the scale at which the columns fill its width.
const PAGE_HEIGHT_PIXELS: u32 = 700;
/// Gap between a table and its chart.
const GAP_PIXELS: u32 = 14;
/// Narrowest chart that is worth standing beside its table.
const CHART_MIN_PIXELS: u32 = 420;
/// Heights of charts: of upright ones, and of lying ones per bar and around the bars.
const CHART_PIXELS: u32 = 230;
const BAR_PIXELS: u32 = 30;
const AROUND_BARS_PIXELS: u32 = 85;
/// Height of a row of one line, in points; a little less than in tables, so that more stands on a page.
const ROW_POINTS: u32 = 16;

/// Describes an overview.
#[derive(Clone, Debug, Default)]
pub struct Overview<'a> {
    /// Name of the sheet.
    pub sheet: String,
    /// Title of the page.
    pub title: String,
    /// Lines below the title.
    pub subtitle: Vec<String>,
    /// Headline figures, at most seven in a row.
    pub tiles: Vec<Tile>,
    /// Tables with charts, from the top.
    pub panels: Vec<Panel<'a>>,
    /// Notes at the end.
    pub notes: Vec<String>,
}

/// A headline figure.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What is counted.
    pub name: String,
    /// The figure as shown.
    pub figure: String,
    /// Remark below: unit, change since the last run.
    pub remark: String,
}

/// A small table, with or without a chart.
#[derive(Clone, Debug)]
pub struct Panel<'a> {
    /// Heading of the panel.
    pub heading: String,
    /// The columns, at most 13; the first one is wide and names the rows. Groups and widths are not used.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<(RowStyle, Vec<Value<'a>>)>,
    /// What stands in the table if it has no row; then there is no chart either.
    pub empty_text: String,
    /// The chart of the table.
    pub chart: Option<Chart>,
}

impl Book {
    /// Adds a sheet of figures, small tables and charts.
    ///
    /// # Errors
    /// [`WorkbookError::ChartColumn`] if a chart names a missing column, [`WorkbookError::RowShape`] if a row has not
    /// as many values as its table has columns.
    pub fn overview(&mut self, overview: &Overview<'_>) -> Result<(), WorkbookError> {
        write(self, overview)
    }
}

/// Writes an overview.
fn write(book: &mut Book, overview: &Overview<'_>) -> Result<(), WorkbookError> {
    let mut canvas = Canvas::new(book, &overview.sheet)?;
    canvas.sheet.set_column_width(0, NAME_CHARACTERS)?;
    for column in 1..COLUMNS {
        canvas.sheet.set_column_width(column, FIGURE_CHARACTERS)?;
    }
    canvas.text((0, COLUMNS - 1), &overview.title, &look::title(true))?;
    canvas.end_row(36)?;
    write_lines(&mut canvas, &overview.subtitle)?;
    for tiles in overview.tiles.chunks(usize::from(COLUMNS / 2) + 1) {
        write_tiles(&mut canvas, tiles)?;
    }
    let mut page_top = 0;
    let mut breaks = Vec::new();
    for panel in &overview.panels {
        canvas.end_row(14)?;
        let height = panel.pixels();
        if canvas.top_pixels + height > page_top + PAGE_HEIGHT_PIXELS && canvas.top_pixels > page_top {
            breaks.push(canvas.row);
            page_top = canvas.top_pixels;
        }
        write_panel(&mut canvas, panel)?;
    }
    if !overview.notes.is_empty() {
        canvas.end_row(14)?;
        write_lines(&mut canvas, &overview.notes)?;
    }
    let last = canvas.row.saturating_sub(1);
    canvas.sheet.set_print_area(0, 0, last, COLUMNS - 1)?;
    canvas.sheet.set_page_breaks(&breaks)?;
    if let Some(color) = look::tab(Tab::Result) {
        canvas.sheet.set_tab_color(color);
    }
    let footer = canvas.book.footer.clone();
    page::set_up(&mut canvas.sheet, Paper::Landscape(0.0), &footer);
    canvas.finish();
    Ok(())
}

fn write_lines(canvas: &mut Canvas<'_>, lines: &[String]) -> Result<(), WorkbookError> {
    for line in lines {
        canvas.text((0, COLUMNS - 1), line, &look::note())?;
        let characters = NAME_CHARACTERS + FIGURE_CHARACTERS * (u32::from(COLUMNS) - 1);
        canvas.end_row(row_points(lines_across(line, f64::from(characters))))?;
    }
    Ok(())
}

/// The first tile is as wide as the column of names, each other one as two columns of figures.
fn write_tiles(canvas: &mut Canvas<'_>, tiles: &[Tile]) -> Result<(), WorkbookError> {
    canvas.end_row(8)?;
    let formats = look::tile();
    for (line, (points, format)) in [20, 32, 18].into_iter().zip(&formats).enumerate() {
        for (index, tile) in (0_u16..).zip(tiles) {
            let columns = if index == 0 { (0, 0) } else { (index * 2 - 1, index * 2) };
            let text = [&tile.name, &tile.figure, &tile.remark][line];
            canvas.text(columns, text, format)?;
        }
        canvas.end_row(points)?;
    }
    Ok(())
}

fn write_panel(canvas: &mut Canvas<'_>, panel: &Panel<'_>) -> Result<(), WorkbookError> {
    canvas.text((0, COLUMNS - 1), &panel.heading, &look::section())?;
    canvas.end_row(24)?;
    canvas.end_row(6)?;
    let (table_row, table_pixels) = (canvas.row, canvas.top_pixels);
    let first_row = write_table(canvas, panel)?;
    let Some(chart) = &panel.chart else {
        return Ok(());
    };
    let drawn = chart.rows.unwrap_or(panel.rows.len()).min(panel.rows.len());
    if drawn == 0 {
        return Ok(());
    }
    let height = chart_pixels(chart, drawn);
    let beside = panel.chart_beside(chart);
    if !beside {
        canvas.end_row(10)?;
    }
    let (row, column, offset, top, width) = if beside {
        let columns = table_columns(panel);
        let left = NAME_PIXELS + (u32::from(columns) - 1) * FIGURE_PIXELS + GAP_PIXELS;
        (table_row, columns, GAP_PIXELS, table_pixels, PAGE_PIXELS - left)
    } else {
        (canvas.row, 0, 0, canvas.top_pixels, PAGE_PIXELS)
    };
    let drawing = chart.draw(&series(canvas, panel, chart, first_row, drawn)?, width, height);
    canvas.sheet.insert_chart_with_offset(row, column, &drawing, offset, 0)?;
    canvas.reach(top + height)
}

/// Writes the table of a panel and gives its first row of data.
fn write_table(canvas: &mut Canvas<'_>, panel: &Panel<'_>) -> Result<u32, WorkbookError> {
    let columns = usize::from(COLUMNS).min(panel.columns.len());
    if columns == 0 || panel.columns.len() > columns {
        let sheet = canvas.name.clone();
        return Err(WorkbookError::ColumnCount { sheet, columns: panel.columns.len() });
    }
    let mut lines = 1;
    for (index, column) in (0..).zip(&panel.columns) {
        let label = label(column, canvas.book.lang);
        lines = lines.max(wrapped_lines(&label, characters(index) - 2));
        canvas.text((index, index), &label, &look::header())?;
    }
    canvas.end_row(row_points(lines) + 6)?;
    let first_row = canvas.row;
    if panel.rows.is_empty() {
        canvas.text((0, table_columns(panel) - 1), &panel.empty_text, &look::empty())?;
        canvas.end_row(24)?;
        return Ok(first_row);
    }
    let plain = RowLook::new(&panel.columns, RowStyle::Plain);
    let total = RowLook::new(&panel.columns, RowStyle::Total);
    for (style, values) in &panel.rows {
        let look = if *style == RowStyle::Plain { &plain } else { &total };
        write_row(canvas, panel, look, values)?;
    }
    Ok(first_row)
}

fn write_row(canvas: &mut Canvas<'_>, panel: &Panel<'_>, look: &RowLook, values: &[Value<'_>]) -> Result<(), WorkbookError> {
    if values.len() != panel.columns.len() {
        return Err(WorkbookError::RowShape { sheet: canvas.name.clone(), columns: panel.columns.len(), values: values.len() });
    }
    let mut lines = 1;
    let mut cells = CellWriter {
        sheet: &mut canvas.sheet,
        name: &canvas.name,
        look,
        lang: canvas.book.lang,
        report: &mut canvas.book.report,
        inherit: false,
    };
    for ((index, column), value) in (0..).zip(&panel.columns).zip(values) {
        cells.put(canvas.row, index, column.kind, value)?;
        if let (Value::Text(text), ColumnKind::Text) = (value, column.kind) {
            lines = lines.max(wrapped_lines(text, characters(index) - 2));
        }
    }
    canvas.end_row(if lines > 1 { row_points(lines) } else { ROW_POINTS })
}

fn characters(column: u16) -> u32 {
    if column == 0 { NAME_CHARACTERS } else { FIGURE_CHARACTERS }
}

fn table_columns(panel: &Panel<'_>) -> u16 {
    u16::try_from(panel.columns.len()).unwrap_or(COLUMNS).clamp(1, COLUMNS)
}

fn chart_pixels(chart: &Chart, categories: usize) -> u32 {
    if chart.lies() {
        let bars = u32::try_from(categories).unwrap_or(u32::MAX);
        bars.saturating_mul(BAR_PIXELS).saturating_add(AROUND_BARS_PIXELS).clamp(CHART_PIXELS / 2, 2_000)
    } else {
        CHART_PIXELS
    }
}

fn series<'c>(
    canvas: &'c Canvas<'_>,
    panel: &'c Panel<'_>,
    chart: &Chart,
    first_row: u32,
    drawn: usize,
) -> Result<Vec<SeriesCells<'c>>, WorkbookError> {
    let least_label = chart.least_label(&panel.rows[..drawn]);
    let last_row = first_row + u32::try_from(drawn - 1).unwrap_or(0);
    let cells = chart.columns.iter().enumerate().map(|(index, column)| {
        let missing = || WorkbookError::ChartColumn { chart: chart.title.clone(), column: *column };
        let header = panel.columns.get(*column).ok_or_else(missing)?.header.as_str();
        let column = u16::try_from(*column).map_err(|_| missing())?;
        Ok(SeriesCells { sheet: &canvas.name, first_row, last_row, header, column, index, least_label })
    });
    cells.collect()
}

impl Panel<'_> {
    fn chart_beside(&self, chart: &Chart) -> bool {
        let table = NAME_PIXELS + (u32::from(table_columns(self)) - 1) * FIGURE_PIXELS;
        chart.place == ChartPlace::Auto && table + GAP_PIXELS + CHART_MIN_PIXELS <= PAGE_PIXELS
    }

    /// Estimates the height of the panel, to decide where a page ends.
    fn pixels(&self) -> u32 {
        let pixels = |points: u32| points * 4 / 3;
        let header = if self.columns.iter().any(|column| column.has_unit()) { 2 } else { 1 };
        let rows = u32::try_from(self.rows.len().max(1)).unwrap_or(u32::MAX);
        let heading = pixels(30);
        let table = pixels(row_points(header) + 6).saturating_add(rows.saturating_mul(pixels(ROW_POINTS) + 1));
        let Some(chart) = &self.chart else {
            return heading.saturating_add(table);
        };
        let height = chart_pixels(chart, chart.rows.unwrap_or(self.rows.len()));
        let body = if self.chart_beside(chart) { table.max(height) } else { table.saturating_add(height + 14) };
        heading.saturating_add(body)
    }
}

impl Chart {
    /// Gives the least figure that has room on a bar: a tenth of the highest stack.
    fn least_label(&self, rows: &[(RowStyle, Vec<Value<'_>>)]) -> i64 {
        if !self.stacks() {
            return 0;
        }
        let count = |values: &[Value<'_>], column: &usize| match values.get(*column) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        };
        let stack = |values: &[Value<'_>]| self.columns.iter().map(|column| count(values, column)).fold(0, i64::saturating_add);
        rows.iter().map(|(_, values)| stack(values)).max().unwrap_or(0) / 10
    }
}
