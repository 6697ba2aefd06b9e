//! A listening Unix socket: [`UnixListener`], and its connections as a stream: [`Incoming`].

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::SocketAddr;
use crate::any::AnyUnixListener;
use crate::io::{Direction, Wait, leave, operation};
use crate::net::accept::Pacing;
use crate::net::{RawUnixListener, UnixStream};
use crate::{AnyRuntime, AsyncUnixNet, Core, Timer, budget};

/// A listening Unix socket: `std::os::unix::net::UnixListener`, async.
///
/// Several tasks may accept on one. Dropping it leaves the path where it is, as std does.
///
/// ```no_run
/// use anyrt_api::net::UnixListener;
/// use anyrt_api::{AsyncUnixNet, io};
///
/// async fn serve_one<R: AsyncUnixNet>(rt: &R) -> io::Result<()> {
///     let listener = UnixListener::bind_in("/run/service.sock", rt)?;
///     let (stream, _from) = listener.accept().await?;
///     stream.write_all(b"all is well\n").await
/// }
/// ```
#[derive(Clone)]
pub struct UnixListener<R: AsyncUnixNet = AnyRuntime> {
    raw: R::UnixListener,
    rt: R,
}

impl UnixListener {
    /// Makes a socket at `path` and listens, on the current runtime:
    /// `std::os::unix::net::UnixListener::bind`.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`AddrInUse`, ..); `InvalidInput` for a path that is
    /// too long or has a NUL in it.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        UnixListener::bind_in(path, &AnyRuntime::current())
    }

    /// Listens on `addr`, on the current runtime: `std::os::unix::net::UnixListener::bind_addr`.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<Self> {
        UnixListener::bind_addr_in(addr, &AnyRuntime::current())
    }
}

impl<R: AsyncUnixNet> UnixListener<R> {
    /// Makes a socket at `path` and listens, on `rt`: as [`bind`](UnixListener::bind).
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixListener::bind).
    pub fn bind_in(path: impl AsRef<Path>, rt: &R) -> io::Result<Self> {
        UnixListener::bind_addr_in(&SocketAddr::from_pathname(path)?, rt)
    }

    /// Listens on `addr`, on `rt`: as [`bind_addr`](UnixListener::bind_addr).
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixListener::bind).
    pub fn bind_addr_in(addr: &SocketAddr, rt: &R) -> io::Result<Self> {
        Ok(UnixListener::from_raw_in(rt.listen_unix(addr)?, rt))
    }

    /// From a backend's listener and its runtime, whose clock paces [`incoming`](Self::incoming).
    pub fn from_raw_in(raw: R::UnixListener, rt: &R) -> Self {
        UnixListener {
            raw,
            rt: rt.clone(),
        }
    }

    /// The backend's listener.
    pub fn as_raw(&self) -> &R::UnixListener {
        &self.raw
    }

    /// The backend's listener, by value.
    pub fn into_raw(self) -> R::UnixListener {
        self.raw
    }

    pub(crate) fn runtime(&self) -> &R {
        &self.rt
    }

    /// The same listener without its backend in the type.
    #[must_use]
    pub fn erase(self) -> UnixListener
    where
        R: Core,
    {
        UnixListener {
            raw: AnyUnixListener::new(self.raw),
            rt: AnyRuntime::new(self.rt),
        }
    }

    /// Another handle on the same listener: `std::os::unix::net::UnixListener::try_clone`.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Accepts one connection, and says who it is from:
    /// `std::os::unix::net::UnixListener::accept`.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`](crate::net::TcpListener::accept).
    ///
    /// # Cancel safety
    ///
    /// Safe: no connection is lost.
    pub async fn accept(&self) -> io::Result<(UnixStream<R>, SocketAddr)> {
        let accepted = operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_accept(cx, wait)
        });
        let (raw, from) = accepted.await?;
        Ok((UnixStream::from_raw(raw), from))
    }

    /// One poll of [`accept`](Self::accept). Any number of tasks may poll at once; each is woken.
    pub fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(UnixStream<R>, SocketAddr)>> {
        let accepted = budget::poll(cx, |cx| self.raw.poll_accept(cx, &mut Wait::by_waker()));
        accepted.map_ok(|(raw, from)| (UnixStream::from_raw(raw), from))
    }

    /// The connections, for ever: `std::os::unix::net::UnixListener::incoming`. It borrows nothing.
    pub fn incoming(&self) -> Incoming<R>
    where
        R: Timer,
    {
        self.clone().into_incoming()
    }

    /// The connections, for ever, by value.
    pub fn into_incoming(self) -> Incoming<R>
    where
        R: Timer,
    {
        Incoming {
            listener: self,
            wait: Wait::new(),
            pacing: Pacing::new(),
        }
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.raw.local_addr()
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.raw.take_error()
    }
}

impl<R: AsyncUnixNet> fmt::Debug for UnixListener<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("UnixListener");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        out.finish_non_exhaustive()
    }
}

/// The connections of a [`UnixListener`]: made by [`UnixListener::incoming`].
///
/// It never ends; errors and pauses are those of TCP's [`Incoming`](crate::net::Incoming).
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<R: AsyncUnixNet + Timer = AnyRuntime> {
    listener: UnixListener<R>,
    wait: Wait,
    pacing: Pacing<R>,
}

impl<R: AsyncUnixNet + Timer> Incoming<R> {
    /// The next connection; never `None`.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::accept`].
    ///
    /// # Cancel safety
    ///
    /// Safe: no connection is lost.
    pub async fn next(&mut self) -> Option<io::Result<UnixStream<R>>> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<UnixStream<R>>>> {
        let Incoming {
            listener,
            wait,
            pacing,
        } = self;
        let accepted = pacing.poll(cx, &listener.rt, |cx| {
            budget::poll(cx, |cx| listener.raw.poll_accept(cx, wait))
        });
        accepted
            .map_ok(|(raw, _)| UnixStream::from_raw(raw))
            .map(Some)
    }
}

impl<R: AsyncUnixNet + Timer> Stream for Incoming<R> {
    type Item = io::Result<UnixStream<R>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_accept(cx)
    }
}

impl<R: AsyncUnixNet + Timer> Drop for Incoming<R> {
    fn drop(&mut self) {
        leave(&self.listener.raw, Direction::Read, &mut self.wait);
    }
}

impl<R: AsyncUnixNet + Timer> fmt::Debug for Incoming<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
