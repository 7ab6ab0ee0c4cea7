//! How long the other end of a connection may keep us waiting.
//!
//! Three ways to hold a connection for nothing: say nothing, say it too slowly, never take the answer. hyper's own
//! deadline begins with the first request alone, so the stream below it is watched: [`Pulse`] knows when the connection
//! was last of use, [`Paced`] ends a write that makes no headway. Bodies have deadlines of their own
//! ([`crate::web::door::body`]).

use axum::http::Version;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the first request of a connection, its TLS included.
    pub first: Duration,
    /// For the head of a further request, from its first byte.
    pub head: Duration,
    /// For the next request.
    pub idle: Duration,
    /// For the other end to take `least` bytes of an answer.
    pub taking: Duration,
    /// Bytes of an answer that count as headway.
    pub least: usize,
}

/// What an office network of many years ago still manages.
pub const PATIENCE: Patience = Patience {
    first: Duration::from_secs(10),
    head: Duration::from_secs(10),
    idle: Duration::from_secs(60),
    taking: Duration::from_secs(20),
    least: 4 << 10,
};

/// How often a connection is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Of what use a connection is at the moment.
pub struct Pulse {
    patience: Patience,
    marks: Mutex<Marks>,
}

struct Marks {
    /// Requests being answered.
    busy: usize,
    /// Whether there was a request.
    used: bool,
    /// Whether requests come as frames, between which there are others.
    framed: bool,
    /// Since when nothing is being answered.
    since: Instant,
    /// When the first byte came after that.
    heard: Option<Instant>,
}

/// A request being answered, until its answer is out.
pub struct Busy(Arc<Pulse>);

impl Pulse {
    /// Of a new connection.
    pub fn new(patience: Patience) -> Arc<Self> {
        let marks = Marks { busy: 0, used: false, framed: false, since: Instant::now(), heard: None };
        Arc::new(Self { patience, marks: Mutex::new(marks) })
    }

    fn marks<T>(&self, change: impl FnOnce(&mut Marks) -> T) -> T {
        change(&mut self.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request came.
    pub fn begin(self: &Arc<Self>, version: Version) -> Busy {
        self.marks(|m| {
            m.busy += 1;
            m.used = true;
            m.framed = version >= Version::HTTP_2;
            m.heard = None;
        });
        Busy(self.clone())
    }

    /// When patience ends, if no request comes before; nothing while one is being answered.
    fn deadline(&self) -> Option<Instant> {
        self.marks(|m| match (m.busy, m.used, m.heard) {
            (0, false, _) => Some(m.since + self.patience.first),
            (0, true, Some(heard)) if !m.framed => Some(heard + self.patience.head),
            (0, true, _) => Some(m.since + self.patience.idle),
            _ => None,
        })
    }

    /// Waits until the connection has been of no use for too long; says whether it was idle merely, after requests.
    pub async fn overstayed(&self) -> bool {
        loop {
            match (self.deadline(), Instant::now()) {
                (Some(deadline), now) if deadline <= now => return self.marks(|m| m.used && (m.framed || m.heard.is_none())),
                (Some(deadline), now) => sleep_until(deadline.min(now + LOOK)).await,
                (None, _) => sleep(LOOK).await,
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.marks(|m| {
            m.busy -= 1;
            m.since = Instant::now();
            m.heard = None;
        });
    }
}

/// A stream whose other end is watched.
pub struct Paced<S> {
    stream: S,
    pulse: Arc<Pulse>,
    /// Until when headway must be made, while the other end takes nothing.
    blocked: Option<Pin<Box<Sleep>>>,
    /// Bytes taken since then.
    taken: usize,
}

impl<S> Paced<S> {
    /// Watches a stream.
    pub fn new(stream: S, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse, blocked: None, taken: 0 }
    }

    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        let (taking, taken) = (self.pulse.patience.taking, &mut self.taken);
        let deadline = self.blocked.get_or_insert_with(|| {
            *taken = 0;
            Box::pin(sleep(taking))
        });
        deadline.as_mut().poll(context).map(|()| Err(Error::from(ErrorKind::TimedOut)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.marks(|m| {
                if m.busy == 0 {
                    m.heard.get_or_insert_with(Instant::now);
                }
            });
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.wait(context),
            Poll::Ready(Ok(taken)) => {
                self.taken += taken;
                if self.taken >= self.pulse.patience.least {
                    self.blocked = None;
                }
                Poll::Ready(Ok(taken))
            }
            failed => failed,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.blocked = None;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const SHORT: Patience = Patience {
        first: Duration::from_millis(80),
        head: Duration::from_millis(80),
        idle: Duration::from_millis(400),
        taking: Duration::from_millis(120),
        least: 64,
    };

    async fn overstays(pulse: &Pulse, within: u64) -> bool {
        tokio::time::timeout(Duration::from_millis(within), pulse.overstayed()).await.is_ok()
    }

    #[tokio::test]
    async fn whoever_asks_nothing_or_too_slowly_overstays() {
        assert!(overstays(&Pulse::new(SHORT), 300).await, "nothing was asked");
        let pulse = Pulse::new(SHORT);
        let busy = pulse.begin(Version::HTTP_11);
        assert!(!overstays(&pulse, 200).await, "a request is being answered");
        drop(busy);
        assert!(!overstays(&pulse, 200).await, "the next request may take its time");
        let (mut here, there) = duplex(64);
        let mut stream = Paced::new(there, pulse.clone());
        here.write_all(b"GET").await.expect("a byte");
        stream.read_exact(&mut [0; 3]).await.expect("a byte");
        assert!(overstays(&pulse, 180).await, "but not once it has begun");
    }

    #[tokio::test]
    async fn a_reader_that_takes_drops_is_let_go() {
        let (mut reader, there) = duplex(32);
        let mut stream = Paced::new(there, Pulse::new(SHORT));
        let drip = tokio::spawn(async move {
            let mut drop = [0; 1];
            while reader.read_exact(&mut drop).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let failed = stream.write_all(&[7; 4096]).await.expect_err("too slow");
        assert_eq!(failed.kind(), ErrorKind::TimedOut);
        drop(stream);
        drip.await.expect("the reader ends");
        let (mut reader, there) = duplex(32);
        let mut stream = Paced::new(there, Pulse::new(SHORT));
        let steady = tokio::spawn(async move {
            let mut part = [0; 32];
            while reader.read_exact(&mut part).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        stream.write_all(&[7; 1024]).await.expect("slow, but steady");
        drop(stream);
        steady.await.expect("the reader ends");
    }
}
