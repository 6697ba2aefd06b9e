//! Connections as hyper reads and writes them: the adapter for everybody but tokio, which brings
//! one of its own (`hyper_util::rt::TokioIo`).
//!
//! It knows the futures' traits and hyper's, and no runtime.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_lite::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

/// A connection of the futures' traits.
///
/// Their read wants a slice that is initialized, where hyper's buffer is not. So it reads into one
/// of its own and copies what came: to write zeros over all of hyper's room before each read, as
/// `smol-hyper` does, costs several times as much for a request of a few bytes.
#[derive(Debug)]
pub struct HyperIo<T> {
    io: T,
    buf: Box<[u8]>,
}

impl<T> HyperIo<T> {
    pub(super) fn new(io: T) -> Self {
        let buf = vec![0; ROOM].into();
        Self { io, buf }
    }
}

impl<T: AsyncRead + Unpin> Read for HyperIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, buf } = self.get_mut();
        let room = cursor.remaining().min(buf.len());
        let n = ready!(Pin::new(io).poll_read(cx, &mut buf[..room]))?;
        cursor.put_slice(&buf[..n]);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Write for HyperIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    /// Every contender's socket takes several buffers in one call.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
    }
}

/// As much as hyper has room for at first.
const ROOM: usize = 8192;

#[cfg(test)]
mod tests {
    use futures_lite::{future, io::Cursor};
    use hyper::rt::ReadBuf;

    use super::*;

    #[test]
    fn a_read_fills_what_there_is_room_for() {
        let sent: Vec<u8> = (0..=255).collect();
        let mut io = HyperIo::new(Cursor::new(sent.clone()));
        let mut taken = Vec::new();
        loop {
            let mut room = [0; 100];
            let mut buf = ReadBuf::new(&mut room);
            let read = future::poll_fn(|cx| Pin::new(&mut io).poll_read(cx, buf.unfilled()));
            future::block_on(read).unwrap();
            match buf.filled() {
                [] => break,
                filled => taken.extend_from_slice(filled),
            }
        }
        assert_eq!(taken, sent);
    }

    /// Takes all parts of a vectored write, and of a plain one nothing.
    #[derive(Default)]
    struct Parts(Vec<Vec<u8>>);

    impl AsyncWrite for Parts {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.0.extend(bufs.iter().map(|buf| buf.to_vec()));
            Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_vectored_write_stays_one() {
        let mut io = HyperIo::new(Parts::default());
        let parts = [IoSlice::new(b"head"), IoSlice::new(b"body!")];
        let write = future::poll_fn(|cx| Pin::new(&mut io).poll_write_vectored(cx, &parts));
        assert_eq!(future::block_on(write).unwrap(), 9);
        assert_eq!(io.io.0, [&b"head"[..], b"body!"]);
    }
}
