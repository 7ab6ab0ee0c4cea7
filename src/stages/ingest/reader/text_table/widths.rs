//! How long the rows of a text table are.
//!
//! Most programs write as many fields in each row; some leave blank fields at the end of a row out, so that their rows are of every
//! length and none ends in a blank field.

/// Rows shorter than most from which a program is taken to leave blanks out, and which share of all they must be.
const SHORT_ROWS: usize = 3;
const SHORT_SHARE: usize = 10;

/// The lengths of the rows of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Widths {
    /// The length of most rows.
    pub(super) usual: usize,
    /// Whether blank fields at the end of rows are left out.
    pub(super) trimmed: bool,
}

impl Widths {
    /// Measures the whole rows of a sample.
    pub(super) fn of(sample: &str, delimiter: u8) -> Self {
        let whole = sample.rfind('\n').map_or(sample, |end| &sample[..=end]);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(whole.as_bytes());
        let (mut widths, mut blank_end) = (Vec::new(), false);
        for record in reader.byte_records().map_while(Result::ok).filter(|record| record.len() > 1) {
            blank_end |= record.iter().next_back().is_some_and(<[u8]>::is_empty);
            widths.push(record.len());
        }
        widths.sort_unstable();
        let usual = widths.chunk_by(|one, other| one == other).max_by_key(|group| group.len()).map_or(0, |group| group[0]);
        // Where lengths vary most rows may be short ones; the longest is then that of the header.
        let longest = widths.last().copied().unwrap_or(0);
        let short = widths.iter().filter(|width| **width < longest).count();
        let trimmed = !blank_end && short >= SHORT_ROWS && short * SHORT_SHARE >= widths.len();
        Self { usual: if trimmed { longest } else { usual }, trimmed }
    }

    /// The length of a row, blank fields that were left out counted.
    pub(super) fn length(self, fields: usize) -> usize {
        if self.trimmed { fields.max(self.usual) } else { fields }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_length_and_rows_whose_blanks_are_left_out() {
        let of = |sample: &str| Widths::of(sample, b',');
        assert_eq!(of("标题\na,b,c\n1,2,3\n4,5\n"), Widths { usual: 3, trimmed: false });
        assert_eq!(of("a,b,c\n1,2,\n1,2\n1\n1,2\n1,2\n"), Widths { usual: 2, trimmed: false }, "one ends in a blank");
        assert_eq!(of("a,b,c,d\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n"), Widths { usual: 4, trimmed: true });
        assert_eq!(of(""), Widths::default());
    }
}
