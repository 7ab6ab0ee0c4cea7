//! The anchors of a site's audit log, with the key that signs them.

use crate::config::Config;
use crate::error::{Error, ErrorKind, io_reason};
use crate::ledger::{Anchors, Key};
use std::io;
use std::path::Path;

/// The anchors of a site, with the key that pipeline.toml names.
///
/// # Errors
/// The key cannot be read, is short, or lies beside what it signs.
pub fn anchors(config: &Config) -> Result<Anchors, Error> {
    let key = config.portal.audit_key.as_ref().map(|path| key(Path::new(path), &config.outputs)).transpose()?;
    let since = config.portal.audit_key_since.as_deref().unwrap_or_default();
    Ok(Anchors::of(&config.outputs.join(".huichi"), key).signed_since(since))
}

fn key(path: &Path, outputs: &Path) -> Result<Key, Error> {
    let unusable = |reason: String| Error::new(ErrorKind::Usage, "ERR-068").with("path", path.display().to_string()).with("reason", reason);
    let lies = path.canonicalize().map_err(|e| unusable(io_reason(&e)))?;
    if outputs.canonicalize().is_ok_and(|outputs| lies.starts_with(outputs)) {
        return Err(unusable("@backup.beside".to_owned()));
    }
    Key::read(&lies).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => unusable("@backup.short_key".to_owned()),
        _ => unusable(io_reason(&e)),
    })
}
