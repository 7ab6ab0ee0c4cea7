//! 定稿: the leading group adopts a run, which is kept as it is for ever.

use super::actor::Actor;
use super::books::Books;
use super::error::PortalError;
use super::integrity;
use super::runs;
use crate::ledger::{By, Ledger};
use crate::run::{PublishedRun, RECORD};
use std::fs;
use std::io;
use std::path::Path;

/// Adopts a run after every file of it was compared with its hash; its files can only be read from then on.
///
/// # Errors
/// There is no such run, it is adopted, or a file of it is missing or not as it was written.
pub async fn adopt(books: &Books, actor: &Actor, address: &str, run: &str, note: &str) -> Result<(), PortalError> {
    let recorded = runs::recorded(books, run).await?;
    let id = run.to_owned();
    if books.read(move |l| l.adoption(&id)).await?.is_some() {
        return Err(PortalError::Conflict("adopted_before"));
    }
    let folder = books.config.outputs.join(run);
    let (sealing, record) = (folder.clone(), integrity::record_of(books, run).await?);
    let sealed = tokio::task::spawn_blocking(move || seal(&sealing, &record)).await.map_err(|e| PortalError::bug(e.to_string()))?;
    if let Err(error) = sealed {
        tracing::error!(%error, "a run to be adopted is not as it was written");
        return Err(PortalError::Conflict("run_damaged"));
    }
    let (run, note, record) = (run.to_owned(), note.to_owned(), folder.join(RECORD));
    // Its term may have ended meanwhile; what is adopted must be there.
    let adopt = move |l: &mut Ledger, by: By<'_>| {
        if record.is_file() { l.adopt(&run, &recorded.as_of, &note, by).map(Some) } else { Ok(None) }
    };
    match books.change(actor, address, adopt).await? {
        Some(true) => Ok(()),
        Some(false) => Err(PortalError::Conflict("adopted_before")),
        None => Err(PortalError::Conflict("run_damaged")),
    }
}

/// Compares a run's files with their hashes and lets nobody write to them.
fn seal(folder: &Path, record_sha256: &str) -> io::Result<()> {
    let published = PublishedRun::open(folder, record_sha256).map_err(io::Error::other)?;
    if let Some(flaw) = published.flaws().into_iter().next() {
        return Err(io::Error::other(flaw));
    }
    for path in published.record().files.iter().map(|f| f.path.as_str()).chain([RECORD]) {
        let path = folder.join(path);
        let mut permissions = fs::metadata(&path)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_touched_is_not_sealed() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("a.xlsx"), "A")?;
        let run = |sha256: &str| {
            format!(
                r#"{{"key":"k","as_of":"2026-06-30","huichi":"0","settings":"s","inputs":[],"files":[{{"path":"a.xlsx","bytes":1,"sha256":"{sha256}"}}]}}"#
            )
        };
        fs::write(folder.path().join("run.json"), run("00"))?;
        assert!(seal(folder.path(), "").is_err());
        fs::write(folder.path().join("run.json"), run(&crate::content::hash_text("A")))?;
        assert!(seal(folder.path(), &crate::content::hash_text("another record")).is_err());
        seal(folder.path(), "")?;
        assert!(fs::metadata(folder.path().join("a.xlsx"))?.permissions().readonly());
        Ok(())
    }
}
