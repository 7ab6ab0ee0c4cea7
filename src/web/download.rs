//! Files on their way out: streamed from disk, with a name that every browser keeps.

use super::error::PageError;
use crate::content::Verified;
use crate::model::text::hex;
use crate::portal::error::PortalError;
use crate::portal::text::quoted;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at a time.
const PART: usize = 64 << 10;

/// Answers with a file that was just made; `name` is what the reader's computer keeps it under.
///
/// # Errors
/// There is no such file.
pub async fn file(path: &Path, name: &str) -> Result<Response, PageError> {
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PortalError::NotFound.into()),
        Err(error) => return Err(error.into()),
    };
    answer(file, name, None).await
}

/// Answers with a content that was kept; its bytes are compared once more on their way out.
///
/// # Errors
/// It is not the content of its hash any more.
pub async fn verified(content: Verified, name: &str) -> Result<Response, PageError> {
    let opened = tokio::task::spawn_blocking(move || content.open().map(|file| (file, content.sha256().to_owned()))).await;
    let (file, sha256) = opened.map_err(|e| PortalError::bug(e.to_string()))?.map_err(|_| PortalError::Conflict("original_flawed"))?;
    answer(File::from_std(file), name, Some(sha256)).await
}

async fn answer(file: File, name: &str, sha256: Option<String>) -> Result<Response, PageError> {
    let left = file.metadata().await?.len();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(left));
    headers.insert(CONTENT_DISPOSITION, disposition(name)?);
    Ok((headers, Body::new(Stream { file, left, seal: sha256.map(|sha256| (Sha256::new(), sha256)) })).into_response())
}

/// The media type of a name's extension.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip" => "application/zip",
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}

/// A download under a name: in full (RFC 5987), and in letters for programs that know no better.
pub fn disposition(name: &str) -> Result<HeaderValue, PageError> {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect();
    let full = quoted(name).replace('/', "%2F");
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}");
    Ok(HeaderValue::try_from(text).map_err(|e| PortalError::bug(e.to_string()))?)
}

/// A file's content, part by part.
struct Stream {
    file: File,
    left: u64,
    /// The hash of what was sent so far, and what it must come to.
    seal: Option<(Sha256, String)>,
}

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut part = vec![0; PART.min(usize::try_from(self.left).unwrap_or(PART))];
        let mut into = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.file).poll_read(context, &mut into))?;
        let read = into.filled().len();
        if read == 0 {
            // Cut while it was sent: the reader must not take it for whole.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.left -= read as u64;
        part.truncate(read);
        let last = self.left == 0;
        if let Some((hasher, sha256)) = &mut self.seal {
            hasher.update(&part);
            // Changed while it was sent: its end is kept back.
            if last && hex(&hasher.clone().finalize()) != *sha256 {
                return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
            }
        }
        Poll::Ready(Some(Ok(Frame::data(part.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_arrives_whole_under_its_name() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x");
        let content: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &content)?;
        let Ok(response) = file(&path, "备选池.xlsx").await else { return Err("no answer".into()) };
        let named = response.headers()[CONTENT_DISPOSITION].to_str()?.to_owned();
        assert_eq!(named, "attachment; filename=\"___.xlsx\"; filename*=UTF-8''%E5%A4%87%E9%80%89%E6%B1%A0.xlsx");
        assert_eq!(response.headers()[CONTENT_LENGTH], "200000");
        assert_eq!(axum::body::to_bytes(response.into_body(), 1 << 20).await?, content);
        assert_eq!(file(&folder.path().join("y"), "y").await.err(), Some(PortalError::NotFound.into()));
        let kept = || Verified::new(folder.path().to_owned(), "x".into(), crate::content::hash_bytes(&content));
        let Ok(response) = verified(kept()?, "x").await else { return Err("no answer".into()) };
        assert_eq!(axum::body::to_bytes(response.into_body(), 1 << 20).await?, content);
        let (kept, other) = (kept()?, content.iter().rev().copied().collect::<Vec<u8>>());
        std::fs::write(&path, &other)?;
        assert!(verified(kept, "x").await.is_err(), "changed since it was found");
        let changing =
            Stream { file: File::open(&path).await?, left: 200_000, seal: Some((Sha256::new(), crate::content::hash_bytes(&content))) };
        assert!(axum::body::to_bytes(Body::new(changing), 1 << 20).await.is_err(), "changed while it is sent");
        Ok(())
    }
}
