//! The two halves of a Unix connection: [`OwnedReadHalf`] and [`OwnedWriteHalf`].
//!
//! Each is a clone of the connection that offers one direction, with waiters of its own, so that
//! two tasks need no lock between them.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::SocketAddr;
use crate::any::AnyUnixStream;
use crate::net::connection::Connection;
use crate::net::{RawUnixStream, UnixStream};
use crate::{AnyRuntime, AsyncUnixNet};

pub(super) fn halves<R: AsyncUnixNet>(
    stream: UnixStream<R>,
) -> (OwnedReadHalf<R>, OwnedWriteHalf<R>) {
    let origin = Arc::new(());
    let read = OwnedReadHalf {
        connection: Connection::new(stream.as_raw().clone()),
        origin: origin.clone(),
    };
    let write = OwnedWriteHalf {
        connection: Connection::new(stream.into_raw()),
        origin,
    };
    (read, write)
}

/// The reading half of a [`UnixStream`]: made by [`UnixStream::into_split`].
pub struct OwnedReadHalf<R: AsyncUnixNet = AnyRuntime> {
    connection: Connection<R::UnixStream>,
    origin: Arc<()>,
}

impl<R: AsyncUnixNet> OwnedReadHalf<R> {
    /// The connection again, if `write` is its other half.
    ///
    /// # Errors
    ///
    /// Both halves, if they are of two connections.
    pub fn reunite(self, write: OwnedWriteHalf<R>) -> Result<UnixStream<R>, ReuniteError<R>> {
        if Arc::ptr_eq(&self.origin, &write.origin) {
            return Ok(UnixStream::from_raw(self.connection.into_raw()));
        }
        Err(ReuniteError(self, write))
    }

    /// The same half without its backend in the type. One allocation. It reunites with the other
    /// half once that is erased too.
    #[must_use]
    pub fn erase(self) -> OwnedReadHalf {
        OwnedReadHalf {
            connection: Connection::new(AnyUnixStream::new(self.connection.into_raw())),
            origin: self.origin,
        }
    }

    /// As [`UnixStream::read`].
    #[inline]
    pub fn read(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read(buf)
    }

    /// As [`UnixStream::read_vectored`].
    pub fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read_vectored(bufs)
    }

    /// As [`UnixStream::read_exact`]; not cancel safe.
    pub async fn read_exact(&self, buf: &mut [u8]) -> io::Result<()> {
        self.connection.read_exact(buf).await
    }

    /// As [`UnixStream::read_to_end`]; not cancel safe.
    pub async fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.connection.read_to_end(buf).await
    }

    /// As [`UnixStream::read_to_string`]; not cancel safe.
    pub async fn read_to_string(&self, buf: &mut String) -> io::Result<usize> {
        self.connection.read_to_string(buf).await
    }

    /// This end's address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.connection.raw().local_addr()
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.connection.raw().peer_addr()
    }
}

/// The writing half of a [`UnixStream`]: made by [`UnixStream::into_split`].
///
/// Dropping it does not shut the connection down: the peer reads the end once both halves are
/// dropped, or after [`close`](Self::close).
pub struct OwnedWriteHalf<R: AsyncUnixNet = AnyRuntime> {
    connection: Connection<R::UnixStream>,
    origin: Arc<()>,
}

impl<R: AsyncUnixNet> OwnedWriteHalf<R> {
    /// The connection again, if `read` is its other half.
    ///
    /// # Errors
    ///
    /// Both halves, if they are of two connections.
    pub fn reunite(self, read: OwnedReadHalf<R>) -> Result<UnixStream<R>, ReuniteError<R>> {
        read.reunite(self)
    }

    /// The same half without its backend in the type. One allocation. It reunites with the other
    /// half once that is erased too.
    #[must_use]
    pub fn erase(self) -> OwnedWriteHalf {
        OwnedWriteHalf {
            connection: Connection::new(AnyUnixStream::new(self.connection.into_raw())),
            origin: self.origin,
        }
    }

    /// As [`UnixStream::write`].
    #[inline]
    pub fn write(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write(buf)
    }

    /// As [`UnixStream::write_vectored`].
    pub fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write_vectored(bufs)
    }

    /// As [`UnixStream::write_all`]; not cancel safe.
    pub async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.connection.write_all(buf).await
    }

    /// As [`UnixStream::close`].
    pub async fn close(&self) -> io::Result<()> {
        self.connection.close().await
    }

    /// This end's address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.connection.raw().local_addr()
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.connection.raw().peer_addr()
    }
}

/// Two halves that are not of one connection, given back.
pub struct ReuniteError<R: AsyncUnixNet = AnyRuntime>(pub OwnedReadHalf<R>, pub OwnedWriteHalf<R>);

impl<R: AsyncUnixNet> fmt::Display for ReuniteError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of two connections")
    }
}

impl<R: AsyncUnixNet> Error for ReuniteError<R> {}

impl<R: AsyncUnixNet> fmt::Debug for ReuniteError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReuniteError")
            .field(&self.0)
            .field(&self.1)
            .finish()
    }
}

impl<R: AsyncUnixNet> AsyncRead for OwnedReadHalf<R> {
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

impl<R: AsyncUnixNet> AsyncRead for &OwnedReadHalf<R> {
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

impl<R: AsyncUnixNet> AsyncWrite for OwnedWriteHalf<R> {
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

impl<R: AsyncUnixNet> AsyncWrite for &OwnedWriteHalf<R> {
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

impl<R: AsyncUnixNet> fmt::Debug for OwnedReadHalf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedReadHalf")
            .field(&self.connection)
            .finish()
    }
}

impl<R: AsyncUnixNet> fmt::Debug for OwnedWriteHalf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedWriteHalf")
            .field(&self.connection)
            .finish()
    }
}
