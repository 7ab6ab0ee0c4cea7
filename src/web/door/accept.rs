//! The accept loop: how many may be connected, how long they may take, TLS, and an end that lets the last answers out.

use super::address::{Peer, forwarded, place};
use super::pace::{Busy, PATIENCE, Paced, Pulse};
use crate::error::Error;
use crate::portal::books::Books;
use crate::web::metrics::{Metrics, RefusedLabels};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Seconds that the last answers have at the end.
const PARTING_S: u64 = 20;
/// Seconds that a connection has to end after it was asked to.
const FAREWELL_S: u64 = 2;
/// Header fields of a request, and bytes of its head, at most.
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 32 << 10;
/// What share of all connections one address may hold: a whole office may come from one.
const SHARE: usize = 2;

/// What all connections share.
struct Door {
    books: Books,
    metrics: Arc<Metrics>,
    tls: Option<TlsAcceptor>,
    service: Router,
    /// Connections by address.
    held: Mutex<HashMap<String, usize>>,
}

/// Serves until told to stop; then takes no more, and ends when the last answers are out.
pub async fn serve(
    (books, metrics): (Books, Arc<Metrics>),
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let room = Arc::new(Semaphore::new(books.config.portal.connections as usize));
    let all = room.available_permits() as u32;
    let door = Arc::new(Door { books, metrics, tls, service, held: Mutex::default() });
    loop {
        let permit = tokio::select! {
            permit = room.clone().acquire_owned() => permit.map_err(Error::bug)?,
            _ = stop.changed() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of descriptors, or gone before it was accepted: the others go on.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => break,
        };
        match HeldConnection::new(&door, peer.ip(), permit) {
            Some(held) => drop(tokio::spawn(connection(held, stream, peer, stop.clone()))),
            None => door.refuse("connection"),
        }
    }
    drop(listener);
    tracing::info!("no more connections are taken");
    let _ = tokio::time::timeout(Duration::from_secs(PARTING_S), room.acquire_many(all)).await;
    Ok(())
}

impl Door {
    fn refuse(&self, kind: &str) {
        self.metrics.refused.get_or_create(&RefusedLabels { kind: kind.to_owned() }).inc();
    }
}

/// A connection's place, given back when it ends.
struct HeldConnection {
    door: Arc<Door>,
    address: String,
    _permit: OwnedSemaphorePermit,
}

impl HeldConnection {
    /// A place, unless the address has its share already; behind a proxy all come from one.
    fn new(door: &Arc<Door>, address: IpAddr, permit: OwnedSemaphorePermit) -> Option<Self> {
        let portal = &door.books.config.portal;
        let most = if portal.behind_proxy { usize::MAX } else { (portal.connections as usize / SHARE).max(2) };
        let address = place(address);
        let mut held = door.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.entry(address.clone()).or_default();
        if *own >= most {
            return None;
        }
        *own += 1;
        drop(held);
        door.metrics.connections.inc();
        Some(Self { door: door.clone(), address, _permit: permit })
    }
}

impl Drop for HeldConnection {
    fn drop(&mut self) {
        self.door.metrics.connections.dec();
        let mut held = self.door.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.address);
            }
        }
    }
}

async fn connection(held: HeldConnection, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let pulse = Pulse::new(PATIENCE);
    let stream = Paced::new(stream, pulse.clone());
    match &held.door.tls {
        None => requests(&held.door, stream, &pulse, peer, stop).await,
        Some(tls) => match tokio::time::timeout(PATIENCE.first, tls.accept(stream)).await {
            Ok(Ok(stream)) => requests(&held.door, stream, &pulse, peer, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_) => held.door.refuse("stalled"),
        },
    }
}

/// Answers the requests of a connection until it ends, overstays, or the portal stops.
async fn requests<S>(door: &Door, stream: S, pulse: &Arc<Pulse>, peer: SocketAddr, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (books, service, beating) = (door.books.clone(), door.service.clone(), pulse.clone());
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let busy = beating.begin(request.version());
        let mut request: Request = request.map(Body::new);
        let proxied = books.config.portal.behind_proxy;
        let from = if proxied { forwarded(request.headers()).map_or(peer, |ip| SocketAddr::new(ip, 0)) } else { peer };
        request.extensions_mut().insert(Peer(from));
        // Ids of requests are ours, or those of our proxy.
        if !proxied || !plain(request.headers(), &REQUEST_ID) {
            request.headers_mut().remove(&REQUEST_ID);
        }
        let answer = service.clone().oneshot(request);
        async move { answer.await.map(|response: Response| response.map(|body| AnswerBody { body, _busy: busy })) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let idle = PATIENCE.idle;
    builder.http1().timer(TokioTimer::new()).header_read_timeout(idle).max_headers(HEADERS).max_buf_size(HEAD_BYTES);
    let http2 = &mut builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30));
    http2.max_concurrent_streams(32).max_header_list_size(HEAD_BYTES as u32);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        idle = pulse.overstayed() => {
            if !idle {
                door.refuse("stalled");
            }
            serving.as_mut().graceful_shutdown();
            // Whoever says nothing may not hear this either.
            tokio::time::timeout(Duration::from_secs(FAREWELL_S), serving).await.unwrap_or(Ok(()))
        }
        _ = stop.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "connection ended early");
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn plain(headers: &HeaderMap, name: &HeaderName) -> bool {
    let text = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The body of an answer, which keeps its connection in use until it is out.
struct AnswerBody {
    body: Body,
    _busy: Busy,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
