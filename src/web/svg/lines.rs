//! Lines over time, each with dots of a shape of its own and its name at its end.

use super::{Anchor, Canvas, Ink, TYPE, breadth, ceiling, named, scaled};
use crate::portal::text::grouped;
use std::fmt::Write;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSeries {
    /// Its name.
    pub name: String,
    /// Its look.
    pub ink: Ink,
    /// Its numbers, one a moment; nothing where none is known.
    pub numbers: Vec<Option<u64>>,
}

/// A chart of lines.
#[derive(Debug, Clone)]
pub struct LineChart<'a> {
    /// Its own word within the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// Its content in a sentence.
    pub description: &'a str,
    /// Names of the moments, oldest first.
    pub moments: &'a [String],
    /// The lines.
    pub lines: &'a [LineSeries],
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = HEIGHT - 34.0;
const STEPS: u64 = 4;

impl LineChart<'_> {
    /// The chart as SVG.
    pub fn draw(&self) -> String {
        let highest = self.lines.iter().flat_map(|l| &l.numbers).flatten().max().copied().unwrap_or(0);
        let highest = ceiling(highest.div_ceil(STEPS).max(1)) * STEPS;
        let left = breadth(&grouped(highest)) + 8.0;
        let right = WIDTH - self.lines.iter().map(|l| breadth(&l.name)).fold(0.0, f64::max) - 18.0;
        let mut canvas = Canvas::new(self.id, WIDTH, HEIGHT);
        for step in 0..=STEPS {
            let number = highest / STEPS * step;
            let y = BOTTOM - scaled(number, highest, BOTTOM - TOP);
            canvas.rule((left, y), (right, y));
            canvas.text((left - 6.0, y + 5.0), Anchor::End, "soft", &grouped(number));
        }
        let count = self.moments.len();
        let x =
            |i: usize| if count < 2 { (left + right) / 2.0 } else { left + 14.0 + (right - left - 28.0) * i as f64 / (count - 1) as f64 };
        // Names of moments must not run into each other.
        let widest = self.moments.iter().map(|m| breadth(m)).fold(1.0, f64::max) + 10.0;
        let every = ((widest * count as f64) / (right - left)).ceil().max(1.0) as usize;
        for (i, moment) in self.moments.iter().enumerate().filter(|(i, _)| (count - 1 - i).is_multiple_of(every)) {
            let anchor = if i + 1 == count && count > 1 { Anchor::End } else { Anchor::Middle };
            let at = if anchor == Anchor::End { x(i) + 14.0 } else { x(i).max(left + widest / 2.0 - 10.0) };
            canvas.text((at, BOTTOM + 22.0), anchor, "soft", moment);
        }
        let mut ends: Vec<(f64, usize)> = Vec::new();
        for (series, line) in self.lines.iter().enumerate() {
            let points: Vec<(f64, f64, u64)> = line
                .numbers
                .iter()
                .enumerate()
                .filter_map(|(i, n)| n.map(|n| (x(i), BOTTOM - scaled(n, highest, BOTTOM - TOP), n)))
                .collect();
            let Some(last) = points.last() else { continue };
            ends.push((last.1, series));
            canvas.line(&points, series, line);
        }
        for (y, series) in apart(ends) {
            canvas.text((right + 4.0, y + 5.0), Anchor::Start, "", &self.lines[series].name);
        }
        canvas.finish(self.title, self.description)
    }
}

/// Heights of names at the ends of lines, so far apart that each can be read.
fn apart(mut ends: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    for i in 1..ends.len() {
        ends[i].0 = ends[i].0.max(ends[i - 1].0 + TYPE + 3.0);
    }
    let mut limit = BOTTOM;
    for end in ends.iter_mut().rev() {
        end.0 = end.0.min(limit);
        limit = end.0 - TYPE - 3.0;
    }
    ends
}

impl Canvas {
    fn line(&mut self, points: &[(f64, f64, u64)], series: usize, line: &LineSeries) {
        let dashes = ["none", "8 4", "2 4", "10 3 2 3"][series % 4];
        let color = line.ink.look().1;
        let path: String = points.iter().enumerate().fold(String::new(), |mut path, (i, (x, y, _))| {
            let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
            path
        });
        let _ = write!(self.out, r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/>"#);
        for (x, y, number) in points {
            // Circle, square, triangle, diamond.
            let shape = match series % 4 {
                0 => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x - 4.0),
                1 => format!("M{:.1} {:.1}h7v7h-7z", x - 3.5, y - 3.5),
                2 => format!("M{x:.1} {:.1}l4.600 8h-9.200z", y - 5.0),
                _ => format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5z", y - 5.0),
            };
            let _ = write!(
                self.out,
                r#"<path d="{shape}" fill="{color}"><title>{}</title></path>"#,
                super::escaped(&named(&line.name, *number))
            );
        }
    }
}
