//! Calls on the pool: [`call`] for any closure, and the tickets that a file's own calls hold.
//!
//! A call that was started runs to its end, whatever becomes of its future; a ticket tells the file
//! when the future is gone, so that what comes later waits, and no error is lost.

use std::fs::TryLockError;
use std::io;
use std::sync::Arc;

use anyrt_api::Core;
use anyrt_api::task::TaskMeta;

use super::shared::{Job, Shared};
use crate::gone;

/// Runs `f` on a thread that may block.
///
/// # Errors
///
/// What `f` returns; if it did not run, an error that names the runtime.
pub(super) async fn call<R, F, T>(rt: &R, f: F) -> io::Result<T>
where
    R: Core,
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    let joined = rt.spawn_blocking_raw(f, TaskMeta::new()).await;
    gone::joined(R::NAME, joined)?
}

/// A cursor job on its way to the pool. Dropped without being run, it reports that.
#[derive(Debug)]
pub(super) struct Errand {
    shared: Arc<Shared>,
    job: Option<Job>,
    runtime: &'static str,
}

impl Errand {
    pub(super) fn new<R: Core>(shared: &Arc<Shared>, job: Job) -> Self {
        Errand {
            shared: Arc::clone(shared),
            job: Some(job),
            runtime: R::NAME,
        }
    }

    pub(super) fn run(mut self) {
        if let Some(job) = self.job.take() {
            self.shared.run(job);
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.shared.fail(job, gone::error(self.runtime));
        }
    }
}

/// The future's side of a call that changes the file.
#[derive(Debug)]
pub(super) struct Ticket {
    shared: Arc<Shared>,
    id: u64,
}

impl Ticket {
    /// Of a call that leaves the cursor where it is.
    pub(super) fn new(shared: &Arc<Shared>, keeps_error: bool) -> Self {
        let id = shared.lock().begin_call(keeps_error, false);
        Ticket::of_move(shared, id)
    }

    /// Of a call that moves it, begun by [`Shared::begin_move`].
    pub(super) fn of_move(shared: &Arc<Shared>, id: u64) -> Self {
        let shared = Arc::clone(shared);
        Ticket { shared, id }
    }

    /// The pool's side.
    pub(super) fn stub(&self) -> Stub {
        Stub {
            shared: Arc::clone(&self.shared),
            id: self.id,
            error: None,
        }
    }

    /// The call is back and its future is there: takes the error that it left.
    pub(super) fn claim(self) -> Option<io::Error> {
        self.shared.lock().claim_call(self.id)
    }

    /// The runtime has not run the call and never will, though it may keep the closure, and the
    /// stub with it.
    pub(super) fn tear(self) {
        self.shared.finish_call(self.id, None);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.leave_call(self.id);
    }
}

/// The pool's side of a [`Ticket`]: its drop says that the call is back, run or not.
#[derive(Debug)]
pub(super) struct Stub {
    shared: Arc<Shared>,
    id: u64,
    error: Option<io::Error>,
}

impl Stub {
    /// Runs the call and leaves its error with the file.
    pub(super) fn run<T>(mut self, f: impl FnOnce(&std::fs::File) -> io::Result<T>) -> Option<T> {
        match f(&self.shared.file) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.finish_call(self.id, self.error.take());
    }
}

/// The future's side of a call for the file's advisory lock.
#[derive(Debug)]
pub(super) struct LockTicket {
    shared: Arc<Shared>,
    is_told: bool,
}

impl LockTicket {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.lock().locks.ask();
        LockTicket {
            shared: Arc::clone(shared),
            is_told: false,
        }
    }

    /// The caller learns its answer.
    pub(super) fn tell(mut self, granted: bool) {
        self.is_told = true;
        let mut state = self.shared.lock();
        if state.locks.told(granted) {
            release(&self.shared, &mut state);
        }
    }
}

impl Drop for LockTicket {
    fn drop(&mut self) {
        if !self.is_told {
            let mut state = self.shared.lock();
            if state.locks.left() {
                release(&self.shared, &mut state);
            }
        }
    }
}

/// Asks the system for the lock, on a thread of the pool; given back if nobody wants it any more.
pub(super) fn take_lock(
    shared: &Shared,
    ask: impl FnOnce(&std::fs::File) -> Result<(), TryLockError>,
) -> Result<(), TryLockError> {
    let answer = ask(&shared.file);
    let mut state = shared.lock();
    if state.locks.answered(answer.is_ok()) {
        release(shared, &mut state);
    }
    answer
}

/// Under the file's lock, so that nobody is granted the lock in between; it does not wait.
fn release(shared: &Shared, state: &mut super::state::State) {
    // It fails only for a file that cannot be locked, and this one was.
    let _ = shared.file.unlock();
    state.locks.released();
}
