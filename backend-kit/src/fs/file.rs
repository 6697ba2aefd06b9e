//! An open file of the operating system: [`OsFile`]. Every method is a step of `shared.rs`, polled,
//! or a call on the pool.

use std::fmt;
use std::fs::{File, TryLockError};
use std::future::Future;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use anyrt_api::Core;
use anyrt_api::fs::{FileTimes, Metadata, Permissions, RawFile};
use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::task::{RawJoin, TaskMeta};

use super::call::{Errand, LockTicket, Ticket, call, take_lock};
use super::shared::{CHUNK, Job, Shared, Step};
use super::state::{Key, State};
use super::{paths, positional};
use crate::gone;

/// A std file that any number of tasks may use: what backends over an operating system open.
///
/// Reads that the page cache can answer need no thread (on Linux); all else runs on the runtime's
/// blocking threads, one cursor operation at a time. Nothing is buffered: see [`RawFile`].
pub struct OsFile<R: Core> {
    shared: Arc<Shared>,
    rt: R,
}

impl<R: Core> OsFile<R> {
    /// Takes a file of std's. One `lseek`, which does not wait.
    #[must_use]
    pub fn new(file: File, rt: &R) -> Self {
        OsFile {
            shared: Arc::new(Shared::new(file)),
            rt: rt.clone(),
        }
    }

    /// Gives the file back as std's, once the operation in flight is done.
    ///
    /// If clones of it exist, which share the cursor, it is a duplicate that shares it too.
    ///
    /// # Errors
    ///
    /// That of a dropped write (`L200`); that of the duplication; and one if the file cannot seek
    /// and holds bytes of a dropped read, which would be lost.
    pub async fn into_std(self) -> io::Result<File> {
        Settled::new(&self, |shared, state, _| shared.unwind(state)).await?;
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => Ok(shared.into_file()),
            Err(shared) => shared.file.try_clone(),
        }
    }

    /// The std file itself, for what the contract does not have. Its cursor is this file's.
    #[must_use]
    pub fn as_std(&self) -> &File {
        &self.shared.file
    }

    /// Sends every read of this file to the pool.
    #[cfg(test)]
    pub(super) fn refuse_inline(&self) {
        self.shared.inline.refuse();
    }

    /// Polls a step until it answers, and keeps the waiter in the list meanwhile.
    ///
    /// No waker is cloned, woken or dropped under the file's lock.
    fn poll_step<T>(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut step: impl FnMut(&Shared, &mut State, Option<Key>) -> Step<T>,
    ) -> Poll<T> {
        let mut waker: Option<Waker> = None;
        loop {
            let mut state = self.shared.lock();
            let owner = state.waiters.key(wait);
            match step(&self.shared, &mut state, owner) {
                Step::Answer(answer) => {
                    let left = state.waiters.leave(wait);
                    drop(state);
                    drop(left);
                    return Poll::Ready(answer);
                }
                Step::Start(job) => {
                    drop(state);
                    self.send(job, wait, waker.unwrap_or_else(|| cx.waker().clone()));
                    return Poll::Pending;
                }
                Step::Wait if state.waiters.has(wait, cx.waker()) => return Poll::Pending,
                Step::Wait => {
                    if let Some(waker) = waker.take() {
                        let displaced = state.waiters.enter(wait, waker);
                        drop(state);
                        displaced.settle();
                        return Poll::Pending;
                    }
                    drop(state);
                    waker = Some(cx.waker().clone());
                }
            }
        }
    }

    /// Sends a job to the pool; its waiter is in the list before it can be done.
    fn send(&self, job: Job, wait: &mut Wait, waker: Waker) {
        let outline = job.outline();
        let errand = Errand::new::<R>(&self.shared, job);
        let displaced = self.shared.lock().waiters.enter(wait, waker);
        displaced.settle();
        let run = move || errand.run();
        let mut join = pin!(self.rt.spawn_blocking_raw(run, TaskMeta::new()));
        // A runtime without a thread says so at once, though it may keep the closure (`L190`).
        if join.is_finished()
            && let Poll::Ready(joined) = join.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            && let Err(error) = gone::joined(R::NAME, joined)
        {
            self.shared.fail(outline, error);
        }
    }

    /// Runs a call that changes nothing, after what was begun and dropped before.
    async fn look<T: Send + 'static>(
        &self,
        f: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        Settled::new(self, |shared, state, _| shared.settle(state)).await;
        let shared = Arc::clone(&self.shared);
        call(&self.rt, move || f(&shared.file)).await
    }

    /// Runs a call that changes the file, after what was begun and dropped before; if this future
    /// is dropped too, later operations come after it.
    async fn change<T: Send + 'static>(
        &self,
        keeps_error: bool,
        f: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        Settled::new(self, |shared, state, _| shared.settle(state)).await;
        self.run(Ticket::new(&self.shared, keeps_error), f).await
    }

    async fn run<T: Send + 'static>(
        &self,
        ticket: Ticket,
        f: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let stub = ticket.stub();
        let answer = match call(&self.rt, move || Ok(stub.run(f))).await {
            Ok(answer) => answer,
            Err(not_run) => {
                ticket.tear();
                return Err(not_run);
            }
        };
        let error = ticket.claim();
        answer.ok_or_else(|| error.expect("a call without an answer leaves its error"))
    }

    async fn ask_for_lock(
        &self,
        ask: impl FnOnce(&File) -> Result<(), TryLockError> + Send + 'static,
    ) -> Result<(), TryLockError> {
        Settled::new(self, |shared, state, _| shared.settle(state)).await;
        let ticket = LockTicket::new(&self.shared);
        let shared = Arc::clone(&self.shared);
        let answer = call(&self.rt, move || Ok(take_lock(&shared, ask))).await;
        let answer = answer.unwrap_or_else(|error| Err(TryLockError::Error(error)));
        ticket.tell(answer.is_ok());
        answer
    }
}

