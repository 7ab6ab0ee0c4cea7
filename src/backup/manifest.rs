//! What a backup holds, and files that are copied while they are hashed.

use crate::error::{Error, ErrorKind};
use crate::model::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Version of a backup's shape.
pub const FORMAT: u32 = 1;
/// The file that is written last.
pub const NAME: &str = "manifest.json";
/// The state's folder and that of the runs.
pub const STATE: &str = "state";
pub const RUNS: &str = "runs";

const CHUNK: usize = 1 << 18;
/// Bytes of a manifest at most: some million files.
const LONGEST: u64 = 1 << 30;

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
    pub files: Vec<BackupPart>,
    /// What the ledger names and the site had lost: paths of originals, folders of adopted runs. Builds that did not look
    /// for it said nothing.
    #[serde(default)]
    pub missing: Option<Vec<String>>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupPart {
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
        let path = folder.join(NAME);
        let text = match fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_file() || meta.len() > LONGEST => return Err(no("@backup.bad_manifest")),
            Ok(_) => fs::read(&path),
            Err(error) => Err(error),
        };
        let text = match text {
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
        if manifest.is_plain() { Ok(manifest) } else { Err(no("@backup.bad_manifest")) }
    }

    /// Whether it names nothing but what a backup holds.
    fn is_plain(&self) -> bool {
        let ledger = format!("{STATE}/ledger.sqlite");
        let latest = self.latest.iter().all(|run| self.runs().contains(run.as_str()));
        // It is shown to people.
        let said = !self.made.chars().any(char::is_control);
        latest && said && self.odd().is_none() && self.files.iter().any(|part| part.path == ledger)
    }

    /// The first path that is none of a backup. A manifest is a file like any other: no path of it may lead elsewhere, stand
    /// for two files or for a file and a folder, or slip something beside the ledger.
    pub fn odd(&self) -> Option<&str> {
        let mut folded = BTreeSet::new();
        let twice = self.files.iter().find(|part| !folded.insert(fold(&part.path)));
        let within_file = |part: &&BackupPart| {
            let path = fold(&part.path);
            path.match_indices('/').any(|(end, _)| folded.contains(&path[..end]))
        };
        let odd = |part: &&BackupPart| !part.is_plain() || within_file(part);
        twice.or_else(|| self.files.iter().find(odd)).map(|part| part.path.as_str())
    }

    /// The runs, by id.
    pub fn runs(&self) -> BTreeSet<&str> {
        self.files.iter().filter_map(|f| f.path.strip_prefix("runs/")?.split('/').next()).collect()
    }
}

impl BackupPart {
    /// Whether the path is one of a backup, and the hash one, of an original its own.
    fn is_plain(&self) -> bool {
        let segments: Vec<&str> = self.path.split('/').collect();
        let odd = |c: char| c.is_control() || ['\\', ':'].contains(&c);
        let plain = segments.iter().all(|s| !["", ".", ".."].contains(s) && !s.contains(odd));
        let is_hash = self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let known = match segments.as_slice() {
            [STATE, "ledger.sqlite"] => true,
            [STATE, "store", folder, name] => *name == self.sha256 && name.starts_with(folder) && folder.len() == 2,
            [STATE, folder, _, ..] => *folder != "store" && is_kept(folder),
            // A run's folder takes its place beside the state and `latest`.
            [RUNS, run, _, ..] => *run != "latest" && run.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            _ => false,
        };
        plain && is_hash && known
    }
}

/// What can be made again, and files that are still coming in and were acknowledged to nobody.
const LEFT_OUT: [&str; 3] = ["cache", "origins", "incoming"];

/// Whether a folder of the state cannot be made again; not what runs and removals are working on either.
pub fn is_kept(folder: &str) -> bool {
    !LEFT_OUT.contains(&folder) && !["run-", "gone-", "tmp-", "."].iter().any(|p| folder.starts_with(p))
}

/// A path as file systems see it that take capital for small letters, and one spelling of a letter for another.
fn fold(path: &str) -> String {
    path.nfc().flat_map(char::to_lowercase).collect()
}

/// Copies a file that is no longer than `most` and forces it to disk; gives its bytes and hash. Of a longer one, one byte
/// more is read.
pub fn copy(from: &Path, to: &Path, most: u64) -> io::Result<(u64, String)> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(to)?;
    let hashed = hash_into(File::open(from)?.take(most.saturating_add(1)), &mut file)?;
    file.sync_all()?;
    Ok(hashed)
}

/// Copies the file of a run: those of adopted ones can only be read, and stay so.
pub fn copy_of_run(from: &Path, to: &Path, most: u64) -> io::Result<(u64, String)> {
    let hashed = copy(from, to, most)?;
    if fs::metadata(from)?.permissions().readonly() {
        let mut permissions = fs::metadata(to)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(to, permissions)?;
    }
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
