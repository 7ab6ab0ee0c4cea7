//! Files that a request posts: read part by part within their limits, and handed to the room of uploads as they come.

mod gate;

pub use gate::Parts;

use super::error::PageError;
use super::form::same;
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::uploads::{self, Arriving, Incoming, Sent, Uploads};
use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartRejection};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use gate::Meter;
use std::future::Future;
use std::time::Duration;

/// Fields that are no file, and bytes of each.
const TEXTS: usize = 10;
const TEXT_BYTES: usize = 4 << 10;
/// Longest silence of a sender, and longest upload.
const SILENCE: Duration = Duration::from_secs(30);
const DEADLINE: Duration = Duration::from_secs(600);
/// What is still read of an upload that is too large, so that the sender hears the answer.
const DRAINED: u64 = 64 << 20;
const DRAINING: Duration = Duration::from_secs(20);

/// What a body held.
#[derive(Default)]
struct Body {
    files: Vec<Arriving>,
    replaces: Option<String>,
}

/// What a request to take in files says of itself, and its body.
pub type Posting = (HeaderMap, Result<Parts, MultipartRejection>);

/// Takes in what an actor sends, begins the checks, and notes each file in the audit log.
pub async fn receive(uploads: &Uploads, actor: &Actor, address: &str, (headers, body): Posting) -> Result<Vec<Sent>, PageError> {
    let mib = uploads.config.portal.upload_mib.min(uploads.config.limits.file_mib);
    let stated = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    // Twice the limit is not even read to its end.
    if stated.is_some_and(|s| s > (2 * mib + 1) << 20) {
        return Err(PageError::TooLarge(mib));
    }
    // What is no multipart body cannot carry the word of a session; programs have none.
    let none = || if actor.csrf.is_empty() { PortalError::Refused("form", Vec::new()).into() } else { PageError::Forged };
    take(uploads, (actor, address), body.map_err(|_| none())?).await
}

/// Takes in a body. Nothing is kept unless the whole of it came.
async fn take(uploads: &Uploads, (actor, address): (&Actor, &str), mut parts: Parts) -> Result<Vec<Sent>, PageError> {
    // Who sends for no source is not even read.
    uploads::source_of(uploads, actor)?;
    let body = match tokio::time::timeout(DEADLINE, read(uploads, actor, &mut parts)).await {
        Ok(Err(error @ PageError::TooLarge(_))) => {
            let _ = tokio::time::timeout(DRAINING, drain(&mut parts, 2 * most(uploads))).await;
            return Err(error);
        }
        read => read.map_err(|_| broken())??,
    };
    Ok(uploads::receive(uploads, (actor, address), body.files, body.replaces.as_deref()).await?)
}

/// Fields of a body at most, of whatever kind.
fn most(uploads: &Uploads) -> usize {
    TEXTS + uploads.config.portal.upload_files
}

fn broken() -> PageError {
    PortalError::Refused("upload_broken", Vec::new()).into()
}

/// Waits for the sender, but not for ever; a body that ends in its middle is broken.
async fn heard<T, E>(next: impl Future<Output = Result<T, E>>) -> Result<T, PageError> {
    tokio::time::timeout(SILENCE, next).await.map_err(|_| broken())?.map_err(|_| broken())
}

async fn read(uploads: &Uploads, actor: &Actor, parts: &mut Parts) -> Result<Body, PageError> {
    let portal = &uploads.config.portal;
    let mib = portal.upload_mib.min(uploads.config.limits.file_mib);
    let (mut left, mut texts) = (mib << 20, 0);
    // A program's token is in no browser, so that nothing can be forged in its name.
    let mut genuine = actor.csrf.is_empty();
    let mut body = Body::default();
    let meter = parts.meter();
    while let Some(field) = heard(parts.next(most(uploads))).await? {
        let Some(claimed) = field.file_name().map(str::to_owned) else {
            texts += 1;
            if texts > TEXTS {
                return Err(PortalError::Refused("form", Vec::new()).into());
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
        if let Some(file) = file(uploads, (field, &meter), &claimed, &mut left, mib).await? {
            body.files.push(file);
        }
        if body.files.len() > portal.upload_files {
            return Err(PortalError::Refused("upload_many", vec![portal.upload_files.to_string()]).into());
        }
    }
    if genuine { Ok(body) } else { Err(PageError::Forged) }
}

async fn text(mut field: Field<'_>, meter: &Meter) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = heard(meter.chunk(&mut field)).await? {
        if bytes.len() + chunk.len() > TEXT_BYTES {
            return Err(PortalError::Refused("form", Vec::new()).into());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| PortalError::Refused("form", Vec::new()).into())
}

/// Streams a file to disk; nothing if the browser sent an empty choice.
async fn file(
    uploads: &Uploads,
    (mut field, meter): (Field<'_>, &Meter),
    claimed: &str,
    left: &mut u64,
    mib: u64,
) -> Result<Option<Arriving>, PageError> {
    let mut incoming = Incoming::begin(uploads)?;
    while let Some(chunk) = heard::<Option<Bytes>, _>(meter.chunk(&mut field)).await? {
        *left = left.checked_sub(chunk.len() as u64).ok_or(PageError::TooLarge(mib))?;
        incoming.take(&chunk).await?;
    }
    Ok(incoming.end(claimed).await?)
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
