//! Reads, writes and seeks at the cursor: methods through `&self`, and the I/O traits for `File`
//! and `&File`.

use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncSeek, AsyncWrite};

use super::File;
use crate::AsyncFs;
use crate::budget;
use crate::fs::RawFile;
use crate::io::{Direction, Wait, into_text, operation};

/// The first and the largest step of a read to the end.
const STEP: usize = 16 * 1024;
const STEP_MAX: usize = 1024 * 1024;

impl<R: AsyncFs> File<R> {
    /// Reads some bytes at the cursor; `Ok(0)` is the end: `std::io::Read::read`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// Safe: the cursor stays, and the next read returns those bytes.
    #[inline]
    pub async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        operation(self.as_raw(), Direction::Read, |raw, cx, wait| {
            raw.poll_read(cx, wait, buf)
        })
        .await
    }

    /// Reads into several buffers: as [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        operation(self.as_raw(), Direction::Read, |raw, cx, wait| {
            raw.poll_read_vectored(cx, wait, bufs)
        })
        .await
    }

    /// Fills `buf`: `std::io::Read::read_exact`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before; as [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Not safe: how far the cursor moved is not known.
    pub async fn read_exact(&self, mut buf: &mut [u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read(buf).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => buf = &mut buf[n..],
            }
        }
        Ok(())
    }

    /// Reads from the cursor to the end and appends to `buf`: `std::io::Read::read_to_end`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); what was read before is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// What was read so far is in `buf`, and the cursor stands behind it.
    pub async fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        let before = buf.len();
        let mut step = vec![0; STEP];
        loop {
            let n = self.read(&mut step).await?;
            buf.extend_from_slice(&step[..n]);
            if n == 0 {
                return Ok(buf.len() - before);
            }
            if n == step.len() && n < STEP_MAX {
                step.resize(n * 2, 0);
            }
        }
    }

    /// Reads from the cursor to the end and appends to `buf`: `std::io::Read::read_to_string`.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8, and `buf` is as it was; as [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Not safe: what was read is lost, and the cursor has moved.
    pub async fn read_to_string(&self, buf: &mut String) -> io::Result<usize> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).await?;
        let text = into_text(bytes)?;
        buf.push_str(&text);
        Ok(text.len())
    }

    /// Writes some bytes of `buf` at the cursor, or at the end of a file that was opened to append;
    /// when it resolves, they are in the file: `std::io::Write::write`.
    ///
    /// Each waits for the one before, and as a rule for a thread: for many small ones in a row see
    /// [`BufWriter`](crate::io::BufWriter) and [`WriteBehind`](crate::fs::WriteBehind).
    ///
    /// # Errors
    ///
    /// The system's (`StorageFull`, ..); no byte was written then. The error of a write that was
    /// dropped before (`L200`).
    ///
    /// # Cancel safety
    ///
    /// A prefix may be written; later operations come after it.
    #[inline]
    pub async fn write(&self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        operation(self.as_raw(), Direction::Write, |raw, cx, wait| {
            raw.poll_write(cx, wait, buf)
        })
        .await
    }

    /// Writes several buffers: as [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// As [`write`](Self::write).
    pub async fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        operation(self.as_raw(), Direction::Write, |raw, cx, wait| {
            raw.poll_write_vectored(cx, wait, bufs)
        })
        .await
    }

    /// Writes all of `buf`: `std::io::Write::write_all`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); a part of `buf` may be in the file then. `WriteZero` if the file
    /// takes no more.
    ///
    /// # Cancel safety
    ///
    /// Not safe: how much was written is not known.
    pub async fn write_all(&self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write(buf).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => buf = &buf[n..],
            }
        }
        Ok(())
    }

    /// Waits for a write whose future was dropped. Nothing is buffered, so a program that awaits
    /// its writes has no use for it: `std::io::Write::flush`.
    ///
    /// # Errors
    ///
    /// That write's error (`L200`).
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn flush(&self) -> io::Result<()> {
        operation(self.as_raw(), Direction::Write, |raw, cx, wait| {
            raw.poll_flush(cx, wait)
        })
        .await
    }

    /// Moves the cursor; its new place: `std::io::Seek::seek`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` before the start, and the cursor stays; the system's others.
    ///
    /// # Cancel safety
    ///
    /// The cursor has moved or not.
    pub async fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        operation(self.as_raw(), Direction::Read, |raw, cx, wait| {
            raw.poll_seek(cx, wait, to)
        })
        .await
    }

    /// Moves the cursor to the start: `std::io::Seek::rewind`.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    pub async fn rewind(&self) -> io::Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// Where the cursor is: `std::io::Seek::stream_position`.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    pub async fn stream_position(&self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }
}

/// The polls of both forms, owned (`wait` is kept) and by reference (`wait` is `by_waker`).
mod polls {
    use super::*;

    #[inline]
    pub(super) fn read<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_read(cx, wait, buf))
    }

    pub(super) fn read_vectored<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_read_vectored(cx, wait, bufs))
    }

    #[inline]
    pub(super) fn write<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_write(cx, wait, buf))
    }

    pub(super) fn write_vectored<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| raw.poll_write_vectored(cx, wait, bufs))
    }

    pub(super) fn flush<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        budget::poll(cx, |cx| raw.poll_flush(cx, wait))
    }

    pub(super) fn seek<F: RawFile>(
        raw: &F,
        wait: &mut Wait,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        budget::poll(cx, |cx| raw.poll_seek(cx, wait, to))
    }
}

/// Writes the I/O traits of one form: how it gets at the file and at a place in its lists.
macro_rules! io_traits {
    ($file:ty, $reading:expr, $writing:expr) => {
        impl<R: AsyncFs> AsyncRead for $file {
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                $reading(self.get_mut(), |raw, wait| polls::read(raw, wait, cx, buf))
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                $reading(self.get_mut(), |raw, wait| {
                    polls::read_vectored(raw, wait, cx, bufs)
                })
            }
        }

        impl<R: AsyncFs> AsyncWrite for $file {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                $writing(self.get_mut(), |raw, wait| polls::write(raw, wait, cx, buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                $writing(self.get_mut(), |raw, wait| {
                    polls::write_vectored(raw, wait, cx, bufs)
                })
            }

            /// As [`File::flush`].
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                $writing(self.get_mut(), |raw, wait| polls::flush(raw, wait, cx))
            }

            /// As [`File::flush`]: the file is closed by its drop.
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }

        impl<R: AsyncFs> AsyncSeek for $file {
            fn poll_seek(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                to: SeekFrom,
            ) -> Poll<io::Result<u64>> {
                $reading(self.get_mut(), |raw, wait| polls::seek(raw, wait, cx, to))
            }
        }
    };
}

io_traits!(File<R>, File::with_reading, File::with_writing);
io_traits!(&File<R>, File::with_shared, File::with_shared);

impl<R: AsyncFs> File<R> {
    #[inline]
    fn with_reading<T>(&mut self, f: impl FnOnce(&R::File, &mut Wait) -> T) -> T {
        let raw = self.raw.as_ref().expect("only `into_raw` takes it out");
        f(raw, &mut self.reading)
    }

    #[inline]
    fn with_writing<T>(&mut self, f: impl FnOnce(&R::File, &mut Wait) -> T) -> T {
        let raw = self.raw.as_ref().expect("only `into_raw` takes it out");
        f(raw, &mut self.writing)
    }

    #[inline]
    fn with_shared<T>(self: &mut &Self, f: impl FnOnce(&R::File, &mut Wait) -> T) -> T {
        f(self.as_raw(), &mut Wait::by_waker())
    }
}
