//! Rows of a table that are no records: each has a kind, and none is lost.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a row of a table is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsideKind {
    /// Title and other words above the header.
    Title,
    /// Units of the columns or of the table: 千元, 单位：千元.
    Units,
    /// Words for the period that the columns are of anyway: 本年.
    Periods,
    /// Numbers of the columns: 甲 乙 1 2 3.
    Numbering,
    /// Indicator codes: 代码 301 307.
    Codes,
    /// The header again, as on the next page.
    Header,
    /// A sum over the table.
    Total,
    /// A sum over a part of it.
    Subtotal,
    /// Figures of a town or zone without a word that says that they are its sum.
    PlaceTotal,
    /// The heading of a group or place, or a word of the page.
    Heading,
    /// Shares and parts of other rows: 占比, 其中.
    Share,
    /// Remarks, and who filled the table in.
    Footer,
    /// What stands below the footer.
    BelowFooter,
    /// A row that names a person among data.
    Personal,
    /// A row that holds nothing in a column that is read.
    Unlabelled,
    /// What stands below a table under a header that is not known.
    Unknown,
}

impl AsideKind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [AsideKind; 16] = [
        AsideKind::Title,
        AsideKind::Units,
        AsideKind::Periods,
        AsideKind::Numbering,
        AsideKind::Codes,
        AsideKind::Header,
        AsideKind::Total,
        AsideKind::Subtotal,
        AsideKind::PlaceTotal,
        AsideKind::Heading,
        AsideKind::Share,
        AsideKind::Footer,
        AsideKind::BelowFooter,
        AsideKind::Personal,
        AsideKind::Unlabelled,
        AsideKind::Unknown,
    ];

    /// The word in data files; `aside.<id>` is its name in the catalogue of words.
    pub fn id(self) -> &'static str {
        match self {
            AsideKind::Title => "title",
            AsideKind::Units => "units",
            AsideKind::Periods => "periods",
            AsideKind::Numbering => "numbering",
            AsideKind::Codes => "codes",
            AsideKind::Header => "header",
            AsideKind::Total => "total",
            AsideKind::Subtotal => "subtotal",
            AsideKind::PlaceTotal => "place_total",
            AsideKind::Heading => "heading",
            AsideKind::Share => "share",
            AsideKind::Footer => "footer",
            AsideKind::BelowFooter => "below_footer",
            AsideKind::Personal => "personal",
            AsideKind::Unlabelled => "unlabelled",
            AsideKind::Unknown => "unknown",
        }
    }
}

/// Rows by kind.
pub type Asides = BTreeMap<AsideKind, Rows>;

/// Row numbers, each once, as ranges from first to last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rows(Vec<(u32, u32)>);

impl Rows {
    /// Adds a row; those of a sheet mostly come from top to bottom.
    pub fn add(&mut self, row: u32) {
        let at = self.0.partition_point(|(first, _)| *first <= row);
        match at.checked_sub(1).map(|before| &mut self.0[before]) {
            Some((_, last)) if row <= *last => {}
            Some((_, last)) if row == *last + 1 => {
                *last = row;
                // It may have closed the gap to the next range.
                if let Some((_, end)) = self.0.get(at).copied().filter(|(first, _)| *first == row + 1) {
                    self.0[at - 1].1 = end;
                    self.0.remove(at);
                }
            }
            _ => match self.0.get_mut(at) {
                Some((first, _)) if *first == row + 1 => *first = row,
                _ => self.0.insert(at, (row, row)),
            },
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Ranges from first to last, in order.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// The first row.
    pub fn first(&self) -> Option<u32> {
        self.0.first().map(|(first, _)| *first)
    }

    /// Every row, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// As people write them, the first `most` ranges: `5、18-20`; and how many rows that leaves out.
    pub fn shown(&self, most: usize) -> (String, u64) {
        let (told, rest) = self.0.split_at(most.min(self.0.len()));
        let range = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
        let left_out = rest.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        (told.iter().map(range).collect::<Vec<_>>().join("、"), left_out)
    }
}

impl Extend<u32> for Rows {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.add(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn rows_are_a_set_in_whatever_order_they_come(rows in proptest::collection::vec(1_u32..40, 0..60)) {
            let mut set = Rows::default();
            set.extend(rows.iter().copied());
            let want: BTreeSet<u32> = rows.into_iter().collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), want.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.count(), want.len() as u64);
            prop_assert!(set.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ranges that touch are one");
        }
    }

    #[test]
    fn ranges_read_as_people_write_them() {
        let mut rows = Rows::default();
        rows.extend([5, 18, 20, 19, 40]);
        assert_eq!(rows.shown(9), ("5、18-20、40".to_owned(), 0));
        assert_eq!(rows.shown(1), ("5".to_owned(), 4));
    }
}
