//! What TCP and Unix connections have in common: [`Stream`]. Knows nothing of addresses.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use async_io::Async;
use socket2::SockRef;

use crate::home::Home;
use crate::io::Source;

/// A connection on async-io, shared by its clones.
pub struct Stream<S: Socket> {
    pub(crate) source: Arc<Source<S>>,
}

/// A stream of std's, of either kind.
pub trait Socket: fmt::Debug + Send + Sync + Sized + 'static {
    /// The system's socket, for what std has no method for.
    fn sock(&self) -> SockRef<'_>;
    /// Reads by reference.
    fn reader(&self) -> impl Read;
    /// Writes by reference.
    fn writer(&self) -> impl Write;
}

impl<S: Socket> Stream<S> {
    pub(crate) fn new(home: &Arc<Home>, stream: Async<S>) -> Self {
        Stream {
            source: Source::new(home, stream),
        }
    }

    /// The stream itself, if nobody shares it.
    pub(crate) fn into_socket(self) -> io::Result<S> {
        self.source.into_io()
    }

    pub(crate) fn socket(&self) -> &S {
        self.source.io.get_ref()
    }

    pub(crate) fn sock(&self) -> SockRef<'_> {
        self.socket().sock()
    }

    pub(crate) fn shutdown_sock(&self, how: Shutdown) -> io::Result<()> {
        anyrt_kit::net::shutdown(&self.sock(), how)
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
        self.source.poll(Direction::Read, cx, wait, |socket| {
            socket.reader().read(buf)
        })
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Read, cx, wait, |socket| {
            socket.reader().read_vectored(bufs)
        })
    }

    #[inline]
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |socket| {
            socket.writer().write(buf)
        })
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |socket| {
            socket.writer().write_vectored(bufs)
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
