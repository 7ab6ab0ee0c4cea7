//! Bars that lie, in one part or stacked in several.

use super::{Anchor, Canvas, Ink, breadth, fitting, named, scaled};
use crate::portal::text::grouped;

/// A bar: its name and the numbers of its parts, one a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Its parts.
    pub parts: Vec<u64>,
}

/// A chart of bars.
#[derive(Debug, Clone)]
pub struct BarChart<'a> {
    /// Its own word within the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// Its content in a sentence.
    pub description: &'a str,
    /// The series, in the order of the parts.
    pub series: &'a [(String, Ink)],
    /// The bars, from the top.
    pub bars: &'a [Bar],
}

const WIDTH: f64 = 720.0;
const ROW: f64 = 34.0;
const BAR: f64 = 22.0;

impl BarChart<'_> {
    /// The chart as SVG.
    pub fn draw(&self) -> String {
        let total = |bar: &Bar| bar.parts.iter().sum::<u64>();
        let longest = self.bars.iter().map(total).max().unwrap_or(0);
        let names = self.bars.iter().map(|b| breadth(&b.name)).fold(60.0, f64::max).min(WIDTH * 0.42);
        let room = WIDTH - names - 14.0 - breadth(&grouped(longest)) - 8.0;
        let used: Vec<(String, Ink)> =
            self.series.iter().enumerate().filter(|(i, _)| self.bars.iter().any(|b| b.parts[*i] > 0)).map(|(_, s)| s.clone()).collect();
        let mut canvas = Canvas::new(self.id, WIDTH, 0.0);
        let mut y = if self.series.len() > 1 { canvas.legend(&used, 0.0) + 4.0 } else { 2.0 };
        for bar in self.bars {
            canvas.text((names, y + 16.0), Anchor::End, "", &fitting(&bar.name, names));
            let mut x = names + 10.0;
            for (number, (name, ink)) in bar.parts.iter().zip(self.series).filter(|(n, _)| **n > 0) {
                // What is there is seen, however little it is.
                let width = scaled(*number, longest, room).max(2.0);
                canvas.area((x, y), (width, BAR), *ink, &named(name, *number));
                let figure = grouped(*number);
                if self.series.len() > 1 && ink.dark() && breadth(&figure) + 6.0 < width {
                    canvas.text((x + width / 2.0, y + 16.0), Anchor::Middle, "on-dark", &figure);
                }
                x += width;
            }
            canvas.text((x + 6.0, y + 16.0), Anchor::Start, "total", &grouped(total(bar)));
            y += ROW;
        }
        canvas.rule((names + 10.0, 0.0_f64.max(y - ROW * self.bars.len() as f64 - 4.0)), (names + 10.0, y - 4.0));
        canvas.height = y;
        canvas.finish(self.title, self.description)
    }
}
