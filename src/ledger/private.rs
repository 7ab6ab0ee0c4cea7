//! Who may read the state's files: their owner alone.

use std::io;
use std::path::Path;

/// Makes a folder its owner's alone.
///
/// # Errors
/// It is somebody else's.
pub fn private_folder(path: &Path) -> io::Result<()> {
    limit(path, 0o700)
}

/// Makes a file its owner's alone; it is made if there is none, so that it lies open at no moment.
///
/// # Errors
/// It is somebody else's, or cannot be made.
pub fn private_file(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => limit(path, 0o600),
        Err(error) => Err(error),
    }
}

/// Sets a mode where another is; a system without modes has other means.
fn limit(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let now = std::fs::metadata(path)?.permissions().mode() & 0o777;
        if now != mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

/// The ledger's file with what SQLite keeps beside it, and the folder that they lie in.
pub(super) fn tighten(path: &Path) {
    let beside = ["-wal", "-shm", "-journal"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        std::path::PathBuf::from(name)
    });
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), private_folder);
    let files = beside.iter().filter(|p| p.exists()).map(|p| limit(p, 0o600));
    for error in [folder, private_file(path)].into_iter().chain(files).filter_map(Result::err) {
        // Whoever is not the owner may still be let in by the system; what stops him SQLite says.
        tracing::warn!(%error, "the ledger's files could not be made their owner's alone");
    }
}
