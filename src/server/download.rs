//! Files on their way out: streamed from disk, with a name that every browser keeps.

use super::error::PageError;
use super::frame::quoted;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at a time.
const PART: usize = 64 << 10;

/// Answers with a file; `name` is what the reader's computer keeps it under.
///
/// # Errors
/// There is no such file.
pub async fn file(path: &Path, name: &str) -> Result<Response, PageError> {
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PageError::NotFound),
        Err(error) => return Err(error.into()),
    };
    let left = file.metadata().await?.len();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(left));
    headers.insert(CONTENT_DISPOSITION, disposition(name)?);
    Ok((headers, Body::new(Stream { file, left })).into_response())
}

/// The media type of a name's extension.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
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
    HeaderValue::try_from(text).map_err(|e| PageError::bug(e.to_string()))
}

/// A file's content, part by part.
struct Stream {
    file: File,
    left: u64,
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
        assert_eq!(file(&folder.path().join("y"), "y").await.err(), Some(PageError::NotFound));
        Ok(())
    }
}
