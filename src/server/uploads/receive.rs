//! From a multipart body to receipts: streamed to disk while counted and hashed, then kept whole or not at all.

use super::gate::{Meter, Parts};
use super::{checks, names};
use crate::ledger::NewUpload;
use crate::model::text::hex;
use crate::server::actor::Actor;
use crate::server::error::PageError;
use crate::server::form::same;
use crate::server::password::secret;
use crate::server::state::App;
use crate::stages::acquire::version;
use axum::extract::multipart::{Field, MultipartRejection};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use hyper::body::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

/// Fields that are no file, and bytes of each.
const TEXTS: usize = 10;
const TEXT_BYTES: usize = 4 << 10;
/// Longest silence of a sender, and longest upload.
const SILENCE: Duration = Duration::from_secs(30);
const DEADLINE: Duration = Duration::from_secs(600);
/// What is still read of an upload that is too large, so that the sender hears the answer.
const DRAINED: u64 = 64 << 20;
const DRAINING: Duration = Duration::from_secs(20);

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

/// A file on disk, not yet in the store.
struct Arriving {
    name: String,
    sha256: String,
    bytes: u64,
    copy: NamedTempFile,
}

/// What a body held.
#[derive(Default)]
struct Body {
    files: Vec<Arriving>,
    replaces: Option<String>,
}

/// What a request to take in files says of itself, and its body.
pub type Posting = (HeaderMap, Result<Parts, MultipartRejection>);

/// Takes in what an actor sends, begins the checks, and notes each file in the audit log.
pub async fn receive(app: &App, actor: &Actor, address: &str, (headers, body): Posting) -> Result<Vec<Sent>, PageError> {
    let mib = app.config.portal.upload_mib.min(app.config.limits.file_mib);
    let stated = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    // Twice the limit is not even read to its end.
    if stated.is_some_and(|s| s > (2 * mib + 1) << 20) {
        return Err(PageError::TooLarge(mib));
    }
    // What is no multipart body cannot carry the word of a session; programs have none.
    let none = || if actor.csrf.is_empty() { PageError::Refused("form", Vec::new()) } else { PageError::Forged };
    take(app, (actor, address), body.map_err(|_| none())?).await
}

/// Takes in a body. Nothing is kept unless the whole of it came.
async fn take(app: &App, (actor, address): (&Actor, &str), mut parts: Parts) -> Result<Vec<Sent>, PageError> {
    let source = actor.source.clone().filter(|s| app.config.source.contains_key(s)).ok_or(PageError::NotFound)?;
    let body = match tokio::time::timeout(DEADLINE, read(app, actor, &mut parts)).await {
        Ok(Err(error @ PageError::TooLarge(_))) => {
            let _ = tokio::time::timeout(DRAINING, drain(&mut parts, 2 * most(app))).await;
            return Err(error);
        }
        read => read.map_err(|_| broken())??,
    };
    if body.files.is_empty() {
        return Err(PageError::Refused("upload_none", Vec::new()));
    }
    let replaces = match &body.replaces {
        None => None,
        Some(_) if body.files.len() > 1 => return Err(PageError::Refused("upload_replaces_one", Vec::new())),
        Some(id) => {
            let replaced = super::own::own(app, actor, id).await?;
            let replaced = Some(replaced).filter(|u| u.source == source).ok_or(PageError::NotFound)?;
            let replaces = super::view::standings(app, &replaced).await?.with_successors(&replaced);
            Some((replaced.series, replaces))
        }
    };
    let sent = keep(app, (actor, address), source, replaces, body.files).await?;
    for one in &sent {
        checks::begin_by_id(app, &one.id).await?;
    }
    Ok(sent)
}

/// Fields of a body at most, of whatever kind.
fn most(app: &App) -> usize {
    TEXTS + app.config.portal.upload_files
}

fn broken() -> PageError {
    PageError::Refused("upload_broken", Vec::new())
}

/// Waits for the sender, but not for ever; a body that ends in its middle is broken.
async fn heard<T, E>(next: impl Future<Output = Result<T, E>>) -> Result<T, PageError> {
    tokio::time::timeout(SILENCE, next).await.map_err(|_| broken())?.map_err(|_| broken())
}

