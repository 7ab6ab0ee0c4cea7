//! Tells what each cell style shows numbers as, and whether it strikes its text out.
//!
//! Facts: ECMA-376 part 1, 18.8.10 (`cellXfs`), 18.8.23 (`fonts`), 18.8.31 (`numFmts`).

use std::collections::HashMap;

use super::super::archive::Archive;
use super::super::limits::Limits;
use super::super::number_format::Format;
use super::super::row::Refusal;
use super::super::xml::Tag;
use super::package::each_start;

/// The number format of each cell style, and which styles strike out.
#[derive(Debug, Default)]
pub(super) struct Styles {
    formats: Vec<Format>,
    /// Empty where no style does.
    struck: Vec<bool>,
}

impl Styles {
    /// Reads the styles part; a part that is missing leaves every number a number.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let bytes = archive.small(part)?;
        let mut formats = HashMap::new();
        let mut ids = Vec::new();
        let (mut fonts, mut font_of) = (Vec::new(), Vec::new());
        // The container decides: `dxfs` and `cellStyleXfs` hold elements of the same names.
        let mut container = Container::Other;
        each_start(&bytes, part, limits, |tag| match tag.name {
            b"numFmts" => container = Container::Formats,
            b"cellXfs" => container = Container::Cells,
            b"fonts" => container = Container::Fonts,
            b"font" if container == Container::Fonts => fonts.push(false),
            b"strike" if container == Container::Fonts => {
                if let Some(last) = fonts.last_mut() {
                    *last = tag.attribute(b"val").is_none() || tag.flag(b"val");
                }
            }
            b"fills" | b"borders" | b"cellStyleXfs" | b"cellStyles" | b"dxfs" | b"tableStyles" | b"colors" | b"extLst" => {
                container = Container::Other
            }
            b"numFmt" if container == Container::Formats => {
                if let (Some(id), Some(code)) = (number(tag), tag.text(b"formatCode")) {
                    formats.insert(id, Format::of_code(&code));
                }
            }
            b"xf" if container == Container::Cells => {
                ids.push(number(tag).unwrap_or(0));
                font_of.push(tag.text(b"fontId").and_then(|id| id.parse::<usize>().ok()).unwrap_or(0));
            }
            _ => {}
        })?;
        let formats = ids.into_iter().map(|id| formats.get(&id).cloned().unwrap_or_else(|| Format::of_builtin(id))).collect();
        let struck = font_of.into_iter().map(|font| fonts.get(font).copied().unwrap_or(false));
        let struck = if fonts.contains(&true) { struck.collect() } else { Vec::new() };
        Ok(Self { formats, struck })
    }

    /// Whether a style strikes out what its cells hold.
    #[inline]
    pub(super) fn is_struck(&self, style: usize) -> bool {
        !self.struck.is_empty() && self.struck.get(style).copied().unwrap_or(false)
    }

    /// Returns the number format of a style.
    #[inline]
    pub(super) fn format(&self, style: usize) -> &Format {
        self.formats.get(style).unwrap_or(&Format::Plain)
    }
}

/// Which list the scan is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Formats,
    Fonts,
    Cells,
    Other,
}

/// Returns a tag's format id.
fn number(tag: &Tag<'_>) -> Option<u32> {
    let id = tag.attribute(b"numFmtId")?;
    std::str::from_utf8(id).ok()?.trim().parse().ok()
}
