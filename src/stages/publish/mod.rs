//! Publish: the run's folder, written whole before anybody sees it.
//!
//! Owns: workbooks (`workbook` is the kit, `pool` and `quality` the contents, `desk` and `gathered` what they are written from), the
//! machine-readable twins under data/ and run.json. Takes: everything the stages left, by reference. Gives: the names of the files written.
//! Invariants: equal content gives equal bytes; no clock, no run id inside a workbook or dataset; amounts leave as
//! decimals, and as an Excel number only if the double reads back equal; text that looks like a formula is never live.

mod books;
mod cells;
mod data;
mod desk;
mod dictionary;
pub mod disclosure;
mod dossier;
pub mod enterprise_column;
mod evidence;
pub mod follows;
mod gathered;
mod held_back;
mod identifiers;
mod pool;
mod provenance;
mod publication;
mod quality;
mod run_json;
mod slip;
mod tables;
mod verdict;
mod workbook;

pub use cells::{Shape, Vocabulary};
pub use dossier::{Dossier, DossierFigure, DossierValue, write_dossier};
pub use enterprise_column::shape_of;
pub use publication::Publication;
pub use slip::{Slip, SlipRow, write_slip};

use crate::config::{Config, DataFormat, FORMS};
use crate::engine::Dataset;
use crate::error::Error;
use crate::run::{HeldBack, PublishedDataset, RECORD};
use dictionary::DICTIONARY;
use std::path::Path;

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
    let consenting = gathered::consenting(publication)?;
    let (held_back, rests) = held_back::held(publication, &consenting);
    let gathered = gathered::Gathered::gather(publication, &consenting, &held_back, &rests).await?;
    let data = folder.join("data");
    let mut tables = Vec::new();
    for name in wanted(publication.config).into_iter().filter(|name| *name != DICTIONARY) {
        if let Some(table) = tables::table(publication, &gathered, name).await? {
            std::fs::create_dir_all(&data)?;
            tables.push((name, table));
        }
    }
    if let Some(name) = publication.config.output.data.iter().find(|name| *name == DICTIONARY) {
        let described = tables.iter().map(|(name, table)| (name.as_str(), table.schema().as_ref()));
        let dictionary = dictionary::dictionary(publication, described)?;
        std::fs::create_dir_all(&data)?;
        tables.push((name, dictionary));
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
    written.push(run_json::write_settings(publication, folder)?);
    written.extend(run_json::write_conclusions(publication, folder)?);
    let datasets = tables.iter().map(|(name, table)| PublishedDataset::of(name, table.schema())).collect();
    let record_sha256 = run_json::write(publication, &gathered, &books, datasets, &written, folder)?;
    written.push(RECORD.to_owned());
    Ok(Written { files: written, record_sha256, held_back })
}

/// The datasets asked for, each form's in place of the word for all of them.
fn wanted(config: &Config) -> Vec<&String> {
    let listed = &config.output.data;
    let forms = || config.form.iter().filter(|(id, form)| !form.registry && !listed.contains(id)).map(|(id, _)| id);
    listed.iter().flat_map(|name| if name == FORMS { forms().collect() } else { vec![name] }).collect()
}

/// Writes the datasets in every format asked for.
fn write_data(publication: &Publication<'_>, tables: &[(&String, Dataset)], folder: &Path) -> Result<Vec<String>, Error> {
    let mut written = Vec::new();
    for (name, dataset) in tables {
        for format in &publication.config.output.formats {
            let file = match format {
                DataFormat::Csv => format!("{name}.csv"),
                DataFormat::Parquet => format!("{name}.parquet"),
            };
            publication.engine.file(&file, dataset, &folder.join(&file), |path| data::write(*format, path, dataset))?;
            written.push(format!("data/{file}"));
        }
    }
    Ok(written)
}
