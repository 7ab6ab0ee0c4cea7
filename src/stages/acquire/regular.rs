//! Opens regular files and nothing else.
//!
//! What lay in a folder when it was listed may be something else when it is read. A pipe would make the reader wait for
//! ever and a link would lead anywhere, so a file is looked at once it is open, and the last link of a path not followed.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a regular file for reading; links are resolved by the caller.
///
/// # Errors
/// It cannot be opened, or it is a link, a folder, a pipe, a socket or a device.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, unfollowed());
    let file = options.open(path)?;
    let kind = file.metadata()?.file_type();
    match () {
        () if kind.is_file() => Ok(file),
        () if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// Neither wait for the other end of a pipe nor follow a link.
#[cfg(unix)]
fn unfollowed() -> i32 {
    use rustix::fs::OFlags;
    (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed()
}

/// Whether the system gives us no more files to open.
#[cfg(unix)]
pub fn is_out_of_files(error: &io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(not(unix))]
pub fn is_out_of_files(_: &io::Error) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn pipes_folders_and_links_are_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "abc").expect("a file");
        std::os::unix::fs::symlink(at("file"), at("link")).expect("a link");
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).expect("a pipe");
        assert!(open(&at("file")).is_ok());
        assert_eq!(open(&at("pipe")).map_err(|e| e.kind()).err(), Some(io::ErrorKind::InvalidInput));
        assert_eq!(open(folder.path()).map_err(|e| e.kind()).err(), Some(io::ErrorKind::IsADirectory));
        assert!(open(&at("link")).is_err());
        assert_eq!(open(&at("gone")).map_err(|e| e.kind()).err(), Some(io::ErrorKind::NotFound));
    }
}
