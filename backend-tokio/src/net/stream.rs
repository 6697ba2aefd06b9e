//! What TCP and Unix connections have in common: [`Stream`]. Knows nothing of addresses.
//!
//! A tokio stream is kept as its two halves. The read half, behind a lock, is polled as its owner
//! would poll it, which keeps tokio's shortcut: a read that did not fill its buffer found the
//! socket empty, so the next one waits without a system call. The write half needs no lock.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_kit::lock::Lock;
use socket2::SockRef;
use tokio::io::{AsyncRead, ReadBuf};

use crate::home::Home;
use crate::io::Source;

/// A connection on tokio, shared by its clones.
pub struct Stream<S: Socket> {
    pub(crate) source: Arc<Source<Halves<S>>>,
}

/// A stream of tokio's, of either kind.
pub trait Socket: fmt::Debug + Send + Sync + Sized + 'static {
    /// Its owned read half.
    type ReadHalf: AsyncRead + AsRef<Self> + fmt::Debug + Send + Sync + Unpin + 'static;
    /// Its owned write half.
    type WriteHalf: AsRef<Self> + fmt::Debug + Send + Sync + 'static;

    /// Into halves.
    fn halve(self) -> (Self::ReadHalf, Self::WriteHalf);
    /// Drops a write half without a shutdown (`L122`).
    fn forget(half: Self::WriteHalf);
    /// From halves; `None` if they are not of one stream.
    fn rejoin(read: Self::ReadHalf, write: Self::WriteHalf) -> Option<Self>;
    /// The system's socket, for what tokio has no method for.
    fn sock(&self) -> SockRef<'_>;
    /// tokio's method of the same name.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// tokio's method of the same name.
    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// tokio's method of the same name.
    fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    /// tokio's method of the same name.
    fn try_write(&self, buf: &[u8]) -> io::Result<usize>;
    /// tokio's method of the same name.
    fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl<S: Socket> Stream<S> {
    pub(crate) fn new(home: &Arc<Home>, stream: S) -> Self {
        Stream {
            source: Source::new(home, Halves::new(stream)),
        }
    }

    /// The stream itself, if nobody shares it.
    pub(crate) fn into_socket(self) -> io::Result<S> {
        Ok(self.source.into_io()?.rejoin())
    }

    pub(crate) fn socket(&self) -> &S {
        self.source.io.write().as_ref()
    }

    pub(crate) fn sock(&self) -> SockRef<'_> {
        self.socket().sock()
    }

    pub(crate) fn shutdown_sock(&self, how: Shutdown) -> io::Result<()> {
        anyrt_kit::net::shutdown(&self.sock(), how)
    }

    /// Polls with the read half, under its lock.
    pub(crate) fn poll_half<T>(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut operation: impl FnMut(&mut S::ReadHalf, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let source = &self.source;
        source.poll(Direction::Read, cx, wait, |halves, cx| {
            halves.poll_read_half(|half| operation(half, cx))
        })
    }
}

impl<S: Socket> RawStream for Stream<S> {
    #[inline]
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_half(cx, wait, |half, cx| {
            let mut buf = ReadBuf::new(buf);
            ready!(Pin::new(half).poll_read(cx, &mut buf))?;
            Poll::Ready(Ok(buf.filled().len()))
        })
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Read, cx, wait, |halves, cx| {
            until_ready(cx, S::poll_read_ready, halves.write().as_ref(), |socket| {
                socket.try_read_vectored(bufs)
            })
        })
    }

    #[inline]
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |halves, cx| {
            until_ready(cx, S::poll_write_ready, halves.write().as_ref(), |socket| {
                socket.try_write(buf)
            })
        })
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |halves, cx| {
            until_ready(cx, S::poll_write_ready, halves.write().as_ref(), |socket| {
                socket.try_write_vectored(bufs)
            })
        })
    }

    fn poll_close(&self, _: &mut Context<'_>, _: &mut Wait) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown_sock(Shutdown::Write))
    }
}

impl<S: Socket> RawObject for Stream<S> {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}

impl<S: Socket> Clone for Stream<S> {
    fn clone(&self) -> Self {
        Stream {
            source: Arc::clone(&self.source),
        }
    }
}

impl<S: Socket> fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket().fmt(f)
    }
}

/// Tries `operation` whenever the socket says that it is ready, until it does not find otherwise.
pub(crate) fn until_ready<S, T>(
    cx: &mut Context<'_>,
    poll_ready: impl Fn(&S, &mut Context<'_>) -> Poll<io::Result<()>>,
    socket: &S,
    mut operation: impl FnMut(&S) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        ready!(poll_ready(socket, cx))?;
        match operation(socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}

/// A tokio stream as its two halves.
pub(crate) struct Halves<S: Socket> {
    // Both are `None` only while this is taken apart.
    read: Lock<Option<S::ReadHalf>>,
    write: Option<S::WriteHalf>,
}

impl<S: Socket> Halves<S> {
    fn new(stream: S) -> Self {
        let (read, write) = stream.halve();
        Halves {
            read: Lock::new(Some(read)),
            write: Some(write),
        }
    }

    fn rejoin(mut self) -> S {
        let halves = self.read.get_mut().take().zip(self.write.take());
        let stream = halves.and_then(|(read, write)| S::rejoin(read, write));
        stream.expect("they are the halves of one stream")
    }

    fn write(&self) -> &S::WriteHalf {
        self.write.as_ref().expect("it is there until the end")
    }

    fn poll_read_half<T>(&self, poll: impl FnOnce(&mut S::ReadHalf) -> T) -> T {
        let mut read = self.read.lock();
        poll(read.as_mut().expect("it is there until the end"))
    }
}

impl<S: Socket> Drop for Halves<S> {
    fn drop(&mut self) {
        if let Some(write) = self.write.take() {
            S::forget(write);
        }
    }
}
