//! Table heads of one to three rows with merged cells.
//!
//! Takes: for each column the labels from the top down. Gives: the head lines and merges of a sheet, and on request the
//! numbering row 甲 乙 1 2 3 below it.
//! Invariants: equal labels side by side under the same parents are merged across; a label without others below it is
//! merged down to the last row of the head.

use super::sheet::{Line, LineKind, Merge, Sheet, Value};

/// Adds a head to a sheet.
pub(super) fn add(sheet: &mut Sheet, labels: &[Vec<String>]) {
    let top = sheet.lines.len();
    let depth = labels.iter().map(Vec::len).max().unwrap_or(0);
    for level in 0..depth {
        let mut cells = vec![Value::Blank; labels.len()];
        let mut column = 0;
        while column < labels.len() {
            let last = run_end(labels, level, column);
            if let Some(label) = labels[column].get(level) {
                cells[column] = Value::text(label.as_str());
                let is_leaf = labels[column].len() == level + 1;
                let last_row = if is_leaf { top + depth - 1 } else { top + level };
                if last > column || last_row > top + level {
                    sheet.merges.push(Merge { first_row: top + level, first_column: column, last_row, last_column: last });
                }
            }
            column = last + 1;
        }
        sheet.lines.push(Line::new(LineKind::Head, cells));
    }
}

/// Gives the last column that shares this label and all above it; a leaf stands alone.
fn run_end(labels: &[Vec<String>], level: usize, first: usize) -> usize {
    if labels[first].len() <= level + 1 {
        return first;
    }
    let alike = |column: &Vec<String>| column.len() > level + 1 && column[..=level] == labels[first][..=level];
    first + labels[first..].iter().take_while(|column| alike(column)).count() - 1
}

/// Adds the numbering row: heavenly stems for the first columns, numbers for the rest.
pub(super) fn add_numbering(sheet: &mut Sheet, stems: usize) {
    let cells = (0..sheet.columns.len())
        .map(|column| match ["甲", "乙", "丙", "丁"].get(column) {
            Some(stem) if column < stems => Value::text(*stem),
            _ => Value::Integer((column + 1 - stems) as i64),
        })
        .collect();
    sheet.lines.push(Line::new(LineKind::Numbering, cells));
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{Column, ColumnKind};
    use super::*;

    #[test]
    fn labels_are_merged_across_and_down() {
        let labels: Vec<Vec<String>> =
            [vec!["信息", "代码"], vec!["信息", "名称"], vec!["年份"], vec!["经营", "收入", "本年"], vec!["经营", "收入", "上年"]]
                .into_iter()
                .map(|column| column.into_iter().map(str::to_owned).collect())
                .collect();
        let mut sheet = Sheet::new("表", vec![Column::new(ColumnKind::Text, 8); 5]);
        add(&mut sheet, &labels);
        add_numbering(&mut sheet, 2);
        assert_eq!(sheet.head_end(), 4);
        let merge = |first_row, first_column, last_row, last_column| Merge { first_row, first_column, last_row, last_column };
        for expected in [merge(0, 0, 0, 1), merge(1, 0, 2, 0), merge(1, 1, 2, 1), merge(0, 2, 2, 2), merge(0, 3, 0, 4), merge(1, 3, 1, 4)] {
            assert!(sheet.merges.contains(&expected), "{expected:?}");
        }
        assert_eq!(sheet.merges.len(), 6);
        assert_eq!(sheet.lines[3].cells[1].shown(), "乙");
        assert_eq!(sheet.lines[3].cells[2].shown(), "1");
    }
}
