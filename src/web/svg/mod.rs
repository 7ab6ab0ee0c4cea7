//! Charts drawn on the server, as SVG within a page.
//!
//! Owns: bars (`bars`), lines (`lines`), bands from where things came to where they went (`flow`), bars of years
//! whose texts a page writes itself (`years`). A chart knows numbers
//! and labels, nothing of what they are about.
//! Invariants: no style attribute and no script, which the content policy forbids; every series differs by pattern or
//! shape and not by color alone; texts are escaped; a chart names itself and its content to those who cannot see it.

mod bars;
mod flow;
mod lines;
mod years;

pub use bars::{Bar, BarChart};
pub use flow::{FlowChart, Node};
pub use lines::{LineChart, LineSeries};
pub use years::{YearChart, draw_years};

use crate::portal::text::grouped;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a series is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// What must be corrected: solid.
    Error,
    /// What must be explained: stripes.
    Explain,
    /// For information: dots.
    Note,
    /// What went well: solid, dark.
    Good,
    /// The rest of what went well: light.
    Plain,
    /// Set apart: upright stripes.
    Apart,
    /// Repeated: crossed.
    Crossed,
    /// Gone: an empty frame.
    Faint,
}

impl Ink {
    const ALL: [Ink; 8] = [Ink::Error, Ink::Explain, Ink::Note, Ink::Good, Ink::Plain, Ink::Apart, Ink::Crossed, Ink::Faint];

    /// Ground, figure and the figure's shape within a square of eight.
    fn look(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Ink::Error => ("#a3261e", "#a3261e", ""),
            Ink::Explain => ("#ffe2b0", "#9a5b00", "M-2 2l4-4M0 8l8-8M6 10l4-4"),
            Ink::Note => ("#dcebf8", "#2b5a86", "M2 3h2v2h-2zM6 7h2v2h-2z"),
            Ink::Good => ("#14603a", "#14603a", ""),
            Ink::Plain => ("#b9d4c3", "#b9d4c3", ""),
            Ink::Apart => ("#fbe3e0", "#a3261e", "M2 0v8M6 0v8"),
            Ink::Crossed => ("#e6e9ed", "#4d5a67", "M0 0l8 8M8 0l-8 8"),
            Ink::Faint => ("#fff", "#7b8794", "M0 4h8"),
        }
    }

    /// Whether white is read on it.
    fn dark(self) -> bool {
        matches!(self, Ink::Error | Ink::Good)
    }

    fn id(self) -> usize {
        Self::ALL.iter().position(|ink| *ink == self).unwrap_or_default()
    }
}

/// A drawing under way.
struct Canvas {
    id: String,
    width: f64,
    height: f64,
    out: String,
    inks: Vec<Ink>,
}

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Size of the type; a letter is half as wide, a hanzi as wide.
const TYPE: f64 = 14.0;

impl Canvas {
    /// An empty one; `id` is its own within the page.
    fn new(id: &str, width: f64, height: f64) -> Self {
        Self { id: id.to_owned(), width, height, out: String::new(), inks: Vec::new() }
    }

    fn fill(&mut self, ink: Ink) -> String {
        if !self.inks.contains(&ink) {
            self.inks.push(ink);
        }
        format!("url(#{}-{})", self.id, ink.id())
    }

    /// A filled box with its title for whoever points at it.
    fn area(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), ink: Ink, title: &str) {
        let (fill, edge) = (self.fill(ink), ink.look().1);
        let _ = write!(
            self.out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}" stroke="{edge}"><title>{}</title></rect>"#,
            escaped(title)
        );
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(self.out, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{}</text>"#, escaped(text));
    }

    fn rule(&mut self, from: (f64, f64), to: (f64, f64)) {
        let _ = write!(self.out, r#"<path d="M{:.1} {:.1}L{:.1} {:.1}" class="rule"/>"#, from.0, from.1, to.0, to.1);
    }

    /// Names of the series, side by side, in lines as wide as the drawing; gives the height taken.
    fn legend(&mut self, series: &[(String, Ink)], top: f64) -> f64 {
        let (mut x, mut y) = (0.0, top);
        for (name, ink) in series {
            let width = 22.0 + breadth(name) + 20.0;
            if x > 0.0 && x + width > self.width {
                (x, y) = (0.0, y + 22.0);
            }
            self.area((x + 1.0, y + 2.0), (14.0, 14.0), *ink, name);
            self.text((x + 21.0, y + 14.0), Anchor::Start, "", name);
            x += width;
        }
        y - top + 26.0
    }

    /// The finished drawing, which says what it is.
    fn finish(self, title: &str, description: &str) -> String {
        let Self { id, width, height, out, inks } = self;
        let mut patterns = String::new();
        for ink in inks {
            let (ground, figure, shape) = ink.look();
            let _ = write!(
                patterns,
                r#"<pattern id="{id}-{}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="{ground}"/><path d="{shape}" stroke="{figure}" stroke-width="1.4" fill="none"/></pattern>"#,
                ink.id()
            );
        }
        format!(
            r#"<svg class="chart" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc><defs>{patterns}</defs>{out}</svg>"#,
            escaped(title),
            escaped(description)
        )
    }
}

/// How wide a text is.
fn breadth(text: &str) -> f64 {
    text.width() as f64 * TYPE / 2.0 + 2.0
}

/// A text that fits, with an ellipsis where it was cut.
fn fitting(text: &str, width: f64) -> String {
    if breadth(text) <= width {
        return text.to_owned();
    }
    let mut room = width - breadth("…");
    let fits = |c: &char| {
        room -= c.width().unwrap_or(0) as f64 * TYPE / 2.0;
        room >= 0.0
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The next number of the form 1, 2 or 5 with noughts.
fn ceiling(number: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let round = step.saturating_mul(factor);
            if round >= number {
                return round;
            }
        }
        step = step.saturating_mul(10);
    }
}

/// A part of a whole as a length.
fn scaled(part: u64, whole: u64, length: f64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * length }
}

fn named(name: &str, number: u64) -> String {
    format!("{name} {}", grouped(number))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
