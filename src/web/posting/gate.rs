//! A multipart body on its way to the reader of its fields, held back wherever no field can be.
//!
//! That reader keeps whatever comes until it finds the next boundary or the end of a field's head. So a body passes here
//! in small pieces, one each time it is asked for; between one thing that came out of it, a field or a piece of one, and
//! the next, only so much may go in.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use hyper::body::Frame;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// Bytes handed on at a time.
const PIECE: usize = 16 << 10;
/// Bytes that may go in while nothing comes out: a field's head, and the pieces that go in before it is looked at.
const BETWEEN: usize = 64 << 10;
/// Longest boundary (RFC 2046).
const BOUNDARY: usize = 70;

/// A body of several parts, as a request brings it.
pub struct Parts {
    multipart: Multipart,
    /// Bytes that went in since something came out.
    since: Arc<AtomicUsize>,
    fields: usize,
}

/// What is wrong with the shape of a body.
#[derive(Debug)]
pub struct Misshapen;

impl<S: Send + Sync> FromRequest<S> for Parts {
    type Rejection = MultipartRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, MultipartRejection> {
        let since = Arc::new(AtomicUsize::new(0));
        let fits = boundary(&request).is_some_and(|b| (1..=BOUNDARY).contains(&b.len()));
        let counted = since.clone();
        let gate = |body| Body::new(Gate { body, rest: Bytes::new(), gave: false, since: counted, shut: !fits });
        Ok(Self { multipart: Multipart::from_request(request.map(gate), state).await?, since, fields: 0 })
    }
}

/// The boundary that a request states.
fn boundary(request: &Request) -> Option<String> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let said = kind.split(';').skip(1).filter_map(|p| p.split_once('='));
    let mut found = said.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    found.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

impl Parts {
    /// The next field, of `most` that a body may have.
    ///
    /// # Errors
    /// The body breaks off, is no multipart body, or has more fields.
    pub async fn next(&mut self, most: usize) -> Result<Option<Field<'_>>, Misshapen> {
        self.fields += 1;
        if self.fields > most + 1 {
            return Err(Misshapen);
        }
        let field = self.multipart.next_field().await.map_err(|_| Misshapen)?;
        self.since.store(0, Ordering::Relaxed);
        Ok(field)
    }

    /// What tells how much is held back while a field is read.
    pub fn meter(&self) -> Meter {
        Meter(self.since.clone())
    }
}

/// Notes what comes out of a field.
pub struct Meter(Arc<AtomicUsize>);

impl Meter {
    /// The next piece of a field.
    ///
    /// # Errors
    /// The body breaks off.
    pub async fn chunk(&self, field: &mut Field<'_>) -> Result<Option<Bytes>, Misshapen> {
        let chunk = field.chunk().await.map_err(|_| Misshapen)?;
        self.0.store(0, Ordering::Relaxed);
        Ok(chunk)
    }
}

/// A body that comes in pieces.
struct Gate {
    body: Body,
    /// What came and was not handed on yet.
    rest: Bytes,
    /// Whether a piece was just handed on: the reader looks at it before it asks for more.
    gave: bool,
    since: Arc<AtomicUsize>,
    shut: bool,
}

impl HttpBody for Gate {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.gave) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.shut || self.since.load(Ordering::Relaxed) > BETWEEN {
            self.shut = true;
            return Poll::Ready(Some(Err(axum::Error::new("no field comes"))));
        }
        if self.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                other => return Poll::Ready(other),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.since.fetch_add(length, Ordering::Relaxed);
        self.gave = true;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parts(kind: &str, body: Vec<u8>) -> Result<Parts, MultipartRejection> {
        let request = Request::post("/").header(CONTENT_TYPE, kind).body(Body::from(body)).expect("a request");
        Parts::from_request(request, &()).await
    }

    /// The sizes of all fields, or nothing.
    async fn sizes(kind: &str, body: Vec<u8>, most: usize) -> Option<Vec<usize>> {
        let mut parts = parts(kind, body).await.ok()?;
        let (meter, mut sizes) = (parts.meter(), Vec::new());
        while let Some(mut field) = parts.next(most).await.ok()? {
            let mut size = 0;
            while let Some(chunk) = meter.chunk(&mut field).await.ok()? {
                size += chunk.len();
            }
            sizes.push(size);
        }
        Some(sizes)
    }

    fn body(edge: &str, sizes: &[usize], preamble: usize, header: usize) -> Vec<u8> {
        let mut body = vec![b'p'; preamble];
        if preamble > 0 {
            body.extend_from_slice(b"\r\n");
        }
        for size in sizes {
            body.extend_from_slice(
                format!("--{edge}\r\nContent-Disposition: form-data; name=\"a\"\r\nX-A: {}\r\n\r\n", "h".repeat(header)).as_bytes(),
            );
            body.extend(std::iter::repeat_n(b'\n', *size));
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{edge}--\r\n").as_bytes());
        body
    }

    #[tokio::test]
    async fn fields_of_any_size_pass_and_what_lies_between_them_may_be_little() {
        let kind = "multipart/form-data; boundary=edge";
        let many = [0, 1, PIECE - 1, PIECE, 3, 300_000, 7];
        assert_eq!(sizes(kind, body("edge", &many, 0, 0), 10).await.as_deref(), Some(many.as_slice()));
        assert_eq!(sizes(kind, body("edge", &many, 1000, 1000), 10).await.as_deref(), Some(many.as_slice()));
        assert_eq!(sizes("multipart/form-data; boundary=\"e\"", body("e", &many, 0, 0), 10).await.as_deref(), Some(many.as_slice()));
        assert_eq!(sizes(kind, body("edge", &many, 200_000, 0), 10).await, None, "a long preamble");
        assert_eq!(sizes(kind, body("edge", &many, 0, 200_000), 10).await, None, "a long head");
        assert_eq!(sizes(kind, body("edge", &[0; 11], 0, 0), 10).await, None, "too many fields");
        assert_eq!(sizes(kind, body("edge", &[0; 10], 0, 0), 10).await, Some(vec![0; 10]));
        let mut cut = body("edge", &many, 0, 0);
        cut.truncate(cut.len() - 20);
        assert_eq!(sizes(kind, cut, 10).await, None, "half a body");
        let edge = "e".repeat(71);
        assert_eq!(sizes(&format!("multipart/form-data; boundary={edge}"), body(&edge, &[1], 0, 0), 10).await, None, "a long boundary");
    }
}
