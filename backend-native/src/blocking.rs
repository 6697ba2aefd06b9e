//! The blocking pool: threads for closures that may wait, as many as are needed up to a limit.
//!
//! It is a second, tiny executor: it knows tasks as [`Runnable`]s, and nothing of workers, sockets
//! or timers. The door calls it.

use std::{
    collections::VecDeque,
    fmt, io, mem,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    task::{self, Join, Runnable, Schedule},
    threads::{Role, Threads},
};

/// The jobs of one runtime and the threads for them.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    threads: Threads,
    /// The most threads there may be.
    limit: usize,
    /// How long a thread waits for a job before it ends.
    keep_alive: Duration,
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// First in, first out.
    jobs: VecDeque<Runnable>,
    n_threads: usize,
    /// Those of them that wait, woken or not.
    n_idle: usize,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(threads: Threads, limit: usize, keep_alive: Duration) -> Self {
        let (state, more) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Inner {
            threads,
            limit,
            keep_alive,
            state,
            more,
        }))
    }

    /// Runs `f` on a thread of the pool, once one is free.
    ///
    /// If there is no thread at all and none is to be had, the job is cancelled and its handle says
    /// why; it is never lost. The same goes for a job after the end.
    pub(crate) fn spawn<F, T>(&self, f: F) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, join) = task::spawn(Once(Some(f)), Queued);
        self.push(job);
        join
    }

    /// Takes no further job and cancels those that have not begun. Idle threads end.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        let jobs = mem::take(&mut state.jobs);
        drop(state);
        self.0.more.notify_all();
        for job in jobs {
            job.cancel(None);
        }
    }

    fn push(&self, job: Runnable) {
        let mut state = self.0.lock();
        if state.closed {
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
        let inner = self.0.clone();
        if let Err(error) = self.0.threads.start(Role::Blocking, move || inner.run()) {
            let mut state = self.0.lock();
            state.n_threads -= 1;
            // With other threads alive the job runs later.
            let jobs = if state.n_threads == 0 {
                mem::take(&mut state.jobs)
            } else {
                VecDeque::new()
            };
            drop(state);
            for job in jobs {
                job.cancel(Some(same(&error)));
            }
        }
    }
}

impl Inner {
    /// The body of a thread.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            while let Some(job) = state.jobs.pop_front() {
                drop(state);
                job.run();
                state = self.lock();
            }
            if state.closed {
                break;
            }
            state.n_idle += 1;
            let waited = self.more.wait_timeout(state, self.keep_alive);
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.n_idle -= 1;
            if result.timed_out() && state.jobs.is_empty() {
                break;
            }
        }
        state.n_threads -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("limit", &self.0.limit)
            .field("keep_alive", &self.0.keep_alive)
            .field("state", &*self.0.lock())
            .finish_non_exhaustive()
    }
}

/// One error for several handles.
fn same(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or(error.kind().into(), io::Error::from_raw_os_error)
}

/// A job is a task that is ready at its first poll.
struct Once<F>(Option<F>);

// The closure is called, never pinned.
impl<F> Unpin for Once<F> {}

impl<F: FnOnce() -> T, T> Future for Once<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let f = self.0.take().expect("a job is polled once");
        Poll::Ready(f())
    }
}

/// A job is in the queue from the beginning, and is never woken.
#[derive(Clone, Copy)]
struct Queued;

impl Schedule for Queued {
    fn schedule(&self, _job: Runnable) {
        unreachable!("a job is scheduled until it runs, and ends with its first poll");
    }

    fn finished(&self, _tag: &AtomicU64) {}
}
