//! From bytes that come in to receipts: written to disk while counted and hashed, then kept whole or not at all.

use super::room::Uploads;
use super::{checks, names};
use crate::ledger::NewUpload;
use crate::model::text::hex;
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::password::secret;
use crate::stages::acquire::version;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

/// A file that was taken in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Sent {
    /// Id of its upload.
    pub id: String,
    /// Its name as shown.
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether the source had not sent this content before.
    pub new: bool,
}

/// A file that comes in, piece by piece.
pub struct Incoming {
    copy: NamedTempFile,
    out: tokio::fs::File,
    hasher: Sha256,
    bytes: u64,
}

/// A file on disk, not yet in the store.
pub struct Arriving {
    name: String,
    sha256: String,
    bytes: u64,
    copy: NamedTempFile,
}

impl Incoming {
    /// Nothing has come yet.
    pub fn begin(uploads: &Uploads) -> Result<Self, PortalError> {
        let copy = NamedTempFile::new_in(&uploads.intake.incoming)?;
        let out = tokio::fs::File::from_std(copy.reopen()?);
        Ok(Self { copy, out, hasher: Sha256::new(), bytes: 0 })
    }

    /// Takes the next piece.
    pub async fn take(&mut self, piece: &[u8]) -> Result<(), PortalError> {
        self.bytes += piece.len() as u64;
        self.hasher.update(piece);
        Ok(self.out.write_all(piece).await?)
    }

    /// All has come of a file that its sender claims to be called so; nothing if neither is there.
    pub async fn end(mut self, claimed: &str) -> Result<Option<Arriving>, PortalError> {
        if self.bytes == 0 && claimed.is_empty() {
            return Ok(None);
        }
        self.out.flush().await?;
        self.out.sync_all().await?;
        let name = names::shown(claimed).ok_or_else(|| PortalError::Refused("upload_name", Vec::new()))?;
        Ok(Some(Arriving { name, sha256: hex(&self.hasher.finalize()), bytes: self.bytes, copy: self.copy }))
    }
}

/// The source whose returns an actor sends.
///
/// # Errors
/// The actor sends none, or the source is no longer there.
pub fn source_of(uploads: &Uploads, actor: &Actor) -> Result<String, PortalError> {
    actor.source.clone().filter(|s| uploads.config.source.contains_key(s)).ok_or(PortalError::NotFound)
}

/// Takes in what an actor sends, begins the checks, and notes each file in the audit log. `replaced` is the id of the upload that
/// the only file replaces.
pub async fn receive(
    uploads: &Uploads,
    (actor, address): (&Actor, &str),
    files: Vec<Arriving>,
    replaced: Option<&str>,
) -> Result<Vec<Sent>, PortalError> {
    let source = source_of(uploads, actor)?;
    if files.is_empty() {
        return Err(PortalError::Refused("upload_none", Vec::new()));
    }
    let replaces = match replaced {
        None => None,
        Some(_) if files.len() > 1 => return Err(PortalError::Refused("upload_replaces_one", Vec::new())),
        Some(id) => {
            let replaced = super::own::own(uploads, actor, id).await?;
            let replaced = Some(replaced).filter(|u| u.source == source).ok_or(PortalError::NotFound)?;
            let replaces = super::view::standings(uploads, &replaced).await?.with_successors(&replaced);
            Some((replaced.series, replaces))
        }
    };
    let sent = keep(uploads, (actor, address), source, replaces, files).await?;
    for one in &sent {
        checks::begin_by_id(uploads, &one.id).await?;
    }
    Ok(sent)
}

/// Moves files into the store, then notes their receipts: a receipt never stands for bytes that are not there.
async fn keep(
    uploads: &Uploads,
    (actor, address): (&Actor, &str),
    source: String,
    replaces: Option<(String, Vec<i64>)>,
    files: Vec<Arriving>,
) -> Result<Vec<Sent>, PortalError> {
    let store = uploads.intake.store.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let keep = |file: Arriving| {
            store.keep(file.copy, &file.sha256)?;
            Ok((file.name, file.sha256, file.bytes))
        };
        files.into_iter().map(keep).collect::<std::io::Result<Vec<_>>>()
    });
    let kept = kept.await.map_err(|e| PortalError::bug(e.to_string()))??;
    let new: Vec<NewUpload> = kept
        .into_iter()
        .map(|(name, sha256, bytes)| NewUpload {
            id: secret(),
            source: source.clone(),
            account: actor.name.clone(),
            part: version(&name).0,
            name,
            sha256,
            bytes,
            replaces: replaces.clone(),
        })
        .collect();
    uploads
        .change(actor, address, move |l, by| {
            let ids = l.add_uploads(&new, by)?;
            let sent = |(new, (id, is_new)): (NewUpload, (String, bool))| Sent {
                id,
                name: new.name,
                sha256: new.sha256,
                bytes: new.bytes,
                new: is_new,
            };
            Ok(new.into_iter().zip(ids).map(sent).collect())
        })
        .await
}
