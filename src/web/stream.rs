//! A body that is written while it is sent: memory holds a few pieces, however long it is.

use axum::body::Body;
use hyper::body::{Bytes, Frame};
use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes of a piece, and pieces waiting to be sent.
const PIECE: usize = 64 << 10;
const WAITING: usize = 4;

struct Pieces(Receiver<io::Result<Bytes>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|p| p.map(Frame::data)))
    }
}

/// Where a body is written; it fails once nobody reads any more.
struct Pen(Sender<io::Result<Bytes>>);

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A body of what `write` writes, on a thread for blocking work; a failure breaks the answer off, so that no reader takes
/// half of it for the whole.
pub fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> Body {
    let (send, receive) = channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut pen = BufWriter::with_capacity(PIECE, Pen(send.clone()));
        if let Err(error) = write(&mut pen).and_then(|()| pen.flush()) {
            let _ = send.blocking_send(Err(error));
        }
    });
    Body::new(Pieces(receive))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test]
    async fn long_bodies_arrive_whole_and_failures_are_seen() {
        let body = written(|w| (0..30_000).try_for_each(|i| writeln!(w, "{i:09}")));
        assert_eq!(to_bytes(body, usize::MAX).await.map(|b| b.len()).ok(), Some(300_000));
        let broken = written(|w| w.write_all(&[0; 100_000]).and(Err(io::Error::other("gone"))));
        assert!(to_bytes(broken, usize::MAX).await.is_err());
    }
}
