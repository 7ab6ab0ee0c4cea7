//! The findings of an upload as a workbook to take along.

use super::view::told;
use crate::finding::Lang;
use crate::ledger::Upload;
use crate::server::clock::shown;
use crate::server::error::PageError;
use crate::server::frame::{portal, say};
use crate::server::state::App;
use crate::stages::publish::{Slip, SlipRow, write_slip};
use std::path::Path;

/// The file's name while it is written.
pub const FINDINGS_FILE: &str = "findings.xlsx";

/// Writes the workbook into a folder; gives the name under which it is handed out.
pub async fn write_findings(app: &App, upload: &Upload, folder: &Path) -> Result<String, PageError> {
    let told = told(app, upload).await?.ok_or(PageError::Conflict("unchecked"))?;
    let bureau = app.config.source.get(&upload.source).map_or_else(|| upload.source.clone(), |s| s.bureau.clone());
    let checked = upload.checked.clone().unwrap_or_default();
    let verdict = portal(&format!("verdict_{}", upload.verdict.map_or("waiting", crate::ledger::Verdict::id)));
    let said = say("portal.slip_head", &[upload.number.to_string(), verdict.to_owned(), shown(&checked), upload.sha256.clone()]);
    let (path, name) = (folder.join(FINDINGS_FILE), upload.name.clone());
    let title = say("portal.slip_title", &[upload.number.to_string()]);
    let file = say("portal.slip_file", &[upload.number.to_string()]);
    let written = tokio::task::spawn_blocking(move || {
        let rows: Vec<SlipRow<'_>> = told.iter().map(row).collect();
        let slip = Slip {
            title: &title,
            subtitle: vec![format!("{bureau} {name}"), said],
            created: moment(&checked),
            rows: &rows,
            lang: Lang::Zh,
        };
        write_slip(&path, &slip)
    });
    written.await.map_err(|e| PageError::bug(e.to_string()))??;
    Ok(file)
}

fn row(told: &super::Told) -> SlipRow<'_> {
    let f = &told.finding;
    SlipRow {
        severity: f.severity,
        texts: [&f.code, &f.sheet, &f.cell, &f.field, &f.found, &f.expected, &f.message, &f.help].map(String::as_str),
        explanation: told.explanation.as_ref().map_or("", |e| &e.text),
    }
}

/// The time of the check, so that equal findings give equal bytes.
fn moment(stamp: &str) -> chrono::NaiveDateTime {
    chrono::NaiveDateTime::parse_from_str(stamp.get(..19).unwrap_or_default(), "%Y-%m-%dT%H:%M:%S").unwrap_or_default()
}
