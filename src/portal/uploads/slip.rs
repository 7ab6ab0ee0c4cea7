//! The workbook of an upload's findings, as a child writes it.

use super::list::List;
use crate::error::Error;
use crate::model::words::Lang;
use crate::stages::publish::{Slip, SlipRow, write_slip};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What a child is to write.
#[derive(Serialize, Deserialize)]
pub struct SlipJob {
    /// The folder of the result.
    pub folder: PathBuf,
    /// By severity, how many findings there are.
    pub counts: [u64; 3],
    /// Its head.
    pub title: String,
    /// What stands below the head.
    pub subtitle: Vec<String>,
    /// When the upload was checked, so that equal findings give equal bytes.
    pub checked: String,
    /// What was said of findings, by their keys.
    pub explanations: HashMap<String, String>,
    /// Where the workbook goes.
    pub path: PathBuf,
}

/// Writes the workbook, one finding after another.
pub fn write(job: &SlipJob) -> Result<(), Error> {
    let slip = Slip {
        title: &job.title,
        subtitle: job.subtitle.clone(),
        created: moment(&job.checked),
        expected_rows: job.counts.iter().sum(),
        lang: Lang::Zh,
    };
    let list = List::new(&job.folder, job.counts);
    let rows = list.all()?.map(|finding| {
        let f = finding?;
        let explanation = job.explanations.get(&f.key).cloned().unwrap_or_default();
        let texts = [f.code, f.sheet, f.cell, f.field, f.found, f.expected, f.message, f.help];
        Ok(SlipRow { severity: f.severity, texts, explanation })
    });
    write_slip(Path::new(&job.path), &slip, rows)
}

fn moment(stamp: &str) -> chrono::NaiveDateTime {
    chrono::NaiveDateTime::parse_from_str(stamp.get(..19).unwrap_or_default(), "%Y-%m-%dT%H:%M:%S").unwrap_or_default()
}
