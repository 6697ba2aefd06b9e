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
//!    dropped in place of being polled. A new task is RUNNING from the beginning, for whoever has
//!    its one `Runnable`: so its first start writes nothing.
//! 3. After a pending poll. If the task was aborted meanwhile, it goes on to 4 instead.
//! 4. The future was dropped (its destructor's panic caught) and the output lies in its place; then
//!    and not earlier `is_finished` is true and the joiner is woken.
//! 5. At the end of the runtime every task is claimed, whether or not a queue still holds it. A
//!    `Runnable` that is left in a queue is stale from then on, and running it does nothing.
//!
//! Aborting is a flag and a wake. `Ready` of a poll that was already running wins over it.
//!
//! Where the type of the future is forgotten, the future lies behind the rest of the task in the
//! same memory (`placed.rs`): the same states and the same code.
//!
//! Cells that workers free are used again for the next tasks (`rooms/`).
//!
//! A task that is not in a queue and not running would be forgotten by everybody but its wakers. So
//! before it is idle for the first time, its schedule is asked to keep a reference; a task that
//! runs to its end at once is never kept anywhere but in a queue.

mod header;
mod join;
mod joiner;
mod placed;
mod raw;
mod rooms;
mod state;
#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

pub(crate) use self::{
    header::Runnable,
    join::Join,
    placed::spawn_placed,
    rooms::{Depot, keeping},
};

/// Where a task goes when it is woken, and whom it tells when it has ended.
///
/// A task keeps of it what half a word has room for: a number.
pub(crate) trait Schedule: Copy + Send + Sync + 'static {
    /// What [`of_number`](Schedule::of_number) makes the same schedule of.
    fn number(self) -> u32;

    /// The schedule with this number.
    fn of_number(number: u32) -> Self;

    /// The task wants to be run once.
    fn schedule(&self, task: Runnable);

    /// As [`schedule`](Schedule::schedule), for a task that was woken by its own poll, or during
    /// it: it has just run, so others go first.
    fn again(&self, task: Runnable) {
        self.schedule(task);
    }

    /// The task is going to be idle for the first time: keeps it until
    /// [`finished`](Schedule::finished), which is told what was answered here. `None` if the
    /// runtime has ended: then it is cancelled.
    fn keep(&self, task: Runnable) -> Option<NonZeroU64>;

    /// The task has panicked, and its handle has gone without being told.
    fn unhandled_panic(&self) {}

    /// The task's future was dropped. `kept` is the answer of [`keep`](Schedule::keep), if it was
    /// asked.
    fn finished(&self, kept: Option<NonZeroU64>);
}

/// Makes a task of `future`. The caller runs or queues the [`Runnable`]; nothing is polled here.
pub(crate) fn spawn<F, S>(future: F, schedule: S) -> (Runnable, Join<F::Output>)
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    raw::Cell::spawn(future, schedule)
}
