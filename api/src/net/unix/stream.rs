//! A Unix connection: [`UnixStream`].

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::{OwnedReadHalf, OwnedWriteHalf, SocketAddr, split};
use crate::any::AnyUnixStream;
use crate::budget::charged;
use crate::current::Late;
use crate::net::RawUnixStream;
use crate::net::connection::Connection;
use crate::{AnyRuntime, AsyncUnixNet};

/// A Unix connection: `std::os::unix::net::UnixStream`, async.
///
/// Used and shared as [`TcpStream`](crate::net::TcpStream), whose word on errors and cancel safety
/// is true of the methods here too.
///
/// ```no_run
/// use anyrt_api::net::UnixStream;
/// use anyrt_api::{AsyncUnixNet, io};
///
/// async fn ask<R: AsyncUnixNet>(rt: &R) -> io::Result<String> {
///     let stream = UnixStream::connect_in("/run/service.sock", rt).await?;
///     stream.write_all(b"status\n").await?;
///     stream.close().await?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).await?;
///     Ok(answer)
/// }
/// ```
pub struct UnixStream<R: AsyncUnixNet = AnyRuntime> {
    connection: Connection<R::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket at `path` on the current runtime:
    /// `std::os::unix::net::UnixStream::connect`. Waits while the listener's backlog is full.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`NotFound`, `ConnectionRefused`, ..); `InvalidInput`
    /// for a path that is too long or has a NUL in it.
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future closes the socket.
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> + Send {
        dial(SocketAddr::from_pathname(path), Late::here())
    }

    /// Connects to `addr` on the current runtime: as [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// As [`connect`](Self::connect).
    #[track_caller]
    pub fn connect_addr(
        addr: &SocketAddr,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<> {
        dial(Ok(addr.clone()), Late::here())
    }

    /// Two connected streams on the current runtime: `std::os::unix::net::UnixStream::pair`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        UnixStream::pair_in(&AnyRuntime::current())
    }
}

impl<R: AsyncUnixNet> UnixStream<R> {
    /// Connects on `rt`: as [`connect`](UnixStream::connect). The future does not borrow `rt`.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixStream::connect).
    pub fn connect_in<P: AsRef<Path>>(
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P, R> {
        dial(SocketAddr::from_pathname(path), Late::now(rt.clone()))
    }

    /// Connects on `rt`: as [`connect_addr`](UnixStream::connect_addr).
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixStream::connect).
    pub fn connect_addr_in(
        addr: &SocketAddr,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<R> {
        dial(Ok(addr.clone()), Late::now(rt.clone()))
    }

    /// Two connected streams on `rt`: as [`pair`](UnixStream::pair).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn pair_in(rt: &R) -> io::Result<(Self, Self)> {
        let (a, b) = rt.unix_pair()?;
        Ok((UnixStream::from_raw(a), UnixStream::from_raw(b)))
    }

    /// From a backend's connection.
    pub fn from_raw(raw: R::UnixStream) -> Self {
        UnixStream {
            connection: Connection::new(raw),
        }
    }

    /// The backend's connection.
    pub fn as_raw(&self) -> &R::UnixStream {
        self.connection.raw()
    }

    /// The backend's connection, by value.
    pub fn into_raw(self) -> R::UnixStream {
        self.connection.into_raw()
    }

    /// The same connection without its backend in the type. One allocation.
    #[must_use]
    pub fn erase(self) -> UnixStream {
        UnixStream::from_raw(AnyUnixStream::new(self.into_raw()))
    }

    /// Another handle on the same connection: `std::os::unix::net::UnixStream::try_clone`.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Two handles, one to read and one to write. Dropping either shuts nothing down.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf<R>, OwnedWriteHalf<R>) {
        split::halves(self)
    }

    /// Reads some bytes into `buf`; `Ok(0)` is the end of the stream: `std::io::Read::read`.
    #[inline]
    pub fn read(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read(buf)
    }

    /// Reads into several buffers in order.
    pub fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read_vectored(bufs)
    }

    /// Fills `buf`: `std::io::Read::read_exact`. Not cancel safe.
    pub async fn read_exact(&self, buf: &mut [u8]) -> io::Result<()> {
        self.connection.read_exact(buf).await
    }

    /// Reads until the end of the stream: `std::io::Read::read_to_end`. Not cancel safe.
    pub async fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.connection.read_to_end(buf).await
    }

    /// Reads until the end of the stream: `std::io::Read::read_to_string`. Not cancel safe.
    pub async fn read_to_string(&self, buf: &mut String) -> io::Result<usize> {
        self.connection.read_to_string(buf).await
    }

    /// Writes some bytes of `buf`, at least one: `std::io::Write::write`.
    #[inline]
    pub fn write(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write(buf)
    }

    /// Writes some bytes of several buffers, in order.
    pub fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write_vectored(bufs)
    }

    /// Writes all of `buf`: `std::io::Write::write_all`. Not cancel safe.
    pub async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.connection.write_all(buf).await
    }

    /// Ends the sending side, so that the peer reads the end. Reads go on.
    pub async fn close(&self) -> io::Result<()> {
        self.connection.close().await
    }
}

/// Addresses and options, as std has them; the errors are the system's.
impl<R: AsyncUnixNet> UnixStream<R> {
    /// This end's address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.as_raw().local_addr()
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.as_raw().peer_addr()
    }

    /// Ends one direction or both, for all handles on this connection, and wakes who waits for it.
    ///
    /// Unlike std's, it is `Ok` if that was done before or the peer is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.as_raw().shutdown(how)
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.as_raw().take_error()
    }
}

fn dial<R: AsyncUnixNet>(
    addr: io::Result<SocketAddr>,
    mut rt: Late<R>,
) -> impl Future<Output = io::Result<UnixStream<R>>> + Send {
    charged(async move {
        let raw = rt.runtime().connect_unix(&addr?).await?;
        Ok(UnixStream::from_raw(raw))
    })
}

impl<R: AsyncUnixNet> Clone for UnixStream<R> {
    fn clone(&self) -> Self {
        UnixStream {
            connection: self.connection.clone(),
        }
    }
}

impl<R: AsyncUnixNet> AsyncRead for UnixStream<R> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_read(cx, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_read_vectored(cx, bufs)
    }
}

impl<R: AsyncUnixNet> AsyncRead for &UnixStream<R> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.connection).poll_read(cx, buf)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.connection).poll_read_vectored(cx, bufs)
    }
}

impl<R: AsyncUnixNet> AsyncWrite for UnixStream<R> {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_close(cx)
    }
}

impl<R: AsyncUnixNet> AsyncWrite for &UnixStream<R> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.connection).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.connection).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.connection).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.connection).poll_close(cx)
    }
}

impl<R: AsyncUnixNet> fmt::Debug for UnixStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("UnixStream");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        if let Ok(peer) = self.peer_addr() {
            out.field("peer", &peer);
        }
        out.finish_non_exhaustive()
    }
}
