//! Finds the delimiter of a text table by counting.

/// Delimiters in the order of preference.
const CANDIDATES: [u8; 3] = [b',', b'\t', b';'];
/// Lines looked at.
const SAMPLE_LINES: usize = 100;

/// Returns the delimiter that divides most lines into the same number of fields.
pub(super) fn find(sample: &str) -> u8 {
    let mut best = (0, 0, b',');
    for candidate in CANDIDATES {
        let (lines, fields) = agreement(sample.as_bytes(), candidate);
        if (lines, fields) > (best.0, best.1) {
            best = (lines, fields, candidate);
        }
    }
    best.2
}

/// Returns the most frequent number of delimiters per line, other than none, and how many lines have it.
fn agreement(sample: &[u8], delimiter: u8) -> (usize, usize) {
    let mut counts: Vec<usize> = Vec::new();
    let (mut count, mut quoted) = (0, false);
    for byte in sample {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                counts.push(std::mem::take(&mut count));
                if counts.len() == SAMPLE_LINES {
                    break;
                }
            }
            byte if *byte == delimiter && !quoted => count += 1,
            _ => {}
        }
    }
    if count > 0 && counts.len() < SAMPLE_LINES {
        counts.push(count);
    }
    counts.retain(|count| *count > 0);
    counts.sort_unstable();
    counts.chunk_by(|one, other| one == other).map(|group| (group.len(), group[0])).max().unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn delimiters() {
        assert_eq!(find("a,b,c\n1,2,3\n"), b',');
        assert_eq!(find("a\tb\n1,5\t2\n2,5\t3\n"), b'\t');
        assert_eq!(find("a;b;c\n1,5;2;3\n4;5;6\n"), b';');
        assert_eq!(find("\"x;y;z\",b\n\"p;q;r\",d\n"), b',');
        assert_eq!(find("一列\n没有分隔符\n"), b',');
        assert_eq!(find("统计表\n单位：千元\n代码;名称\n1;甲\n2;乙\n"), b';');
    }
}