impl<R: Core> fmt::Debug for OsFile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OsFile").field(&self.shared.file).finish()
    }
}

impl<R: Core> RawObject for OsFile<R> {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        let Some(key) = wait.key() else {
            return;
        };
        let left = self.shared.lock().waiters.leave(wait);
        drop(left);
        self.shared.leave(key);
    }
}

impl<R: Core> RawFile for OsFile<R> {
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut is_cached = true;
        // What most reads are done with, without a place among those who wait.
        if wait.key().is_none()
            && let Some(answer) = self.shared.read_at_once(buf, &mut is_cached)
        {
            return Poll::Ready(answer);
        }
        self.poll_step(cx, wait, |shared, state, owner| {
            shared.read(state, owner, buf, is_cached)
        })
    }

    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll_step(cx, wait, |shared, state, owner| {
            shared.write(state, owner, buf)
        }));
        Poll::Ready(written.map(|n| n as usize))
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            [one] => self.poll_write(cx, wait, one),
            _ => self.poll_write(cx, wait, &gathered(bufs)),
        }
    }

    async fn write_owned(&self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let id = Settled::new(self, |shared, state, _| shared.begin_move(state)).await?;
        let write = move |file: &File| positional::write_all(file, &bytes).map(|()| bytes);
        self.run(Ticket::of_move(&self.shared, id), write).await
    }

    fn poll_flush(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        self.poll_step(cx, wait, |shared, state, owner| shared.flush(state, owner))
    }

    fn poll_seek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.poll_step(cx, wait, |shared, state, owner| {
            shared.seek(state, owner, to)
        })
    }

    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        if self.shared.is_busy() {
            return None;
        }
        self.shared
            .inline
            .read(&self.shared.file, buf, Some(offset))
    }

    async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut bytes = vec![0; buf.len().min(CHUNK)];
        let bytes = self
            .look(move |file| {
                let n = positional::read_at(file, &mut bytes, offset)?;
                bytes.truncate(n);
                Ok(bytes)
            })
            .await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let bytes = buf[..buf.len().min(CHUNK)].to_vec();
        let write = move |file: &File| positional::write_at(file, &bytes, offset);
        self.change(true, write).await
    }

    async fn file_metadata(&self) -> io::Result<Metadata> {
        self.look(|file| file.metadata().map(Metadata::from)).await
    }

    async fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(false, move |file| file.set_len(len)).await
    }

    async fn sync(&self, data_only: bool) -> io::Result<()> {
        Settled::new(self, |shared, state, owner| shared.flush(state, owner)).await?;
        let sync = move |file: &File| match data_only {
            true => file.sync_data(),
            false => file.sync_all(),
        };
        self.change(true, sync).await
    }

    async fn set_file_permissions(&self, permissions: Permissions) -> io::Result<()> {
        let set = move |file: &File| {
            let std = paths::std_permissions(&permissions, || file.metadata())?;
            file.set_permissions(std)
        };
        self.change(false, set).await
    }

    async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.change(false, move |file| file.set_times(times.into()))
            .await
    }

    async fn lock(&self, exclusive: bool) -> io::Result<()> {
        let ask = move |file: &File| match exclusive {
            true => file.lock(),
            false => file.lock_shared(),
        };
        let answer = self
            .ask_for_lock(move |file| ask(file).map_err(TryLockError::Error))
            .await;
        answer.map_err(io::Error::from)
    }

    async fn try_lock(&self, exclusive: bool) -> Result<(), TryLockError> {
        let ask = move |file: &File| match exclusive {
            true => file.try_lock(),
            false => file.try_lock_shared(),
        };
        self.ask_for_lock(ask).await
    }

    async fn unlock(&self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let unlock = move |file: &File| {
            // Under the file's lock, so that nobody is granted the lock in between. It does not
            // wait.
            let mut state = shared.lock();
            let unlocked = file.unlock();
            state.locks.released();
            unlocked
        };
        self.change(false, unlock).await
    }

    async fn try_clone_file(&self) -> io::Result<Self> {
        Ok(OsFile {
            shared: Arc::clone(&self.shared),
            rt: self.rt.clone(),
        })
    }
}

/// As much as one trip to the pool carries.
fn gathered(bufs: &[IoSlice<'_>]) -> Vec<u8> {
    let mut all = Vec::new();
    for buf in bufs {
        let room = CHUNK - all.len();
        all.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    all
}

/// The future of a step; it leaves the list when it is dropped.
struct Settled<'a, R: Core, S> {
    file: &'a OsFile<R>,
    step: S,
    wait: Wait,
}

impl<'a, R, S, T> Settled<'a, R, S>
where
    R: Core,
    S: FnMut(&Shared, &mut State, Option<Key>) -> Step<T> + Unpin,
{
    fn new(file: &'a OsFile<R>, step: S) -> Self {
        let wait = Wait::new();
        Settled { file, step, wait }
    }
}

impl<R, S, T> Future for Settled<'_, R, S>
where
    R: Core,
    S: FnMut(&Shared, &mut State, Option<Key>) -> Step<T> + Unpin,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Settled { file, step, wait } = &mut *self;
        file.poll_step(cx, wait, step)
    }
}

impl<R: Core, S> Drop for Settled<'_, R, S> {
    fn drop(&mut self) {
        self.file.cancel_wait(Direction::Write, &mut self.wait);
    }
}
