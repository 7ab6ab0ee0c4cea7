//! Charts of a few years as bars, drawn here as SVG: shapes by whole numbers, texts beside them in a table.

use crate::portal::pool::money;

/// Height of the tallest bar, and what lies around the bars.
const HEIGHT: i128 = 110;
const TOP: i128 = 24;
const STEP: i128 = 96;
const WIDTH: i128 = 52;

/// A chart of one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearChart {
    /// What it shows.
    pub title: String,
    /// Size of the drawing.
    pub width: i128,
    /// Size of the drawing.
    pub height: i128,
    /// Where zero lies.
    pub zero: i128,
    /// Bars from left to right.
    pub bars: Vec<YearBar>,
}

/// A year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearBar {
    /// Left edge.
    pub x: i128,
    /// Upper edge.
    pub y: i128,
    /// Height; 0 where nothing is stated.
    pub height: i128,
    /// Middle, for texts.
    pub middle: i128,
    /// Where the figure's text stands.
    pub text_y: i128,
    /// The year.
    pub year: String,
    /// The figure in ten thousand yuan; empty where nothing is stated.
    pub figure: String,
    /// Whether it lies below zero.
    pub below: bool,
}

/// Draws the figures of years, yuan at scale 4; nothing if none is stated.
pub fn draw_years(title: &str, years: &[(i32, Option<i128>)]) -> Option<YearChart> {
    let stated = || years.iter().filter_map(|(_, v)| *v);
    let (most, least) = (stated().max()?.max(0), stated().min()?.min(0));
    let span = (most - least).max(1);
    let scaled = |value: i128| value * HEIGHT / span;
    let zero = TOP + scaled(most);
    let bars = years.iter().zip(0..).map(|((year, value), place)| {
        let x = 22 + place * STEP;
        let size = scaled(value.unwrap_or(0).abs()).max(i128::from(value.is_some()));
        let below = value.is_some_and(|v| v < 0);
        let y = if below { zero } else { zero - size };
        YearBar {
            x,
            y,
            height: size,
            middle: x + WIDTH / 2,
            text_y: if below { y + size + 15 } else { y - 6 },
            year: year.to_string(),
            figure: value.map(money).unwrap_or_default(),
            below,
        }
    });
    let bars: Vec<YearBar> = bars.collect();
    let below = if least < 0 { 20 } else { 0 };
    Some(YearChart { title: title.to_owned(), width: 22 + bars.len() as i128 * STEP, height: TOP + HEIGHT + below + 24, zero, bars })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_tall_as_their_figures_and_losses_hang() {
        let chart = draw_years("利润总额", &[(2023, Some(100_0000)), (2024, None), (2025, Some(-50_0000))]).expect("a chart");
        let [first, none, last] = &chart.bars[..] else { panic!("three bars") };
        assert_eq!((first.height, none.height, last.height), (73, 0, 36));
        assert_eq!(first.y + first.height, chart.zero);
        assert_eq!((last.y, last.below), (chart.zero, true));
        assert!(none.figure.is_empty());
        assert_eq!(draw_years("x", &[(2025, None)]), None);
    }
}
