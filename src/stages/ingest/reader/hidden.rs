//! Hidden columns, however often and in whatever order a file says so.
//!
//! Owns: which columns of a sheet are hidden. Memory is that of one row of columns, so no number of statements costs more than reading them.

use super::limits::MAX_COLUMNS;

/// Collects the hidden columns of a sheet.
#[derive(Debug, Default)]
pub(super) struct HiddenColumns(Vec<bool>);

impl HiddenColumns {
    /// Adds columns counted from 0, both ends included; those that no sheet has are left out.
    pub(super) fn add(&mut self, first: u32, last: u32) {
        let last = last.min(MAX_COLUMNS - 1);
        if first <= last {
            self.0.resize(MAX_COLUMNS as usize, false);
            self.0[first as usize..=last as usize].fill(true);
        }
    }

    /// Returns them as ranges, both ends included, in order and without overlap.
    pub(super) fn ranges(&self) -> Vec<(u32, u32)> {
        let mut end = 0;
        let runs = self.0.chunk_by(|left, right| left == right);
        let ranges = runs.filter_map(|run| {
            let first = end;
            end += run.len() as u32;
            run[0].then_some((first, end - 1))
        });
        ranges.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_in_order_and_apart_however_they_are_stated() {
        let mut hidden = HiddenColumns::default();
        assert_eq!(hidden.ranges(), []);
        for (first, last) in [(7, 9), (2, 3), (2, 2), (4, 4), (9, 11), (5, 1), (16_384, 20_000), (16_383, u32::MAX)] {
            hidden.add(first, last);
        }
        assert_eq!(hidden.ranges(), [(2, 4), (7, 11), (16_383, 16_383)]);
    }
}
