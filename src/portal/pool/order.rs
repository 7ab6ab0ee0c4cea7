//! Orders of the table: one for each column, made when it is first asked for, so that a page costs one walk.

/// All rows in the order of a column: first those with a value, ascending, then the others; equals as in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    rows: Vec<u32>,
    present: usize,
}

impl Order {
    /// Orders so many rows by a key; those without a value come last.
    pub fn by<K: Ord>(rows: usize, present: impl Fn(usize) -> bool, key: impl Fn(usize) -> K) -> Self {
        let (mut ordered, absent): (Vec<u32>, Vec<u32>) =
            (0..u32::try_from(rows).unwrap_or(u32::MAX)).partition(|row| present(*row as usize));
        ordered.sort_by_cached_key(|row| (key(*row as usize), *row));
        let present = ordered.len();
        ordered.extend(absent);
        Self { rows: ordered, present }
    }

    /// All rows in this order or, but for those without a value, the reverse; rows that `seen` denies come last, in the
    /// order of the registry, so that where one stands says nothing of its figure.
    pub fn walk(&self, descending: bool, seen: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        let (present, absent) = self.rows.split_at(self.present);
        let mut walk: Vec<u32> = Vec::with_capacity(self.rows.len());
        if descending {
            walk.extend(present.iter().rev());
        } else {
            walk.extend(present);
        }
        walk.extend(absent);
        let (mut walk, mut hidden): (Vec<u32>, Vec<u32>) = walk.into_iter().partition(|row| seen(*row as usize));
        hidden.sort_unstable();
        walk.append(&mut hidden);
        walk.into_iter().map(|row| row as usize)
    }
}
