//! Sequential writes that the caller does not wait for: [`WriteBehind`].
//!
//! A task of the runtime writes what was accepted, by one operation of the file after the other,
//! while the caller goes on. It stands on files and tasks alone, so every backend has it; it knows
//! nothing of threads or systems. Libraries and applications use it by name: nothing else does.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_io::AsyncWrite;

use super::File;
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
/// until the writer is dropped, beside what the backend needs for one operation.
///
/// # Cancel safety
///
/// A dropped `write` has accepted what it returned, or nothing. A dropped `flush` has lost nothing.
pub struct WriteBehind<R: AsyncFs = AnyRuntime> {
    shared: Arc<Shared<R>>,
    rt: R,
}

impl WriteBehind {
    /// The most bytes that are accepted and not yet in the file: 1 MiB.
    pub const LIMIT: usize = 1024 * 1024;

    /// A writer at the cursor of `file`, on the current runtime.
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
        let state = Mutex::default();
        WriteBehind {
            shared: Arc::new(Shared { file, state }),
            rt: rt.clone(),
        }
    }

    /// The file. What was accepted may not be in it before a flush.
    #[must_use]
    pub fn get_ref(&self) -> &File<R> {
        &self.shared.file
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
            let accepted = self.shared.poll_state(cx, |state| state.accept(buf));
            accepted.map_ok(|(n, is_first)| {
                if is_first {
                    let load = Load {
                        shared: Arc::clone(&self.shared),
                        runtime: name(&self.rt),
                        is_over: false,
                    };
                    drop(task::spawn_in(carry(load), &self.rt));
                }
                n
            })
        })
    }

    fn poll_settled(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        budget::poll(cx, |cx| self.shared.poll_state(cx, State::settled))
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
            .field("file", &self.shared.file)
            .field("unwritten", &self.shared.lock().unwritten())
            .finish_non_exhaustive()
    }
}

/// What the writer and its task have in common.
#[derive(Debug)]
struct Shared<R: AsyncFs> {
    file: File<R>,
    state: Mutex<State>,
}

impl<R: AsyncFs> Shared<R> {
    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `ask` answers; if that is nothing yet, the task's waker is kept. No waker is cloned or
    /// dropped under the lock.
    fn poll_state<T>(
        &self,
        cx: &mut Context<'_>,
        ask: impl Fn(&mut State) -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Some(answer) = ask(&mut self.lock()) {
            return Poll::Ready(answer);
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(answer) = ask(&mut state) {
            drop(state);
            return Poll::Ready(answer);
        }
        let stale = state.waker.replace(waker);
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// Changes the state, then wakes the writer.
    fn tell(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// What waits for the task.
    accepted: Vec<u8>,
    /// Bytes that the task is writing.
    n_writing: usize,
    /// The memory of what was written last, for what comes next.
    spare: Vec<u8>,
    /// A task is there, and will look for more before it ends.
    is_carried: bool,
    failure: Option<Failure>,
    /// The writer, if it waits.
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    /// Until it was told.
    error: Option<io::Error>,
}

impl State {
    fn unwritten(&self) -> usize {
        self.accepted.len() + self.n_writing
    }

    /// How many bytes were accepted, and whether they need a task; nothing if there is no room.
    fn accept(&mut self, buf: &[u8]) -> Option<io::Result<(usize, bool)>> {
        if let Some(error) = self.failed() {
            return Some(Err(error));
        }
        let n = buf.len().min(WriteBehind::LIMIT - self.unwritten());
        if n == 0 {
            return None;
        }
        self.accepted.extend_from_slice(&buf[..n]);
        let is_first = !mem::replace(&mut self.is_carried, true);
        Some(Ok((n, is_first)))
    }

    /// An answer once nothing is unwritten, or will ever be.
    fn settled(&mut self) -> Option<io::Result<()>> {
        if let Some(error) = self.failed() {
            return Some(Err(error));
        }
        (self.unwritten() == 0).then_some(Ok(()))
    }

    /// The error of a write, the first time as the file gave it.
    fn failed(&mut self) -> Option<io::Error> {
        let Failure { kind, error } = self.failure.as_mut()?;
        let text = "a write before this one failed, and bytes that were accepted are lost";
        let again = || io::Error::new(*kind, text);
        Some(error.take().unwrap_or_else(again))
    }

    fn fail(&mut self, error: io::Error) {
        self.accepted = Vec::new();
        self.n_writing = 0;
        self.failure.get_or_insert(Failure {
            kind: error.kind(),
            error: Some(error),
        });
    }
}

/// The body of the task: writes until nothing is left.
async fn carry<R: AsyncFs>(mut load: Load<R>) {
    while let Some(bytes) = load.take() {
        let written = load.shared.file.write_all(&bytes).await;
        load.put_down(bytes, written);
    }
}

/// The task's side. Dropped before its end, it says so.
#[derive(Debug)]
struct Load<R: AsyncFs> {
    shared: Arc<Shared<R>>,
    runtime: &'static str,
    /// It found nothing left, and another task may carry by now.
    is_over: bool,
}

impl<R: AsyncFs> Load<R> {
    /// All that was accepted meanwhile; if that is nothing, the task is over.
    fn take(&mut self) -> Option<Vec<u8>> {
        let mut state = self.shared.lock();
        if state.accepted.is_empty() {
            state.is_carried = false;
            self.is_over = true;
            return None;
        }
        let spare = mem::take(&mut state.spare);
        let bytes = mem::replace(&mut state.accepted, spare);
        state.n_writing = bytes.len();
        Some(bytes)
    }

    fn put_down(&self, mut bytes: Vec<u8>, written: io::Result<()>) {
        bytes.clear();
        self.shared.tell(|state| {
            state.n_writing = 0;
            state.spare = bytes;
            if let Err(error) = written {
                state.fail(error);
            }
        });
    }
}

impl<R: AsyncFs> Drop for Load<R> {
    fn drop(&mut self) {
        if !self.is_over {
            let runtime = self.runtime;
            let text = format!("the {runtime} runtime ended before all was written");
            self.shared.tell(|state| {
                state.is_carried = false;
                state.fail(io::Error::other(text));
            });
        }
    }
}

/// The backend's name, also where its type is forgotten.
fn name<R: Core>(rt: &R) -> &'static str {
    let erased = (rt as &dyn Any).downcast_ref::<AnyRuntime>();
    erased.map_or(R::NAME, AnyRuntime::backend)
}
