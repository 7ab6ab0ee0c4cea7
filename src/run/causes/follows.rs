//! What a column of enterprises follows from, as its declaration has it.

/// What a column of enterprises follows from. Whoever knows the declarations says so; here it is only read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follows {
    /// The columns that it is computed of, by their names in the data, in the order in which the declaration names them.
    pub columns: Vec<String>,
    /// The forms whose records give it.
    pub forms: Vec<String>,
    /// The year of those records, of a column with one for each year.
    pub year: Option<i32>,
    /// The column under which the cells of it are noted.
    pub cited: String,
    /// Whether it hands on what one cell states; else it is made of all records of an enterprise.
    pub sole: bool,
    /// Whether the reference date decides it, beside what is stated.
    pub dated: bool,
    /// The criterion that gives it.
    pub criterion: Option<String>,
    /// Whether other enterprises decide it too, as with ranks.
    pub relative: bool,
    /// Settings that declare it: it changes with whatever stands at these paths or below.
    pub settings: Vec<String>,
}
