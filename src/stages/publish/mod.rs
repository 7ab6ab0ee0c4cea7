//! Publish: the run's folder, written whole before anybody sees it.
//!
//! Owns: workbooks (`workbook` is the kit, `pool` and `quality` the contents, `desk` what they are written from), the
//! machine-readable twins under data/ and run.json. Takes: everything the stages left, by reference. Gives: the names of the files written.
//! Invariants: equal content gives equal bytes; no clock, no run id inside a workbook or dataset; amounts leave as
//! decimals, and as an Excel number only if the double reads back equal; text that looks like a formula is never live.

mod adopted;
mod books;
mod cells;
mod data;
mod desk;
pub mod disclosure;
mod held_back;
mod identifiers;
mod pool;
mod provenance;
mod published;
mod quality;
mod run_json;
mod slip;
mod tables;
mod workbook;

pub use adopted::{Adopted, Differences, ENTERPRISES, compare};
pub use cells::{Shape, Vocabulary, shape_of};
pub use held_back::{HeldBack, HeldRecords};
pub use published::{FileFlaw, PublishedRun, RECORD};
pub use slip::{Slip, SlipRow, write_slip};

use crate::config::{Config, DataFormat, FORMS};
use crate::engine::Engine;
use crate::error::Error;
use crate::finding::{Catalogue, Finding, Judgement, Renderer};
use crate::model::account::{Account, Whose};
use crate::model::merged::{Conflict, Merged};
use crate::model::place::Places;
use serde::Serialize;
use std::path::Path;

/// An input as covers and run.json show it.
#[derive(Debug, Clone, Serialize)]
pub struct Input {
    /// Path below the inputs root.
    pub path: String,
    /// Source id; empty for a file of no source.
    pub source: String,
    /// The bureau.
    pub bureau: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Kind of file.
    pub kind: String,
    /// Encoding of a text table.
    pub encoding: Option<String>,
    /// Records in it.
    pub rows: u64,
    /// Whether it could not be read.
    pub refused: bool,
}

/// Everything that is published.
pub struct Publication<'a> {
    /// Settings in force.
    pub config: &'a Config,
    /// Texts of codes.
    pub catalogue: &'a Catalogue,
    /// Holds `enterprises`, `verdicts`, the judged datasets and links.
    pub engine: &'a Engine,
    /// Files and tables.
    pub places: &'a Places,
    /// Inputs in order.
    pub inputs: &'a [Input],
    /// Datasets at hand.
    pub datasets: &'a [String],
    /// Columns of `enterprises` and years.
    pub merged: &'a Merged,
    /// Findings in order.
    pub findings: &'a [Finding],
    /// Outcomes of edits.
    pub judgement: &'a Judgement,
    /// Sources that disagree.
    pub conflicts: &'a [Conflict],
    /// What came in and what became of it.
    pub accounts: &'a [Account],
    /// Whose records those of statistics are.
    pub whose: &'a Whose,
    /// First characters of the hash of inputs and settings.
    pub key: &'a str,
    /// The run that was adopted last, and what has changed since.
    pub adopted: Option<Adopted>,
}

impl Publication<'_> {
    /// A renderer in the language of the run.
    pub fn renderer(&self) -> Renderer<'_> {
        Renderer { catalogue: self.catalogue, config: self.config, places: self.places, lang: self.config.run.lang }
    }

    /// Whether a dataset was read.
    pub fn has(&self, dataset: &str) -> bool {
        self.datasets.iter().any(|d| d == dataset)
    }
}

/// A run's folder as it was written.
#[derive(Debug)]
pub struct Written {
    /// The files, `run.json` last.
    pub files: Vec<String>,
    /// The hash of `run.json`.
    pub record_sha256: String,
    /// What is held back of its counts where statistics are closed.
    pub held_back: HeldBack,
}

/// Writes everything that the configuration asks for into a folder.
pub async fn publish(publication: &Publication<'_>, folder: &Path) -> Result<Written, Error> {
    let mut written = Vec::new();
    let consenting = desk::consenting(publication).await?;
    let (held_back, rests) = held_back::held(publication, &consenting);
    let gathered = desk::Gathered::gather(publication, &consenting, &held_back, &rests).await?;
    let data = folder.join("data");
    let mut tables = Vec::new();
    for name in wanted(publication.config) {
        if let Some(table) = tables::table(publication, &gathered, name).await? {
            std::fs::create_dir_all(&data)?;
            tables.push((name, table));
        }
    }
    // Everything to be written is at hand; data files and workbooks are written side by side.
    let (written_data, books) = std::thread::scope(|scope| {
        let files = scope.spawn(|| write_data(publication, &tables, &data));
        let books = books::write(publication, &gathered, folder);
        (files.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), books)
    });
    let books = books?;
    written.extend(books.iter().map(|(name, _)| (*name).to_owned()));
    written.extend(written_data?);
    let record_sha256 = run_json::write(publication, &gathered, &books, &written, folder)?;
    written.push(published::RECORD.to_owned());
    Ok(Written { files: written, record_sha256, held_back })
}

/// The datasets asked for, each form's in place of the word for all of them.
fn wanted(config: &Config) -> Vec<&String> {
    let listed = &config.output.data;
    let forms = || config.form.iter().filter(|(id, form)| !form.registry && !listed.contains(id)).map(|(id, _)| id);
    listed.iter().flat_map(|name| if name == FORMS { forms().collect() } else { vec![name] }).collect()
}

/// Writes the datasets in every format asked for.
fn write_data(publication: &Publication<'_>, tables: &[(&String, tables::Table)], folder: &Path) -> Result<Vec<String>, Error> {
    let mut written = Vec::new();
    for (name, (schema, batches)) in tables {
        for format in &publication.config.output.formats {
            let file = match format {
                DataFormat::Csv => format!("{name}.csv"),
                DataFormat::Parquet => format!("{name}.parquet"),
            };
            data::write(*format, &folder.join(&file), schema, batches)?;
            written.push(format!("data/{file}"));
        }
    }
    Ok(written)
}
