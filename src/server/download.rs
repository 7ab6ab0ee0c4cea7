//! Files as answers: streamed from disk, always to be kept and never to be shown by the browser.

use super::error::PageError;
use super::frame::quoted;
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use hyper::body::{Bytes, Frame};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// Answers with a file under a name.
pub async fn file(path: &Path, name: &str) -> Result<Response, PageError> {
    let file = File::open(path).await?;
    let length = file.metadata().await?.len();
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
        (CONTENT_DISPOSITION, disposition(name)),
    ];
    Ok((headers, Body::new(FileBody(file))).into_response())
}

/// A name for the old way, in ASCII, and the name itself.
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", quoted(name).replace('/', "%2F"))
}

/// A file as a body.
struct FileBody(File);

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let mut chunk = vec![0; CHUNK];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        chunk.truncate(read);
        Poll::Ready((read > 0).then(|| Ok(Frame::data(Bytes::from(chunk)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("表 \"1\".xlsx"), "attachment; filename=\"___1_.xlsx\"; filename*=UTF-8''%E8%A1%A8%20%221%22.xlsx");
        assert!(!disposition("a\r\nb/c").contains(['\r', '\n', '/']));
    }
}
