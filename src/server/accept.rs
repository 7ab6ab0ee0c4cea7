//! The accept loop: how many may be connected, how long they may take, TLS, and an end that lets the last answers out.

use super::state::App;
use crate::error::Error;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Seconds for the head of a request.
const HEAD_S: u64 = 10;
/// Seconds that the last answers have at the end.
const PARTING_S: u64 = 20;

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Serves until told to stop; then takes no more, and ends when the last answers are out.
pub async fn serve(
    app: App,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let room = Arc::new(Semaphore::new(app.config.portal.connections as usize));
    let all = room.available_permits() as u32;
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
        let (service, tls, stop) = (service.clone(), tls.clone(), stop.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let _ = stream.set_nodelay(true);
            match tls {
                None => connection(TokioIo::new(stream), peer, service, stop).await,
                Some(tls) => match tokio::time::timeout(Duration::from_secs(HEAD_S), tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection(TokioIo::new(stream), peer, service, stop).await,
                    Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                    Err(_) => tracing::debug!("no TLS in time"),
                },
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(Duration::from_secs(PARTING_S), room.acquire_many(all)).await;
    Ok(())
}

async fn connection<S>(stream: TokioIo<S>, peer: SocketAddr, service: Router, mut stop: watch::Receiver<bool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        service.clone().oneshot(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEAD_S)).max_headers(64);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).max_concurrent_streams(32);
    let serving = builder.serve_connection(stream, service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        _ = stop.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "connection ended early");
    }
}
