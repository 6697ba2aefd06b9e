//! A connection in memory: [`duplex`], for tests and for proxies.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

use crate::budget;

/// Two connected streams in memory, each of which holds at most `capacity` bytes for the other.
///
/// A write to a full stream waits; a read after the other end was closed or dropped gives what is
/// left, then `Ok(0)`; a write after the other end was dropped is `BrokenPipe`.
///
/// # Panics
///
/// At the caller, if `capacity` is zero.
#[track_caller]
#[must_use]
pub fn duplex(capacity: usize) -> (DuplexStream, DuplexStream) {
    assert!(
        capacity > 0,
        "a stream in memory must hold at least one byte"
    );
    let there = Arc::new(Pipe::new(capacity));
    let back = Arc::new(Pipe::new(capacity));
    let one = DuplexStream {
        reads: back.clone(),
        writes: there.clone(),
    };
    (
        one,
        DuplexStream {
            reads: there,
            writes: back,
        },
    )
}

/// One end of [`duplex`].
///
/// # Cancel safety
///
/// `read` and `write` are safe.
pub struct DuplexStream {
    reads: Arc<Pipe>,
    writes: Arc<Pipe>,
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| self.reads.poll_read(cx, buf))
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| self.writes.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writes.close(|state| state.writer_gone = true);
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.writes.close(|state| state.writer_gone = true);
        self.reads.close(|state| state.reader_gone = true);
    }
}

impl fmt::Debug for DuplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexStream")
            .field("readable", &self.reads.lock().bytes.len())
            .field("capacity", &self.reads.capacity)
            .finish()
    }
}

/// One direction.
struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    writer_gone: bool,
    reader_gone: bool,
    // One each: the ends are not shared.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(capacity: usize) -> Self {
        Pipe {
            capacity,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_read(&self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        // Cloned before the lock, dropped after it: both are the caller's code.
        let mine = cx.waker().clone();
        let mut state = self.lock();
        if state.bytes.is_empty() && !state.writer_gone {
            let replaced = state.reader.replace(mine);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        let read = state.bytes.read(buf);
        let writer = state.writer.take();
        drop(state);
        wake(writer);
        Poll::Ready(read)
    }

    fn poll_write(&self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mine = cx.waker().clone();
        let mut state = self.lock();
        if state.reader_gone || state.writer_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.capacity - state.bytes.len();
        if room == 0 {
            let replaced = state.writer.replace(mine);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        let len = room.min(buf.len());
        state.bytes.extend(&buf[..len]);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Poll::Ready(Ok(len))
    }

    fn close(&self, mark: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        mark(&mut state);
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().for_each(wake);
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
