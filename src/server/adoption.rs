//! 定稿: the leading group adopts a run, which is kept as it is for ever.

use super::error::PageError;
use super::runs::{self, RunFile};
use super::session::Actor;
use super::state::App;
use crate::ledger::{By, Ledger};
use crate::model::text::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Adopts a run after every file of it was compared with its hash; its files can only be read from then on.
///
/// # Errors
/// There is no such run, it is adopted, or a file of it is missing or not as it was written.
pub async fn adopt(app: &App, actor: &Actor, address: &str, run: &str, note: &str) -> Result<(), PageError> {
    let recorded = runs::recorded(app, run).await?;
    let id = run.to_owned();
    if app.read(move |l| l.adoption(&id)).await?.is_some() {
        return Err(PageError::Conflict("adopted_before"));
    }
    let folder = app.config.outputs.join(run);
    let sealing = folder.clone();
    let sealed = tokio::task::spawn_blocking(move || seal(&sealing)).await.map_err(|e| PageError::bug(e.to_string()))?;
    if let Err(error) = sealed {
        tracing::error!(%error, "a run to be adopted is not as it was written");
        return Err(PageError::Conflict("run_damaged"));
    }
    let (run, note, record) = (run.to_owned(), note.to_owned(), folder.join("run.json"));
    // Its term may have ended meanwhile; what is adopted must be there.
    let adopt = move |l: &mut Ledger, by: By<'_>| {
        if record.is_file() { l.adopt(&run, &recorded.as_of, &note, by).map(Some) } else { Ok(None) }
    };
    match app.change(actor, address, adopt).await? {
        Some(true) => Ok(()),
        Some(false) => Err(PageError::Conflict("adopted_before")),
        None => Err(PageError::Conflict("run_damaged")),
    }
}

/// Compares a run's files with their hashes and lets nobody write to them.
fn seal(folder: &Path) -> io::Result<()> {
    let text = fs::read(folder.join("run.json"))?;
    let run: RunFile = serde_json::from_slice(&text)?;
    for file in &run.files {
        if hash(&folder.join(&file.path))? != file.sha256 {
            return Err(io::Error::other(file.path.clone()));
        }
    }
    for path in run.files.iter().map(|f| f.path.as_str()).chain(["run.json"]) {
        let path = folder.join(path);
        let mut permissions = fs::metadata(&path)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions)?;
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut part) = (fs::File::open(path)?, Sha256::new(), vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&part[..read]);
    }
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
        assert!(seal(folder.path()).is_err());
        fs::write(folder.path().join("run.json"), run(&hex(&Sha256::digest("A"))))?;
        seal(folder.path())?;
        assert!(fs::metadata(folder.path().join("a.xlsx"))?.permissions().readonly());
        Ok(())
    }
}
