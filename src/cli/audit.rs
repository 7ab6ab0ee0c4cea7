//! `huichi audit`

use super::args::{Audit, Cli, Format};
use super::output::{Paint, lang, say};
use super::site;
use super::user::line;
use crate::error::{Error, ErrorKind};
use crate::ledger::NewEntry;
use crate::server::audit::{Wanted, write_table};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Verifies or exports the audit log.
pub fn run(cli: &Cli, action: &Audit) -> Result<u8, Error> {
    let (config, mut ledger) = site::existing(cli)?;
    let lang = lang(cli, &config);
    match action {
        Audit::Verify => {
            let (number, hash) = ledger
                .verify_audit(None)?
                .map_err(|broken| Error::new(ErrorKind::System, "ERR-035").with("number", broken.number.to_string()))?;
            if cli.format == Format::Json {
                say(serde_json::json!({ "number": number, "hash": hash }));
            } else {
                say(Paint::stdout().text("1;32", &line(lang, "audit.verified", &[&number.to_string(), &hash])));
            }
        }
        Audit::Export { file } => {
            let path = file.display().to_string();
            let failed = |e: std::io::Error| Error::new(ErrorKind::System, "ERR-006").with("path", path.clone()).from_io(e);
            ledger.note(&NewEntry { account: site::ACTOR, action: "audit_exported", ..NewEntry::default() }, &site::now())?;
            let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // The file has its name when it is whole.
            let mut half = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
            let mut pen = BufWriter::new(half.as_file_mut());
            let count = write_table(&ledger, &Wanted::default(), lang, &mut pen).map_err(failed)?;
            pen.flush().map_err(failed)?;
            drop(pen);
            half.persist(file).map_err(|e| failed(e.error))?;
            if cli.format == Format::Json {
                say(serde_json::json!({ "entries": count, "file": path }));
            } else {
                say(line(lang, "audit.exported", &[&count.to_string(), &path]));
            }
        }
    }
    Ok(0)
}