async fn read(app: &App, actor: &Actor, parts: &mut Parts) -> Result<Body, PageError> {
    let portal = &app.config.portal;
    let mib = portal.upload_mib.min(app.config.limits.file_mib);
    let (mut left, mut texts) = (mib << 20, 0);
    // A program's token is in no browser, so that nothing can be forged in its name.
    let mut genuine = actor.csrf.is_empty();
    let mut body = Body::default();
    let meter = parts.meter();
    while let Some(field) = heard(parts.next(most(app))).await? {
        let Some(claimed) = field.file_name().map(str::to_owned) else {
            texts += 1;
            if texts > TEXTS {
                return Err(PageError::Refused("form", Vec::new()));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let value = text(field, &meter).await?;
            match name.as_str() {
                "csrf" => genuine = genuine || same(&value, &actor.csrf),
                "replaces" if !value.is_empty() => body.replaces = Some(value),
                _ => {}
            }
            continue;
        };
        // The word of the session comes first, so that nobody else's file reaches the disk.
        if !genuine {
            return Err(PageError::Forged);
        }
        if let Some(file) = file(&app.intake.incoming, (field, &meter), &claimed, &mut left, mib).await? {
            body.files.push(file);
        }
        if body.files.len() > portal.upload_files {
            return Err(PageError::Refused("upload_many", vec![portal.upload_files.to_string()]));
        }
    }
    if genuine { Ok(body) } else { Err(PageError::Forged) }
}

async fn text(mut field: Field<'_>, meter: &Meter) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = heard(meter.chunk(&mut field)).await? {
        if bytes.len() + chunk.len() > TEXT_BYTES {
            return Err(PageError::Refused("form", Vec::new()));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| PageError::Refused("form", Vec::new()))
}

/// Streams a file to disk; nothing if the browser sent an empty choice.
async fn file(
    folder: &Path,
    (mut field, meter): (Field<'_>, &Meter),
    claimed: &str,
    left: &mut u64,
    mib: u64,
) -> Result<Option<Arriving>, PageError> {
    let copy = NamedTempFile::new_in(folder)?;
    let mut out = tokio::fs::File::from_std(copy.reopen()?);
    let (mut hasher, mut bytes) = (Sha256::new(), 0_u64);
    while let Some(chunk) = heard::<Option<Bytes>, _>(meter.chunk(&mut field)).await? {
        let length = chunk.len() as u64;
        *left = left.checked_sub(length).ok_or(PageError::TooLarge(mib))?;
        bytes += length;
        hasher.update(&chunk);
        out.write_all(&chunk).await?;
    }
    if bytes == 0 && claimed.is_empty() {
        return Ok(None);
    }
    out.flush().await?;
    out.sync_all().await?;
    let name = names::shown(claimed).ok_or_else(|| PageError::Refused("upload_name", Vec::new()))?;
    Ok(Some(Arriving { name, sha256: hex(&hasher.finalize()), bytes, copy }))
}

/// Reads on without keeping anything.
async fn drain(parts: &mut Parts, most: usize) {
    let (meter, mut read) = (parts.meter(), 0);
    while let Ok(Some(mut field)) = parts.next(most).await {
        while let Ok(Some(chunk)) = meter.chunk(&mut field).await {
            read += chunk.len() as u64;
            if read > DRAINED {
                return;
            }
        }
    }
}

/// Moves files into the store, then notes their receipts: a receipt never stands for bytes that are not there.
async fn keep(
    app: &App,
    (actor, address): (&Actor, &str),
    source: String,
    replaces: Option<(String, Vec<i64>)>,
    files: Vec<Arriving>,
) -> Result<Vec<Sent>, PageError> {
    let store = app.intake.store.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let keep = |file: Arriving| {
            store.keep(file.copy, &file.sha256)?;
            Ok((file.name, file.sha256, file.bytes))
        };
        files.into_iter().map(keep).collect::<std::io::Result<Vec<_>>>()
    });
    let kept = kept.await.map_err(|e| PageError::bug(e.to_string()))??;
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
    app.change(actor, address, move |l, by| {
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
