//! `huichi backup` and `huichi restore`

use super::args::{Cli, Format};
use super::output::{Paint, configuration, lang, message, say, warn};
use super::site;
use super::user::line;
use crate::backup::{self, Manifest};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::ledger::NewEntry;
use crate::model::words::Lang;
use crate::portal::anchors::anchors;
use std::path::Path;

/// Takes a backup. It is whole before its entry in the audit log is written, and stays so if that cannot be: whoever takes
/// one of a full or sealed disk needs it most.
pub fn take(cli: &Cli, to: &Path) -> Result<u8, Error> {
    let (config, _) = site::looked(cli)?;
    let manifest = backup::take(&config.outputs, to, &site::now(), &anchors(&config)?)?;
    let noted = note(&config, "backed_up", to, &manifest);
    let lang = lang(cli, &config);
    let (files, mib) = (manifest.files.len().to_string(), size(&manifest));
    let number = manifest.audit_number.to_string();
    let sentence = line(lang, "backup.taken", &[&to.display().to_string(), &files, &mib, &number, &manifest.audit_hash]);
    tell(cli, lang, &sentence, &manifest, &noted);
    Ok(0)
}

/// Restores a backup; what is said of its entry in the audit log holds here as well.
pub fn restore(cli: &Cli, from: &Path) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let manifest = backup::restore(from, &config.outputs, &anchors(&config)?)?;
    let noted = note(&config, "restored", from, &manifest);
    let (files, number) = (manifest.files.len().to_string(), manifest.audit_number.to_string());
    let outputs = config.outputs.display().to_string();
    let lang = lang(cli, &config);
    tell(cli, lang, &line(lang, "backup.restored", &[&outputs, &files, &manifest.made, &number]), &manifest, &noted);
    Ok(0)
}

/// Notes what is done.
fn note(config: &Config, action: &str, object: &Path, manifest: &Manifest) -> Result<(), Error> {
    let sealed = || Error::new(ErrorKind::System, "ERR-007").with("reason", "@backup.sealed");
    let mut ledger = site::writable(config)?.ok_or_else(sealed)?;
    let (object, detail) = (object.display().to_string(), format!("{} {}", manifest.audit_number, manifest.audit_hash));
    let entry = NewEntry { account: site::ACTOR, action, object: &object, detail: &detail, ..NewEntry::default() };
    Ok(ledger.note(&entry, &site::now())?)
}

fn size(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    bytes.div_ceil(1 << 20).to_string()
}

fn tell(cli: &Cli, lang: Lang, sentence: &str, manifest: &Manifest, noted: &Result<(), Error>) {
    if let Err(error) = noted {
        warn(cli.format, &line(lang, "backup.unnoted", &[&message(lang, error)]));
    }
    if cli.format == Format::Json {
        let (files, number, hash) = (manifest.files.len(), manifest.audit_number, &manifest.audit_hash);
        return say(serde_json::json!({
            "files": files, "audit_number": number, "audit_hash": hash, "latest": manifest.latest, "missing": manifest.missing,
            "noted": noted.is_ok(),
        }));
    }
    say(Paint::stdout().text("1;32", sentence));
    let missing = manifest.missing.as_ref().map_or(0, Vec::len);
    if missing > 0 {
        say(line(lang, "backup.missing", &[&missing.to_string()]));
    }
}
