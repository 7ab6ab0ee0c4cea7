//! Bands from where things came to where they went, as broad as they are many.

use super::{Anchor, Canvas, Ink, breadth, fitting, named, scaled};
use crate::portal::text::grouped;
use std::fmt::Write;

/// Begins and ends on one side.
type Spans<'a> = &'a [(f64, f64)];

/// An end of bands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its look; of an origin, that of its block alone.
    pub ink: Ink,
}

/// A chart of bands.
#[derive(Debug, Clone)]
pub struct FlowChart<'a> {
    /// Its own word within the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// Its content in a sentence.
    pub description: &'a str,
    /// Where things came from.
    pub from: &'a [Node],
    /// Where they went.
    pub to: &'a [Node],
    /// For each origin, how many went to each end.
    pub numbers: &'a [Vec<u64>],
}

const WIDTH: f64 = 960.0;
const BLOCK: f64 = 14.0;
/// Between the blocks of a side; also the least height that a name needs.
const GAP: f64 = 12.0;
const LEAST: f64 = 22.0;

/// Top and height of the blocks of a side: as high as what they hold, but high enough for their names.
fn blocks(sums: &[u64], whole: u64, length: f64) -> Vec<(f64, f64)> {
    let mut top = 8.0;
    sums.iter()
        .map(|sum| {
            let height = scaled(*sum, whole, length).max(2.0);
            let at = top;
            top += height.max(LEAST) + GAP;
            (at, height)
        })
        .collect()
}

impl FlowChart<'_> {
    /// The chart as SVG.
    pub fn draw(&self) -> String {
        let came: Vec<u64> = self.numbers.iter().map(|n| n.iter().sum()).collect();
        let went: Vec<u64> = (0..self.to.len()).map(|i| self.numbers.iter().map(|n| n[i]).sum()).collect();
        let whole = came.iter().sum::<u64>();
        let length = 60.0 + 44.0 * self.from.len().max(self.to.len()) as f64;
        let (left, right) = (blocks(&came, whole, length), blocks(&went, whole, length));
        let bottom = |blocks: &[(f64, f64)]| blocks.last().map_or(0.0, |(top, height)| top + height.max(LEAST));
        let label = |node: &Node, number: &u64| breadth(&format!("{}　{}", node.name, grouped(*number))) + 12.0;
        let names = |nodes: &[Node], sums: &[u64]| nodes.iter().zip(sums).map(|(n, s)| label(n, s)).fold(80.0, f64::max).min(WIDTH * 0.32);
        let (start, end) = (names(self.from, &came), WIDTH - names(self.to, &went) - BLOCK);
        let mut canvas = Canvas::new(self.id, WIDTH, bottom(&left).max(bottom(&right)) + 4.0);
        self.bands(&mut canvas, (&left, &right), whole, length, (start + BLOCK, end));
        for ((node, sum), (top, height)) in self.from.iter().zip(&came).zip(&left) {
            let text = fitting(&format!("{}　{}", node.name, grouped(*sum)), start - 8.0);
            canvas.area((start, *top), (BLOCK, *height), node.ink, &named(&node.name, *sum));
            canvas.text((start - 8.0, middle(*top, *height)), Anchor::End, "", &text);
        }
        for ((node, sum), (top, height)) in self.to.iter().zip(&went).zip(&right) {
            let text = fitting(&format!("{}　{}", node.name, grouped(*sum)), WIDTH - end - BLOCK - 8.0);
            canvas.area((end, *top), (BLOCK, *height), node.ink, &named(&node.name, *sum));
            canvas.text((end + BLOCK + 8.0, middle(*top, *height)), Anchor::Start, "", &text);
        }
        canvas.finish(self.title, self.description)
    }

    fn bands(&self, canvas: &mut Canvas, (left, right): (Spans<'_>, Spans<'_>), whole: u64, length: f64, (x, end): (f64, f64)) {
        let mut arrived: Vec<f64> = right.iter().map(|(top, _)| *top).collect();
        let half = (x + end) / 2.0;
        for ((numbers, (top, _)), origin) in self.numbers.iter().zip(left).zip(self.from) {
            let mut leaving = *top;
            for ((number, to), goal) in numbers.iter().zip(&mut arrived).zip(self.to).filter(|((n, _), _)| **n > 0) {
                let breadth = scaled(*number, whole, length).max(0.8);
                let (a, b) = (leaving, *to);
                let (c, d) = (a + breadth, b + breadth);
                let (color, title) = (goal.ink.look(), format!("{} → {}", origin.name, named(&goal.name, *number)));
                let color = if goal.ink.dark() { color.0 } else { color.1 };
                let _ = write!(
                    canvas.out,
                    r#"<path class="band" d="M{x:.1} {a:.1}C{half:.1} {a:.1} {half:.1} {b:.1} {end:.1} {b:.1}L{end:.1} {d:.1}C{half:.1} {d:.1} {half:.1} {c:.1} {x:.1} {c:.1}Z" fill="{color}"><title>{}</title></path>"#,
                    super::escaped(&title)
                );
                leaving += breadth;
                *to += breadth;
            }
        }
    }
}

fn middle(top: f64, height: f64) -> f64 {
    top + height / 2.0 + 5.0
}
