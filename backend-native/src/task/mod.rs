//! Tasks: a future that can be woken, run, aborted and joined, in one allocation.
//!
//! A task does not know the executor: it holds a [`Schedule`] and hands itself to it when it is
//! woken. The executor and the blocking pool call this module; it calls nobody but its `Schedule`.
//!
//! ```text
//!               1 wake                2 start
//!      IDLE ------------> SCHEDULED ------------> RUNNING ---------> COMPLETE
//!        ^                    ^                   |  |  ^   4 complete   |
//!        |                    |  3 pause: Again   |  |  |                v
//!        |                    +-------------------+  |  | 5 claim    the output belongs to the
//!        +-------------------------------------------+  |            join handle, if there is one,
//!                       3 pause: Idle                   |            else it is dropped at once
//!                           IDLE or SCHEDULED ----------+
//! ```
//!
//! 1. A wake schedules a task that is neither scheduled, running nor complete; a wake of a running
//!    task is remembered, and 3 schedules it. So a task is never polled by two threads, and never
//!    recursively.
//! 2. Whoever takes a [`Runnable`] from a queue runs it; if the task was aborted, its future is
//!    dropped in place of being polled.
//! 3. After a pending poll. If the task was aborted meanwhile, it goes on to 4 instead.
//! 4. The future was dropped (its destructor's panic caught) and the output lies in its place; then
//!    and not earlier `is_finished` is true and the joiner is woken.
//! 5. At the end of the runtime every task is claimed, whether or not a queue still holds it. A
//!    `Runnable` that is left in a queue is stale from then on, and running it does nothing.
//!
//! Aborting is a flag and a wake. `Ready` of a poll that was already running wins over it.

mod raw;
mod state;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    sync::{Arc, atomic::AtomicU64},
};

pub(crate) use self::raw::Join;
use self::raw::{Cell, Task};

/// Where a task goes when it is woken, and whom it tells when it has ended.
pub(crate) trait Schedule: Copy + Send + Sync + 'static {
    /// The task wants to be run once.
    fn schedule(&self, task: Runnable);

    /// The task's future was dropped; `tag` is the number that was left in [`Runnable::tag`].
    fn finished(&self, tag: &AtomicU64);
}

/// Makes a task of `future`. The caller runs or queues the [`Runnable`]; nothing is polled here.
pub(crate) fn spawn<F, S>(future: F, schedule: S) -> (Runnable, Join<F::Output>)
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    let cell = Cell::new(future, schedule);
    (Runnable(cell.clone()), Join::new(cell))
}

/// A reference to a task that may run it.
#[derive(Clone)]
pub(crate) struct Runnable(Arc<dyn Task>);

impl Runnable {
    /// Polls the task once, or drops its future if it was aborted. Never panics.
    pub(crate) fn run(self) {
        self.0.run();
    }

    /// Drops the task's future now, or, if another thread is polling it, after that poll. Its join
    /// handle resolves to a cancelled `JoinError`, which names the cause if the task could not be
    /// started. Never panics.
    pub(crate) fn cancel(self, cause: Option<io::Error>) {
        self.0.cancel(cause);
    }

    /// A number for the use of whoever spawned the task.
    pub(crate) fn tag(&self) -> &AtomicU64 {
        self.0.tag()
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runnable")
    }
}
