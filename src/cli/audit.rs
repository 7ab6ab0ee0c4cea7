//! `huichi audit`

use super::args::{Audit, Cli, Format};
use super::output::{Paint, lang, say};
use super::site;
use super::user::line;
use crate::error::{Error, ErrorKind};
use crate::ledger::{Anchor, Anchored, Astray, NewEntry};
use crate::portal::anchors::anchors;
use crate::portal::audit::{Wanted, write_table};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Verifies or exports the audit log.
pub fn run(cli: &Cli, action: &Audit) -> Result<u8, Error> {
    match action {
        Audit::Verify { anchor } => verify(cli, anchor.as_deref())?,
        Audit::Export { file } => {
            let (config, mut ledger) = site::existing(cli)?;
            let lang = lang(cli, &config);
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

/// Verifies the log without a write to the state: its chain, its anchors, and what was kept elsewhere.
fn verify(cli: &Cli, elsewhere: Option<&str>) -> Result<(), Error> {
    let kept = elsewhere.map(read).transpose()?.unwrap_or_default();
    let (config, ledger) = site::looked(cli)?;
    let (number, hash) =
        ledger.verify_audit(None)?.map_err(|broken| Error::new(ErrorKind::System, "ERR-035").with("number", broken.number.to_string()))?;
    let anchored = anchors(&config)?.compare(&ledger)?.map_err(Error::from)?;
    for anchor in kept {
        if !ledger.has_entry(&anchor)? {
            return Err(Astray::Log(anchor.number).into());
        }
    }
    if cli.format == Format::Json {
        let Anchored { days, number: last, signed } = anchored;
        say(serde_json::json!({ "number": number, "hash": hash, "anchors": { "days": days, "number": last, "signed": signed } }));
        return Ok(());
    }
    let lang = lang(cli, &config);
    say(Paint::stdout().text("1;32", &line(lang, "audit.verified", &[&number.to_string(), &hash])));
    let standing = match &anchored {
        Anchored { days: 0, .. } => "audit.unanchored",
        Anchored { signed: true, .. } => "audit.anchored",
        Anchored { .. } => "audit.unsigned",
    };
    say(line(lang, standing, &[&anchored.days.to_string(), &anchored.number.to_string()]));
    Ok(())
}

/// What was kept elsewhere: typed, or in a file of such, one a line.
fn read(typed: &str) -> Result<Vec<Anchor>, Error> {
    let wrong = || Error::new(ErrorKind::Usage, "ERR-069").with("found", typed);
    if let Ok(anchor) = typed.parse() {
        return Ok(vec![anchor]);
    }
    let text = std::fs::read_to_string(typed).map_err(|_| wrong())?;
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    let kept = lines.map(|l| l.parse().map_err(|()| wrong())).collect::<Result<Vec<_>, _>>()?;
    if kept.is_empty() { Err(wrong()) } else { Ok(kept) }
}
