//! How much of a request's body is taken, and how slowly it may come.

use crate::portal::error::PortalError;
use crate::web::error::PageError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};
use tracing::Instrument;

/// Bytes of a form, or of what a program says, at most; files are sent by routes of their own.
pub const LARGEST: u64 = 64 << 10;
/// For so long nothing may come.
const STALL: Duration = Duration::from_secs(15);
/// So long may be waited in all, and for each [`SLOWEST`] bytes that came a second more.
const GRACE: Duration = Duration::from_secs(20);
/// Bytes a second that a body may come at slowest.
const SLOWEST: u64 = 4 << 10;
/// For so long an answer may be prepared.
const ANSWER: Duration = Duration::from_secs(30);

/// What became of a body.
const WELL: u8 = 0;
const OVER: u8 = 1;
const SLOW: u8 = 2;

/// Takes a small body, and answers soon: all routes but those that take files.
pub async fn small(request: Request, next: Next) -> Result<Response, PageError> {
    if declared(&request).is_some_and(|bytes| bytes > LARGEST) {
        return Err(PageError::FormTooLarge);
    }
    let (request, fate) = watched(request, Some(LARGEST));
    let answer = tokio::time::timeout(ANSWER, to_its_end(request, next)).await;
    judged(&fate, answer.unwrap_or(Err(PortalError::Overloaded.into())))
}

/// Takes files: the route counts them itself; only a sender that stalls is let go here.
pub async fn files(request: Request, next: Next) -> Result<Response, PageError> {
    let (request, fate) = watched(request, None);
    judged(&fate, to_its_end(request, next).await)
}

/// What has begun to change something goes on to its end, its entry in the audit log included, also when nobody waits
/// for the answer any more.
async fn to_its_end(request: Request, next: Next) -> Result<Response, PageError> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(answer) => Ok(answer),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The portal is being stopped.
            Err(_) => Err(PortalError::Overloaded.into()),
        },
    }
}

fn declared(request: &Request) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn watched(request: Request, most: Option<u64>) -> (Request, Arc<AtomicU8>) {
    let fate = Arc::new(AtomicU8::new(WELL));
    let body = |body| Body::new(MeasuredBody { body, most, taken: 0, waited: Duration::ZERO, waiting: None, fate: fate.clone() });
    (request.map(body), fate)
}

/// What a handler made of half a body counts for nothing.
fn judged(fate: &AtomicU8, answer: Result<Response, PageError>) -> Result<Response, PageError> {
    match fate.load(Ordering::Relaxed) {
        OVER => Err(PageError::FormTooLarge),
        SLOW => Err(PageError::TooSlow),
        _ => answer,
    }
}

/// A body that is counted and timed while it comes.
struct MeasuredBody {
    body: Body,
    most: Option<u64>,
    taken: u64,
    /// How long was waited for the other end; our own time does not count.
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    fate: Arc<AtomicU8>,
}

impl MeasuredBody {
    fn end(&self, fate: u8, reason: &'static str) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.fate.store(fate, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(reason))))
    }
}

/// How long may be waited for the next bytes.
fn patience(taken: u64, waited: Duration) -> Duration {
    (GRACE + Duration::from_secs(taken / SLOWEST)).saturating_sub(waited).min(STALL)
}

impl HttpBody for MeasuredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            let (taken, waited) = (self.taken, self.waited);
            let (_, deadline) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(patience(taken, waited)))));
            return match deadline.as_mut().poll(context) {
                Poll::Ready(()) => self.end(SLOW, "the body came too slowly"),
                Poll::Pending => Poll::Pending,
            };
        };
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        if let Some(data) = frame.as_ref().and_then(|f| f.as_ref().ok()).and_then(Frame::data_ref) {
            self.taken += data.len() as u64;
        }
        if self.most.is_some_and(|most| self.taken > most) {
            return self.end(OVER, "the body is too large");
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_slow_but_not_endless() {
        let seconds = Duration::from_secs;
        assert_eq!(patience(0, Duration::ZERO), STALL);
        assert_eq!(patience(0, seconds(18)), seconds(2));
        assert_eq!(patience(400 << 10, seconds(110)), seconds(10), "a hundred seconds were earned");
        assert_eq!(patience(100, seconds(60)), Duration::ZERO, "a byte now and then earns nothing");
    }
    #[tokio::test]
    async fn what_has_begun_goes_on_when_the_asker_leaves() -> Result<(), Box<dyn std::error::Error>> {
        use axum::Router;
        use axum::middleware::from_fn;
        use axum::routing::post;
        use tower::ServiceExt;
        let (begun, done) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (begins, ends) = (begun.clone(), done.clone());
        let handler = move || async move {
            begins.notify_one();
            sleep(Duration::from_millis(20)).await;
            ends.notify_one();
        };
        let service = Router::new().route("/", post(handler)).layer(from_fn(small));
        let asked = tokio::spawn(service.oneshot(Request::post("/").body(Body::empty())?));
        begun.notified().await;
        asked.abort();
        tokio::time::timeout(Duration::from_secs(5), done.notified()).await?;
        Ok(())
    }
}
