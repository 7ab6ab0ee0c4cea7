//! The bundled sample: what three bureaus of an invented city would send.
//!
//! Owns: a generator of the sample inputs, with faults planted on purpose, at the scale of a small city (300
//! enterprises, 2,700 patents, three years of returns). Takes: a seed and the scale. Gives: the files of an inputs
//! folder, a `README.md` that lists every planted fault, and the same list as a [`SampleReport`].
//! Invariants: the same options give the same bytes on every machine; names, codes and numbers belong to no one; a
//! record carries one fault at most, and every other figure is sound.
//! Deliberately absent: anything random, any clock, and any knowledge of how the pipeline reads the files.
//!
//! The way of a value: `words.toml`, then `enterprise`, `finance` and `patent`, then lines with marked faults (`sheet`)
//! in the bureaus' books (`directory`, `returns`, `patent_list`), then a writer per format (`xlsx`, `ods`,
//! `text_table`). To plant a new kind of fault: add it to [`FaultKind`] and `faults.toml`, then plant it where its
//! bureau's file is made.

mod codes;
mod directory;
mod draw;
mod enterprise;
mod fault;
mod finance;
mod head;
mod ods;
mod opinions;
mod patent;
mod patent_list;
mod readme;
mod report;
mod returns;
mod returns_form;
mod returns_plan;
mod sheet;
mod text_table;
mod words;
mod xlsx;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::codes::Codes;
use self::draw::Draw;
use self::enterprise::{Roster, invent};
use self::fault::Wording;
use self::patent::Inventor;
use self::sheet::{Book, Column, ColumnKind, Format, Sheet};
use self::words::Words;

pub use self::fault::{FaultKind, PlantedFault};
pub use self::report::{SampleFile, SampleReport};

/// The seed of the bundled sample.
pub const BUNDLED_SEED: u64 = 360_783;

const ENTERPRISES: std::ops::RangeInclusive<usize> = 250..=1000;
const PATENTS: std::ops::RangeInclusive<usize> = 1000..=20_000;

const README: &str = "README.md";

/// Written into the statistics bureau's folder: a note that is no table.
const NOTE: &str = include_str!("note.txt");

/// What sample to write.
#[derive(Debug, Clone)]
pub struct SampleOptions {
    /// Seed of every choice; the bundled sample has [`BUNDLED_SEED`].
    pub seed: u64,
    /// Enterprises of the directory, 250 to 1000.
    pub enterprises: usize,
    /// Patents of the list, 1000 to 20000.
    pub patents: usize,
    /// Whether files that exist are written over.
    pub overwrite: bool,
}

impl Default for SampleOptions {
    /// Gives the options of the bundled sample, at the scale of the city's plan.
    fn default() -> Self {
        Self { seed: BUNDLED_SEED, enterprises: 300, patents: 2700, overwrite: false }
    }
}

/// Why no sample was written.
#[derive(Debug)]
#[non_exhaustive]
pub enum SampleError {
    /// The scale is outside what the planted faults and invented names allow.
    Scale {
        /// The option at fault.
        option: &'static str,
        /// What was asked for.
        found: usize,
        /// The least that is possible.
        least: usize,
        /// The most that is possible.
        most: usize,
    },
    /// The seed leaves too few fitting enterprises for all faults; another seed or a larger scale will do.
    Crowded,
    /// A file is there already and may not be written over.
    Exists(PathBuf),
    /// A file or folder could not be written.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be put together.
    Compose {
        /// Its path in the inputs folder.
        path: String,
        /// What its writer says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The compiled-in vocabulary is broken: a mistake of ours.
    Vocabulary(toml::de::Error),
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale { option, found, least, most } => {
                write!(f, "`{option}` = {found} is outside {least} to {most}")
            }
            Self::Crowded => f.write_str("this seed leaves too few fitting enterprises for all planted faults"),
            Self::Exists(path) => write!(f, "`{}` exists already", path.display()),
            Self::Write { path, .. } => write!(f, "`{}` cannot be written", path.display()),
            Self::Compose { path, .. } => write!(f, "`{path}` cannot be put together"),
            Self::Vocabulary(_) => f.write_str("the vocabulary of the sample is broken"),
        }
    }
}

impl std::error::Error for SampleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write { source, .. } => Some(source),
            Self::Compose { source, .. } => Some(source.as_ref()),
            Self::Vocabulary(source) => Some(source),
            Self::Scale { .. } | Self::Crowded | Self::Exists(_) => None,
        }
    }
}

