//! A user's handle on a task: [`JoinHandle`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{AbortOnDrop, JoinError, RawJoin, Spawn, TaskId};
use crate::any::AnyJoin;
use crate::{AnyRuntime, budget};

/// A handle on a task or a blocking call: [`std::thread::JoinHandle`] for futures.
///
/// Awaiting it gives the task's output, or a [`JoinError`] if it panicked or was cancelled.
/// **Dropping it detaches** (`L015`): the task goes on. [`AbortOnDrop`](super::AbortOnDrop) and
/// [`TaskGroup`](super::TaskGroup) are for those who want the other.
///
/// # Contract
///
/// - `L016` The output is delivered once; awaiting `&mut handle` and dropping that await loses
///   nothing.
///
/// # Cancel safety
///
/// Safe: see `L016`.
///
/// A join that is ready is charged to the budget (`L060`): joining tasks that are over starves
/// nobody.
pub struct JoinHandle<T: Send, R: Spawn = AnyRuntime> {
    raw: R::RawJoin<T>,
}

impl<T: Send, R: Spawn> JoinHandle<T, R> {
    /// From a backend's handle.
    #[inline]
    pub fn from_raw(raw: R::RawJoin<T>) -> Self {
        JoinHandle { raw }
    }

    /// The backend's handle.
    #[inline]
    pub fn into_raw(self) -> R::RawJoin<T> {
        self.raw
    }

    /// Asks for the task's cancellation and does not wait for it.
    ///
    /// # Contract
    ///
    /// - `L023` Idempotent, callable from any thread and from the task itself; after completion it
    ///   does nothing, and the output stays readable.
    /// - `L025` An idle task is never polled again before its future is dropped.
    /// - `L026` During a poll it takes effect after that poll; if that poll was the last, the
    ///   output wins.
    ///
    /// A blocking closure that has started is not stopped.
    pub fn abort(&self) {
        self.raw.abort();
    }

    /// Cancels the task and waits until its future has been dropped.
    ///
    /// # Contract
    ///
    /// - `L024` Returns only after the future was dropped: a cancelled error, or the output if the
    ///   task had completed.
    ///
    /// # Errors
    ///
    /// As awaiting the handle.
    pub async fn cancel(self) -> Result<T, JoinError> {
        self.raw.abort();
        self.await
    }

    /// The same task, aborted when its handle is dropped.
    pub fn abort_on_drop(self) -> AbortOnDrop<T, R> {
        AbortOnDrop::new(self)
    }

    /// The same handle without the backend in its type: one box, and one more for the output.
    #[must_use = "dropping the handle detaches the task"]
    pub fn erase(self) -> JoinHandle<T>
    where
        T: 'static,
    {
        JoinHandle {
            raw: AnyJoin::new(self.raw),
        }
    }

    /// True once the task is over.
    ///
    /// - `L022` False until the future's destructor has finished, then true; agrees with the join.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.raw.is_finished()
    }

    /// Names the task in logs.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.raw.id()
    }
}

impl<T: Send, R: Spawn> Future for JoinHandle<T, R> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        budget::poll(cx, |cx| Pin::new(&mut self.raw).poll(cx))
    }
}

impl<T: Send, R: Spawn> fmt::Debug for JoinHandle<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.raw.id())
            .field("is_finished", &self.raw.is_finished())
            .finish()
    }
}
