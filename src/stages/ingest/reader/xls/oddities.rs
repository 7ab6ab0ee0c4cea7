//! What an old workbook says twice and not alike.
//!
//! Owns: the kinds of disagreement, their words, and the one finding that tells them together. The format has no checksum; whatever it
//! states twice stands in for one.

use std::collections::BTreeMap;

use super::super::feed::Feed;

/// A kind of disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Oddity {
    /// Tables or streams of the container.
    Container,
    /// A record of an unknown kind or a wrong length.
    Record,
    /// The table of shared strings against its layout, or against the cells that use it.
    Strings,
    /// A sheet's kind, name or place.
    Sheet,
    /// A style that there is not, or that is no cell's.
    Style,
    /// A cell outside the range that the sheet states.
    Dimension,
    /// A cell outside the columns that its row states, or in a row that is not stated.
    Row,
}

impl Oddity {
    /// Its Chinese and English words.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Container => ("复合文档结构", "container"),
            Self::Record => ("记录种类或长度", "kind or length of records"),
            Self::Strings => ("字符串表", "table of strings"),
            Self::Sheet => ("工作表目录", "list of sheets"),
            Self::Style => ("单元格样式编号", "styles of cells"),
            Self::Dimension => ("已用区域", "used range"),
            Self::Row => ("行的起止列", "extents of rows"),
        }
    }
}

/// All disagreements of a file.
#[derive(Debug, Default)]
pub(super) struct Oddities(BTreeMap<Oddity, u32>);

impl Oddities {
    /// Counts one.
    pub(super) fn add(&mut self, oddity: Oddity) {
        let count = self.0.entry(oddity).or_default();
        *count = count.saturating_add(1);
    }

    /// Counts one unless something holds.
    pub(super) fn expect(&mut self, holds: bool, oddity: Oddity) {
        if !holds {
            self.add(oddity);
        }
    }

    /// Tells them, once for the file.
    pub(super) fn tell(&self, feed: &mut Feed<'_>) {
        if self.0.is_empty() {
            return;
        }
        let total: u64 = self.0.values().map(|count| u64::from(*count)).sum();
        let list = |english: bool| {
            let one = |(oddity, count): (&Oddity, &u32)| {
                let words = oddity.words();
                if english { format!("{} ({count})", words.1) } else { format!("{}（{count} 处）", words.0) }
            };
            self.0.iter().map(one).collect::<Vec<_>>().join(if english { ", " } else { "、" })
        };
        feed.sheet_note("CEL-240", vec![("count", total.to_string()), ("where", list(false)), ("what", list(true))]);
    }
}