/// Writes the sample into an inputs folder.
///
/// Other files of the folder stay as they are. Nothing is written if a file exists and `overwrite` is not set.
///
/// # Errors
/// When the scale is impossible, a file exists, or a file cannot be written.
pub fn write(inputs: &Path, options: &SampleOptions) -> Result<SampleReport, SampleError> {
    let (mut files, report) = compose(options)?;
    let wording = Wording::load().map_err(SampleError::Vocabulary)?;
    let list = readme::render(&report, &wording);
    files.push((README.to_owned(), list.into_bytes()));
    let targets: Vec<(PathBuf, Vec<u8>)> = files.into_iter().map(|(path, bytes)| (inputs.join(path), bytes)).collect();
    if !options.overwrite
        && let Some((path, _)) = targets.iter().find(|(path, _)| path.exists())
    {
        return Err(SampleError::Exists(path.clone()));
    }
    for (path, bytes) in &targets {
        store(path, bytes).map_err(|source| SampleError::Write { path: path.clone(), source })?;
    }
    Ok(report)
}

fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

type NamedBytes = (String, Vec<u8>);

/// Makes all files but the list, in memory.
fn compose(options: &SampleOptions) -> Result<(Vec<NamedBytes>, SampleReport), SampleError> {
    within("enterprises", options.enterprises, &ENTERPRISES)?;
    within("patents", options.patents, &PATENTS)?;
    let words = Words::load().map_err(SampleError::Vocabulary)?;
    let books = books(&words, options).ok_or(SampleError::Crowded)?;
    let mut files = Vec::new();
    let mut report = SampleReport::default();
    for book in &books {
        let bytes = render(book)?;
        let records = book.sheets.iter().map(Sheet::records).sum();
        report.faults.extend(book.faults());
        add(&mut files, &mut report, (book.path.clone(), bytes), Some(records));
    }
    let whole_files =
        [(FaultKind::DamagedFile, truncated()?), (FaultKind::UnmatchedFile, ("说明.txt".to_owned(), NOTE.as_bytes().to_vec()))];
    for (kind, file) in whole_files {
        report.faults.push(PlantedFault {
            kind,
            file: file.0.clone(),
            sheet: None,
            cell: None,
            found: String::new(),
            right: String::new(),
        });
        add(&mut files, &mut report, file, None);
    }
    Ok((files, report))
}

fn within(option: &'static str, found: usize, possible: &std::ops::RangeInclusive<usize>) -> Result<(), SampleError> {
    if possible.contains(&found) {
        return Ok(());
    }
    Err(SampleError::Scale { option, found, least: *possible.start(), most: *possible.end() })
}

fn add(files: &mut Vec<NamedBytes>, report: &mut SampleReport, file: NamedBytes, records: Option<usize>) {
    report.files.push(SampleFile { path: file.0.clone(), bytes: file.1.len(), records });
    files.push(file);
}

/// Invents the city and fills the bureaus' books; each part has a stream of its own.
fn books(words: &Words, options: &SampleOptions) -> Option<Vec<Book>> {
    let stream = |number| Draw::new(options.seed, number);
    let mut codes = Codes::default();
    let city = invent(words, &mut codes, &mut stream(1), options.enterprises);
    let mut roster = Roster::new(&city.enterprises, &mut stream(2));
    let plan = returns_plan::Plan::new(&city.enterprises, &mut roster, &words.town_apart)?;
    let directory = directory::book(words, &city, &mut roster, &mut stream(3))?;
    let needs = directory::needs(words, &city, &mut roster, &mut stream(4))?;
    let mut books = vec![directory, needs];
    books.extend(returns::books(words, &city, &plan, &mut stream(5)));
    let mut draw = stream(6);
    let mut inventor = Inventor::new(words, &city, &mut codes, &mut draw);
    books.extend(patent_list::books(&mut inventor, options.patents)?);
    books.extend(opinions::books(&city, &mut stream(7))?);
    Some(books)
}

fn render(book: &Book) -> Result<Vec<u8>, SampleError> {
    match book.format {
        Format::Xlsx => xlsx::write(book).map_err(|error| composing(&book.path, error)),
        Format::Ods => ods::write(book).map_err(|error| composing(&book.path, error)),
        Format::CsvGb18030 | Format::CsvUtf8 => text_table::write(book).map_err(|error| composing(&book.path, error)),
    }
}

fn composing(path: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SampleError {
    SampleError::Compose { path: path.to_owned(), source: error.into() }
}

/// Makes a workbook whose upload broke off: the directory at the end of the archive is lost.
fn truncated() -> Result<NamedBytes, SampleError> {
    let mut sheet = Sheet::new("2022年", vec![Column::new(ColumnKind::Text, 20); 3]);
    let title = "规模以上工业企业经营情况年报表（2022年）";
    sheet.banner(sheet::LineKind::Title, &[(0, 2, title)]);
    let book = Book { path: "统计局/企业经营情况_2022年.xlsx".to_owned(), format: Format::Xlsx, sheets: vec![sheet] };
    let mut bytes = render(&book)?;
    bytes.truncate(bytes.len() * 3 / 5);
    Ok((book.path, bytes))
}

#[cfg(test)]
mod tests;
