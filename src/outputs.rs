//! The folder of outputs: the state within it, and `latest`, the link to the last run.
//!
//! Invariants: what stands in the way of a run is told before it begins, with its path; `latest` leads to a run of this
//! very folder or to none, and only a link is ever put in its place.

use crate::error::{Error, ErrorKind, io_reason};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The state's folder; it and the folder of outputs are made if there are none.
///
/// # Errors
/// ERR-076: one of them is something else than a folder, or cannot be made.
pub fn open(outputs: &Path) -> Result<PathBuf, Error> {
    let state = outputs.join(".huichi");
    for folder in [outputs, &state] {
        fs::create_dir_all(folder).map_err(|e| no_folder(folder, &e))?;
    }
    Ok(state)
}

/// The state's folder of outputs that a run can be given to.
///
/// # Errors
/// As [`open`]; ERR-075: `latest` is a folder or a file, ERR-077: the state lies on another disk than the outputs.
pub fn ready(outputs: &Path) -> Result<PathBuf, Error> {
    let state = open(outputs)?;
    let latest = link(outputs);
    if let Ok(found) = latest.symlink_metadata()
        && !found.is_symlink()
    {
        return Err(no_link(&latest));
    }
    if is_apart(outputs, &state)? {
        return Err(Error::new(ErrorKind::System, "ERR-077").with("path", shown(&state)).with("outputs", shown(outputs)));
    }
    Ok(state)
}

/// The run that `latest` names, whether it is still there or not; none where it leads out of the outputs or is no link.
pub fn latest(outputs: &Path) -> Option<String> {
    let to = fs::read_link(link(outputs)).ok()?;
    let own = |folder: &Path| folder.as_os_str().is_empty() || outputs.join(folder).canonicalize().ok() == outputs.canonicalize().ok();
    to.parent().filter(|folder| own(folder))?;
    Some(to.file_name()?.to_string_lossy().into_owned())
}

/// Lets `latest` lead to a run, by one rename.
///
/// # Errors
/// ERR-075: something else than a link stands there by now. Or the system fails.
pub fn switch(outputs: &Path, run: &str) -> Result<(), Error> {
    let (new, latest) = (outputs.join(".huichi").join("latest.new"), link(outputs));
    remove(&new)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(run, &new)?;
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(run, &new)?;
    if let Err(error) = fs::rename(&new, &latest) {
        remove(&new)?;
        return Err(if latest.is_dir() && !latest.is_symlink() { no_link(&latest) } else { error.into() });
    }
    Ok(())
}

/// Removes `latest`, where no run stands.
pub fn unlink(outputs: &Path) -> io::Result<()> {
    fs::remove_file(link(outputs))
}

/// Removes whatever has a name of ours, if anything has; of a link, not what it leads to.
pub fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn link(outputs: &Path) -> PathBuf {
    outputs.join("latest")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn no_link(latest: &Path) -> Error {
    let reason = if latest.is_dir() { "@outputs.latest_folder" } else { "@outputs.latest_file" };
    Error::new(ErrorKind::System, "ERR-075").with("path", shown(latest)).with("reason", reason)
}

fn no_folder(path: &Path, error: &io::Error) -> Error {
    let reason = match path.symlink_metadata() {
        Ok(found) if found.is_symlink() && !path.exists() => "@outputs.dangling".to_owned(),
        Ok(found) if !found.is_dir() => "@io.no_folder".to_owned(),
        _ => io_reason(error),
    };
    Error::new(ErrorKind::System, "ERR-076").with("path", shown(path)).with("reason", reason)
}

/// Whether two folders lie on different disks: no rename leads from one to the other.
#[cfg(unix)]
fn is_apart(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(one)?.dev() != fs::metadata(other)?.dev())
}

#[cfg(not(unix))]
fn is_apart(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn latest_names_a_run_of_its_own_folder_alone() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let outputs = folder.path().join("outputs");
        fs::create_dir_all(outputs.join("20260630-1"))?;
        fs::create_dir_all(folder.path().join("elsewhere"))?;
        let own = outputs.canonicalize()?.join("20260630-1").display().to_string();
        for (to, want) in [
            ("20260630-1", Some("20260630-1")),
            ("./20260630-1", Some("20260630-1")),
            ("20260630-2", Some("20260630-2")),
            (own.as_str(), Some("20260630-1")),
            ("../elsewhere", None),
            ("20260630-1/data", None),
            ("/", None),
            ("..", None),
        ] {
            remove(&link(&outputs))?;
            symlink(to, link(&outputs))?;
            assert_eq!(latest(&outputs).as_deref(), want, "{to}");
        }
        remove(&link(&outputs))?;
        fs::create_dir(link(&outputs))?;
        assert_eq!(latest(&outputs), None);
        Ok(())
    }
}
