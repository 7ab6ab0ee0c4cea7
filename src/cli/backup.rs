//! `huichi backup` and `huichi restore`

use super::args::{Cli, Format};
use super::output::{Paint, configuration, lang, say};
use super::site;
use super::user::line;
use crate::backup::{self, Manifest};
use crate::error::Error;
use crate::finding::Lang;
use crate::ledger::{Ledger, NewEntry};
use std::path::Path;

/// Takes a backup.
pub fn take(cli: &Cli, to: &Path) -> Result<u8, Error> {
    let (config, _) = site::looked(cli)?;
    let manifest = backup::take(&config.outputs, to, &site::now())?;
    if let Some(mut ledger) = site::writable(&config)? {
        note(&mut ledger, "backed_up", to, &manifest)?;
    }
    let (files, mib) = (manifest.files.len().to_string(), size(&manifest));
    let number = manifest.audit_number.to_string();
    let sentence = line(lang(cli, &config), "backup.taken", &[&to.display().to_string(), &files, &mib, &number, &manifest.audit_hash]);
    tell(cli, lang(cli, &config), &sentence, &manifest);
    Ok(0)
}

/// Restores a backup.
pub fn restore(cli: &Cli, from: &Path) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let manifest = backup::restore(from, &config.outputs)?;
    let mut ledger = Ledger::open(&config.outputs.join(".huichi").join("ledger.sqlite"))?;
    note(&mut ledger, "restored", from, &manifest)?;
    let (files, number) = (manifest.files.len().to_string(), manifest.audit_number.to_string());
    let outputs = config.outputs.display().to_string();
    let lang = lang(cli, &config);
    tell(cli, lang, &line(lang, "backup.restored", &[&outputs, &files, &manifest.made, &number]), &manifest);
    Ok(0)
}

fn note(ledger: &mut Ledger, action: &str, object: &Path, manifest: &Manifest) -> Result<(), Error> {
    let (object, detail) = (object.display().to_string(), format!("{} {}", manifest.audit_number, manifest.audit_hash));
    let entry = NewEntry { account: site::ACTOR, action, object: &object, detail: &detail, ..NewEntry::default() };
    Ok(ledger.note(&entry, &site::now())?)
}

fn size(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    bytes.div_ceil(1 << 20).to_string()
}

fn tell(cli: &Cli, lang: Lang, sentence: &str, manifest: &Manifest) {
    if cli.format == Format::Json {
        let (files, number, hash) = (manifest.files.len(), manifest.audit_number, &manifest.audit_hash);
        return say(
            serde_json::json!({ "files": files, "audit_number": number, "audit_hash": hash, "latest": manifest.latest, "missing": manifest.missing }),
        );
    }
    say(Paint::stdout().text("1;32", sentence));
    let missing = manifest.missing.as_ref().map_or(0, Vec::len);
    if missing > 0 {
        say(line(lang, "backup.missing", &[&missing.to_string()]));
    }
}
