//! The pool for blocking calls: threads for closures that may wait, as many as are needed up to a
//! limit.
//!
//! It is a second, tiny executor. A backend brings the threads, since a runtime counts and names
//! its own; the pool knows nothing of workers, sockets or timers, nor what a closure does.
//!
//! ```text
//!   spawn --> a free thread? --> a new one? --> the queue, first in, first out
//!                                  |
//!                 none to be had: the call runs later, or, if there is no thread at all,
//!                                 its handle says why
//! ```

mod call;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

pub use self::call::Join;
use self::call::{Cell, Job};
use crate::lock::{Condition, Lock};
use crate::task::Call;

/// What a thread of a pool runs, from its beginning to its end.
pub type Body = Box<dyn FnOnce() + Send>;

/// Starts a thread that runs a [`Body`]. Its error is the system's; the body is dropped then.
pub type Start = Box<dyn Fn(Body) -> io::Result<()> + Send + Sync>;

/// The blocking calls of one runtime and the threads for them. Clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    start: Start,
    limit: usize,
    keep_alive: Duration,
    state: Lock<State>,
    more: Condition,
}

#[derive(Default)]
struct State {
    /// First in, first out.
    jobs: VecDeque<Arc<dyn Job>>,
    n_threads: usize,
    /// Those of them that wait, woken or not.
    n_idle: usize,
    is_closed: bool,
}

impl Pool {
    /// A pool without a thread. It will have at most `limit` at once; one that finds nothing to do
    /// for `keep_alive` ends (`L042`).
    #[must_use]
    pub fn new(limit: usize, keep_alive: Duration, start: Start) -> Self {
        Pool(Arc::new(Inner {
            start,
            limit,
            keep_alive,
            state: Lock::default(),
            more: Condition::new(),
        }))
    }

    /// Runs a call once a thread is free. One allocation.
    ///
    /// `L040` If there is no thread at all and none is to be had, the call is dropped and its
    /// handle says why; it is never lost. After [`close`](Pool::close) it is cancelled.
    pub fn spawn<F, T>(&self, call: Call<F>) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let cell = Arc::new(Cell::new(call));
        self.push(cell.clone());
        Join::new(cell)
    }

    /// The handle of a call that is not run, for this reason.
    pub fn refuse<F, T>(&self, call: Call<F>, cause: io::Error) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let cell = Arc::new(Cell::new(call));
        cell.cancel(Some(cause));
        Join::new(cell)
    }

    /// The most threads that it has.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Takes no further call and cancels those that have not begun. Idle threads end.
    pub fn close(&self) {
        let mut state = self.0.state.lock();
        state.is_closed = true;
        let jobs = mem::take(&mut state.jobs);
        drop(state);
        self.0.more.notify_all();
        jobs.into_iter().for_each(|job| job.cancel(None));
    }

    fn push(&self, job: Arc<dyn Job>) {
        let mut state = self.0.state.lock();
        if state.is_closed {
            drop(state);
            return job.cancel(None);
        }
        state.jobs.push_back(job);
        if state.jobs.len() <= state.n_idle {
            drop(state);
            return self.0.more.notify_one();
        }
        if state.n_threads >= self.0.limit {
            return;
        }
        state.n_threads += 1;
        drop(state);
        let inner = Arc::clone(&self.0);
        if let Err(error) = (self.0.start)(Box::new(move || inner.run())) {
            self.go_without(&error);
        }
    }

    /// There is no thread for the call that was pushed last.
    #[cold]
    fn go_without(&self, error: &io::Error) {
        let mut state = self.0.state.lock();
        state.n_threads -= 1;
        if state.n_threads > 0 {
            // It runs later, on one of those.
            return;
        }
        let jobs = mem::take(&mut state.jobs);
        drop(state);
        for job in jobs {
            job.cancel(Some(same(error)));
        }
    }
}

impl Inner {
    /// The body of a thread.
    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            while let Some(job) = state.jobs.pop_front() {
                drop(state);
                job.run();
                drop(job);
                state = self.state.lock();
            }
            if state.is_closed {
                break;
            }
            state.n_idle += 1;
            let (woken, is_over) = self.more.wait_timeout(state, self.keep_alive);
            state = woken;
            state.n_idle -= 1;
            if is_over && state.jobs.is_empty() {
                break;
            }
        }
        state.n_threads -= 1;
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state.lock();
        f.debug_struct("Pool")
            .field("limit", &self.0.limit)
            .field("keep_alive", &self.0.keep_alive)
            .field("n_threads", &state.n_threads)
            .field("n_queued", &state.jobs.len())
            .finish_non_exhaustive()
    }
}

/// One error for several handles.
fn same(error: &io::Error) -> io::Error {
    let number = error.raw_os_error();
    number.map_or(error.kind().into(), io::Error::from_raw_os_error)
}
