//! A buffered writer that does not lose its buffer: [`BufWriter`].

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncSeek, AsyncWrite};
use pin_project_lite::pin_project;

/// Bytes that a [`BufWriter`] holds unless told otherwise: std's figure.
const CAPACITY: usize = 8 * 1024;

pin_project! {
    /// Gathers small writes: [`std::io::BufWriter`], with an `into_inner` that flushes.
    ///
    /// Dropping it does not flush, since a destructor cannot wait: call `flush`, `close` or
    /// [`into_inner`](BufWriter::into_inner).
    ///
    /// # Cancel safety
    ///
    /// A dropped `write` has buffered all that it returns, or nothing. A dropped `flush` leaves the
    /// rest in the buffer for the next.
    pub struct BufWriter<W> {
        #[pin]
        inner: W,
        buffer: Vec<u8>,
        // Bytes of the buffer that have been written.
        written: usize,
        capacity: usize,
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A writer that gathers up to 8 KiB.
    pub fn new(inner: W) -> Self {
        BufWriter::with_capacity(CAPACITY, inner)
    }

    /// A writer that gathers up to `capacity` bytes. The buffer is allocated at the first write.
    pub fn with_capacity(capacity: usize, inner: W) -> Self {
        BufWriter {
            inner,
            buffer: Vec::new(),
            written: 0,
            capacity,
        }
    }

    /// The writer below.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer below. Writing to it directly disorders what is buffered.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// What is buffered and not yet written.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.written..]
    }

    /// The bytes that it gathers before it writes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Flushes, then gives the writer below.
    ///
    /// # Errors
    ///
    /// [`IntoInnerError`], which gives this writer back with what could not be written.
    ///
    /// # Cancel safety
    ///
    /// Not safe: dropping it drops the buffer and the writer.
    pub async fn into_inner(mut self) -> Result<W, IntoInnerError<BufWriter<W>>>
    where
        W: Unpin,
    {
        match poll_fn(|cx| Pin::new(&mut self).poll_flush(cx)).await {
            Ok(()) => Ok(self.inner),
            Err(error) => Err(IntoInnerError {
                writer: self,
                error,
            }),
        }
    }

    /// Gives the writer below, and what was buffered and not written.
    pub fn into_parts(mut self) -> (W, Vec<u8>) {
        self.buffer.drain(..self.written);
        (self.inner, self.buffer)
    }

    /// Writes the buffer out.
    fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        while *this.written < this.buffer.len() {
            let rest = &this.buffer[*this.written..];
            match ready!(this.inner.as_mut().poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => *this.written += n,
            }
        }
        this.buffer.clear();
        *this.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.buffer.len() + buf.len() > self.capacity {
            ready!(self.as_mut().poll_drain(cx))?;
        }
        let this = self.project();
        if buf.len() >= *this.capacity {
            return this.inner.poll_write(cx, buf);
        }
        if this.buffer.capacity() == 0 {
            this.buffer.reserve_exact(*this.capacity);
        }
        this.buffer.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().inner.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().inner.poll_close(cx)
    }
}

impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    /// Writes the buffer out first.
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: io::SeekFrom,
    ) -> Poll<io::Result<u64>> {
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().inner.poll_seek(cx, to)
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("inner", &self.inner)
            .field("buffered", &(self.buffer.len() - self.written))
            .finish()
    }
}

/// A [`BufWriter`] could not be flushed: [`std::io::IntoInnerError`].
#[derive(Debug)]
pub struct IntoInnerError<W> {
    writer: W,
    error: io::Error,
}

impl<W> IntoInnerError<W> {
    /// Why.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The writer, with what could not be written.
    pub fn into_inner(self) -> W {
        self.writer
    }

    /// Why, and the writer.
    pub fn into_parts(self) -> (io::Error, W) {
        (self.error, self.writer)
    }
}

impl<W> fmt::Display for IntoInnerError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<W: fmt::Debug> Error for IntoInnerError<W> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

impl<W> From<IntoInnerError<W>> for io::Error {
    fn from(error: IntoInnerError<W>) -> Self {
        error.error
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;
    use futures_lite::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::io::duplex;

    #[test]
    fn into_inner_flushes() {
        let mut writer = BufWriter::with_capacity(4, Vec::new());
        let written = block_on(async {
            writer.write_all(b"ab").await.expect("a Vec takes all");
            assert_eq!(writer.buffer(), b"ab");
            writer.write_all(b"cdefgh").await.expect("a Vec takes all");
            writer.write_all(b"i").await.expect("a Vec takes all");
            writer.into_inner().await.expect("a Vec takes all")
        });
        assert_eq!(written, b"abcdefghi");
    }

    #[test]
    fn an_error_gives_the_writer_back() {
        block_on(async {
            let (one, mut other) = duplex(1);
            let mut writer = BufWriter::new(one);
            writer.write_all(b"xyz").await.expect("it is buffered");
            other.read_exact(&mut []).await.expect("an empty read");
            drop(other);
            let error = writer.into_inner().await.expect_err("the peer is gone");
            assert_eq!(error.error().kind(), io::ErrorKind::BrokenPipe);
            assert_eq!(error.into_inner().buffer(), b"xyz");
        });
    }
}
