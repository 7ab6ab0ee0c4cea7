//! How sheets are printed.
//!
//! Owns paper, margins, footer. Every sheet is one page wide.

use rust_xlsxwriter::Worksheet;

const A3: u8 = 8;
const A4: u8 = 9;

/// Half-width characters beyond which A4 landscape would print smaller than about 6 points.
const A4_CHARACTERS: f64 = 230.0;

/// Paper that a sheet is printed on.
#[derive(Clone, Copy)]
pub(super) enum Paper {
    /// One page of A4 portrait: a cover, whose lines to sign on never stand alone.
    Portrait,
    /// A4 landscape, or A3 where so many half-width characters side by side would be too small to read.
    Landscape(f64),
}

/// Sets up paper, margins and footer.
pub(super) fn set_up(sheet: &mut Worksheet, paper: Paper, footer: &str) {
    let size = if matches!(paper, Paper::Landscape(characters) if characters > A4_CHARACTERS) { A3 } else { A4 };
    if matches!(paper, Paper::Landscape(_)) {
        sheet.set_landscape();
    }
    // As many pages as it takes, except for a cover.
    let pages = u16::from(matches!(paper, Paper::Portrait));
    sheet
        .set_paper_size(size)
        .set_margins(0.5, 0.5, 0.6, 0.75, 0.3, 0.35)
        .set_print_fit_to_pages(1, pages)
        .set_print_center_horizontally(true)
        .set_screen_gridlines(false)
        .set_footer(footer);
}

/// Composes the footer: title of the workbook, page numbers, name of the sheet.
pub(super) fn footer(title: &str, pages: &str) -> String {
    // Excel takes at most 255 characters; a digit behind &9 would be read as part of the size.
    let title: String = title.chars().filter(|letter| !letter.is_control()).take(80).collect();
    format!("&L&9 {}&C&9 {pages}&R&9 &A", title.replace('&', "&&"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_title_cannot_become_a_footer_code() {
        assert_eq!(super::footer("R&D 2025", "第 &P 页"), "&L&9 R&&D 2025&C&9 第 &P 页&R&9 &A");
        assert!(super::footer(&"&".repeat(300), "&P").len() <= 255);
    }
}
