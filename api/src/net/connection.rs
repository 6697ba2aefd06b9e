//! A stream socket with its owner's two places in the lists of waiters: [`Connection`].
//!
//! What [`TcpStream`](super::TcpStream), the Unix stream and their halves have in common: reads and
//! writes as methods, and the I/O traits, owned and by reference. Knows nothing of addresses.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::AsyncReadExt;

use crate::budget;
use crate::io::{Direction, RawStream, Wait, into_text, leave, operation, waiting};

/// Its clones share the socket, and each has waiters of its own.
pub(super) struct Connection<S: RawStream + Clone> {
    raw: S,
    reading: Wait,
    writing: Wait,
}

impl<S: RawStream + Clone> Connection<S> {
    pub(super) fn new(raw: S) -> Self {
        Connection {
            raw,
            reading: Wait::new(),
            writing: Wait::new(),
        }
    }

    pub(super) fn raw(&self) -> &S {
        &self.raw
    }

    /// The socket, whose waiters of this owner are gone.
    pub(super) fn into_raw(self) -> S {
        self.raw.clone()
    }

    /// One future, and not several in each other: what an idle connection costs is its size.
    #[inline]
    pub(super) fn read(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        waiting(&self.raw, Direction::Read, move |raw, cx, wait| {
            Self::poll_read(raw, cx, wait, buf)
        })
    }

    pub(super) fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        waiting(&self.raw, Direction::Read, move |raw, cx, wait| {
            Self::poll_read_vectored(raw, cx, wait, bufs)
        })
    }

    pub(super) async fn read_exact(&self, mut buf: &mut [u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read(buf).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => buf = &mut buf[n..],
            }
        }
        Ok(())
    }

    pub(super) async fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        AsyncReadExt::read_to_end(&mut self.clone(), buf).await
    }

    pub(super) async fn read_to_string(&self, buf: &mut String) -> io::Result<usize> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).await?;
        let text = into_text(bytes)?;
        buf.push_str(&text);
        Ok(text.len())
    }

    #[inline]
    pub(super) fn write(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        waiting(&self.raw, Direction::Write, move |raw, cx, wait| {
            Self::poll_write(raw, cx, wait, buf)
        })
    }

    pub(super) fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        waiting(&self.raw, Direction::Write, move |raw, cx, wait| {
            Self::poll_write_vectored(raw, cx, wait, bufs)
        })
    }

    pub(super) async fn write_all(&self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write(buf).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => buf = &buf[n..],
            }
        }
        Ok(())
    }

    pub(super) async fn close(&self) -> io::Result<()> {
        operation(&self.raw, Direction::Write, |raw, cx, wait| {
            raw.poll_close(cx, wait)
        })
        .await
    }

    /// One poll of a read, owned (`wait` is kept) or by reference (`wait` is `by_waker`).
    #[inline]
    fn poll_read(
        raw: &S,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_read(cx, wait, buf))
    }

    fn poll_read_vectored(
        raw: &S,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_read_vectored(cx, wait, bufs))
    }

    #[inline]
    fn poll_write(
        raw: &S,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_write(cx, wait, buf))
    }

    fn poll_write_vectored(
        raw: &S,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_write_vectored(cx, wait, bufs))
    }

    fn poll_close(raw: &S, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        budget::poll(cx, |cx| raw.poll_close(cx, wait))
    }
}

impl<S: RawStream + Clone> Clone for Connection<S> {
    fn clone(&self) -> Self {
        Connection::new(self.raw.clone())
    }
}

impl<S: RawStream + Clone> Drop for Connection<S> {
    fn drop(&mut self) {
        leave(&self.raw, Direction::Read, &mut self.reading);
        leave(&self.raw, Direction::Write, &mut self.writing);
    }
}

impl<S: RawStream + Clone> AsyncRead for Connection<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Connection { raw, reading, .. } = &mut *self;
        Connection::poll_read(raw, cx, reading, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let Connection { raw, reading, .. } = &mut *self;
        Connection::poll_read_vectored(raw, cx, reading, bufs)
    }
}

impl<S: RawStream + Clone> AsyncRead for &Connection<S> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Connection::poll_read(&self.raw, cx, &mut Wait::by_waker(), buf)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Connection::poll_read_vectored(&self.raw, cx, &mut Wait::by_waker(), bufs)
    }
}

impl<S: RawStream + Clone> AsyncWrite for Connection<S> {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Connection { raw, writing, .. } = &mut *self;
        Connection::poll_write(raw, cx, writing, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Connection { raw, writing, .. } = &mut *self;
        Connection::poll_write_vectored(raw, cx, writing, bufs)
    }

    /// A socket buffers nothing on this side of the system.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Connection { raw, writing, .. } = &mut *self;
        Connection::poll_close(raw, cx, writing)
    }
}

impl<S: RawStream + Clone> AsyncWrite for &Connection<S> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Connection::poll_write(&self.raw, cx, &mut Wait::by_waker(), buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Connection::poll_write_vectored(&self.raw, cx, &mut Wait::by_waker(), bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Connection::poll_close(&self.raw, cx, &mut Wait::by_waker())
    }
}

impl<S: RawStream + Clone> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}
