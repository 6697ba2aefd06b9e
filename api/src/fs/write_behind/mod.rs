//! Sequential writes that the caller does not wait for: [`WriteBehind`].
//!
//! A task of the runtime writes what was accepted, by one operation of the file after the other,
//! while the caller goes on. It stands on files and tasks alone, so every backend has it; it knows
//! nothing of threads or systems. Libraries and applications use it by name: nothing else does.

mod backlog;

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;

use self::backlog::{Backlog, Load, State};
use super::{File, RawFile};
use crate::budget::charged;
use crate::{AnyRuntime, AsyncFs, Core, budget, task};

/// A writer that accepts bytes at once and writes them to a file behind the caller, in order.
///
/// std has no counterpart. [`File::write`] is std's: it resolves when its bytes are in the file,
/// and each of many small writes waits for a thread. This one resolves when the bytes are copied; a
/// task of the runtime writes them, as many at a time as have come together. It is for long
/// sequences of small writes, as of a log or a download, whose errors may come a little later.
///
/// ```no_run
/// use anyrt_api::fs::{File, WriteBehind};
/// use anyrt_api::{Runtime, io};
///
/// async fn count<R: Runtime>(rt: &R) -> io::Result<()> {
///     let file = File::create_in("numbers", rt).await?;
///     let mut writer = WriteBehind::new_in(file, rt);
///     for n in 0..100_000 {
///         writer.write_all(format!("{n}\n").as_bytes()).await?;
///     }
///     writer.close().await // the last of them are in the file, or this says why not
/// }
/// ```
///
/// # Contract
///
/// - `L201` When a flush resolves to `Ok`, every byte that was accepted is in the file, in order;
///   at any time at most 1 MiB of them is not.
/// - `L202` The error of a write is returned by the next call, a flush and a close included, and
///   every call after it is an error too.
/// - `L203` Dropping the writer loses nothing that was accepted: it is written later.
///
/// # What may be lost
///
/// Bytes that were accepted and not flushed: by a crash of the process; by the end of the runtime,
/// after which the next call is an error that names it; and by an error of the file, which whoever
/// drops the writer does not hear of. [`close`](Self::close) waits and tells. What a crash of the
/// machine may take is another matter: see [`File::sync_all`], through [`get_ref`](Self::get_ref),
/// after a flush.
///
/// # Cost
///
/// A copy of the bytes and a lock that is seldom contended for each write; a task for each time
/// that a write finds nothing under way. Memory for twice [`LIMIT`](WriteBehind::LIMIT) at most,
/// until the writer is dropped: a backend that writes by threads is given the bytes, and copies
/// none.
///
/// # Cancel safety
///
/// A dropped `write` has accepted what it returned, or nothing. A dropped `flush` has lost nothing.
pub struct WriteBehind<R: AsyncFs = AnyRuntime> {
    file: Arc<File<R>>,
    backlog: Arc<Backlog>,
    rt: R,
}

impl WriteBehind {
    /// The most bytes that are accepted and not yet in the file: 1 MiB.
    pub const LIMIT: usize = 1024 * 1024;

    /// A writer at the cursor of `file`, on the current runtime.
    ///
    /// ```no_run
    /// use anyrt_api::fs::{File, WriteBehind};
    /// # async fn keep_a_log() -> anyrt_api::io::Result<()> {
    /// let mut log = WriteBehind::new(File::create("log").await?);
    /// log.write_all(b"begun\n").await?; // accepted
    /// log.flush().await?; // in the file
    /// log.get_ref().sync_data().await?; // on the device
    /// log.write_all(b"done\n").await?;
    /// log.close().await // in the file, or this says why not
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If no runtime is current.
    #[track_caller]
    #[must_use]
    pub fn new(file: File) -> Self {
        WriteBehind::new_in(file, &AnyRuntime::current())
    }
}

impl<R: Core + AsyncFs> WriteBehind<R> {
    /// A writer at the cursor of `file`, whose tasks run on `rt`.
    ///
    /// What else uses that cursor meanwhile, as a clone of the file may, comes between two writes.
    #[must_use]
    pub fn new_in(file: File<R>, rt: &R) -> Self {
        WriteBehind {
            file: Arc::new(file),
            backlog: Arc::default(),
            rt: rt.clone(),
        }
    }

    /// The file. What was accepted may not be in it before a flush.
    #[must_use]
    pub fn get_ref(&self) -> &File<R> {
        &self.file
    }

    /// Accepts some bytes of `buf`; waits only while [`LIMIT`](WriteBehind::LIMIT) of them are not
    /// in the file yet.
    ///
    /// # Errors
    ///
    /// That of an earlier write (`L202`); nothing was accepted then.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing was accepted.
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_accept(cx, buf)).await
    }

    /// Accepts all of `buf`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Not safe: how much was accepted is not known.
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let n = self.write(buf).await?;
            buf = &buf[n..];
        }
        Ok(())
    }

    /// Waits until what was accepted is in the file. It need not be on the device then.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Safe: it is written all the same.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_settled(cx)).await
    }

    /// Flushes, and drops the writer.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// What was accepted is written all the same; its error is lost.
    pub async fn close(mut self) -> io::Result<()> {
        self.flush().await
    }

    fn poll_accept(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        budget::poll(cx, |cx| {
            let accepted = self.backlog.poll(cx, |state| state.accept(buf));
            accepted.map_ok(|(n, is_first)| {
                if is_first {
                    self.start();
                }
                n
            })
        })
    }

    /// A task that writes until nothing is left.
    fn start(&self) {
        let mut load = Load::new(&self.backlog, name(&self.rt));
        let file = Arc::clone(&self.file);
        let carry = async move {
            while let Some(bytes) = load.take() {
                let written = charged(file.as_raw().write_owned(bytes)).await;
                load.put_down(written);
            }
        };
        drop(task::spawn_in(carry, &self.rt));
    }

    fn poll_settled(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        budget::poll(cx, |cx| self.backlog.poll(cx, State::settled))
    }
}

impl<R: Core + AsyncFs> AsyncWrite for WriteBehind<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_accept(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_settled(cx)
    }

    /// As a flush: the file is closed by the writer's drop.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_settled(cx)
    }
}

impl<R: AsyncFs> fmt::Debug for WriteBehind<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBehind")
            .field("file", &self.file)
            .field("unwritten", &self.backlog.unwritten())
            .finish_non_exhaustive()
    }
}

/// The backend's name, also where its type is forgotten.
fn name<R: Core>(rt: &R) -> &'static str {
    let erased = (rt as &dyn Any).downcast_ref::<AnyRuntime>();
    erased.map_or(R::NAME, AnyRuntime::backend)
}
