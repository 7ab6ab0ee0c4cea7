//! What a backup holds, and files that are copied while they are hashed.

use crate::error::{Error, ErrorKind};
use crate::model::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path};

/// Version of a backup's shape.
pub const FORMAT: u32 = 1;
/// The file that is written last.
pub const NAME: &str = "manifest.json";
/// The state's folder and that of the runs.
pub const STATE: &str = "state";
pub const RUNS: &str = "runs";

const CHUNK: usize = 1 << 18;

/// `manifest.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the shape.
    pub format: u32,
    /// The program that made it.
    pub huichi: String,
    /// When it was made.
    pub made: String,
    /// Number of the last entry of the audit log.
    pub audit_number: i64,
    /// Hash of the last entry of the audit log.
    pub audit_hash: String,
    /// The run that `latest` was.
    pub latest: Option<String>,
    /// Every file, by path.
    pub files: Vec<Part>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Path below the backup, with `/`.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let no = |reason: &str| Error::new(ErrorKind::Usage, "ERR-038").with("path", folder.display().to_string()).with("reason", reason);
        let text = match fs::read(folder.join(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no("@backup.no_manifest")),
            Err(error) => {
                return Err(Error::new(ErrorKind::System, "ERR-038").with("path", folder.display().to_string()).from_io(error));
            }
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| no("@backup.bad_manifest"))?;
        if manifest.format != FORMAT {
            return Err(no("@backup.other_format"));
        }
        // A manifest is a file like any other: no path of it may lead elsewhere.
        let within = |part: &Part| {
            let mut parts = Path::new(&part.path).components();
            let root = parts.next();
            let known = [STATE, RUNS].iter().any(|r| root == Some(Component::Normal(r.as_ref())));
            known && parts.all(|c| matches!(c, Component::Normal(_))) && !part.path.contains('\\')
        };
        let plain = |run: &String| !run.is_empty() && run.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !manifest.files.iter().all(within) || !manifest.latest.iter().all(plain) {
            return Err(no("@backup.bad_manifest"));
        }
        Ok(manifest)
    }

    /// The runs, by id.
    pub fn runs(&self) -> Vec<&str> {
        let mut runs: Vec<&str> = self.files.iter().filter_map(|f| f.path.strip_prefix("runs/")?.split('/').next()).collect();
        runs.dedup();
        runs
    }
}

/// Copies a file and forces it to disk, one that can only be read as such; gives its bytes and hash.
pub fn copy(from: &Path, to: &Path) -> io::Result<(u64, String)> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(to)?;
    let hashed = hash_into(File::open(from)?, &mut file)?;
    file.set_permissions(fs::metadata(from)?.permissions())?;
    file.sync_all()?;
    Ok(hashed)
}

/// Bytes and hash of a file.
pub fn hash(path: &Path) -> io::Result<(u64, String)> {
    hash_into(File::open(path)?, &mut io::sink())
}

fn hash_into(mut from: impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut hasher, mut chunk, mut bytes) = (Sha256::new(), vec![0; CHUNK], 0);
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok((bytes, hex(&hasher.finalize())));
        }
        hasher.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
    }
}

/// Forces the names within a folder and all below it to disk.
pub fn settle(folder: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(folder).contents_first(true) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            settle_names(entry.path())?;
        }
    }
    Ok(())
}

/// Forces the names within a folder to disk, where the system can.
pub fn settle_names(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
