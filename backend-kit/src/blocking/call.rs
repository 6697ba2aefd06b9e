//! One blocking call: the cell that the queue and the join handle share, and the [`Join`] itself.
//!
//! Knows nothing of threads: `mod.rs` decides who runs it and when.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use anyrt_api::task::JoinError;

use crate::lock::Lock;
use crate::task::{Call, Outcome};
use crate::wait::wake;

/// What the queue sees of a call. Neither method panics.
pub(super) trait Job: Send + Sync {
    /// Runs the closure, unless the call was cancelled.
    fn run(&self);

    /// Drops the closure, if it has not begun; `cause` says why it cannot.
    fn cancel(&self, cause: Option<io::Error>);
}

/// What the join handle sees of a call.
trait Joined<T>: Send + Sync {
    fn poll(&self, cx: &Context<'_>) -> Poll<Outcome<T>>;
    fn abort(&self);
    fn is_finished(&self) -> bool;
    fn detach(&self);
}

/// The join handle of a blocking call. Dropping it detaches.
pub struct Join<T>(Arc<dyn Joined<T>>);

impl<T> Join<T> {
    pub(super) fn new<F>(cell: Arc<Cell<F, T>>) -> Self
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Join(cell)
    }

    /// Cancels the call if it has not begun; else does nothing.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// True once the closure has ended, or was dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Names the call among those that exist: its address.
    #[must_use]
    pub fn id(&self) -> u64 {
        Arc::as_ptr(&self.0).addr() as u64
    }
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(Outcome::into_result)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        self.0.detach();
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("id", &self.id())
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

pub(super) struct Cell<F, T>(Lock<State<F, T>>);

struct State<F, T> {
    stage: Stage<F, T>,
    joiner: Option<Waker>,
    /// There is a handle: the outcome is its property.
    is_joinable: bool,
}

enum Stage<F, T> {
    Queued(Call<F>),
    /// The closure is out of the cell: it runs, or is being dropped.
    Begun,
    Done(Outcome<T>),
    Taken,
}

impl<F, T> Cell<F, T> {
    pub(super) fn new(call: Call<F>) -> Self {
        Cell(Lock::new(State {
            stage: Stage::Queued(call),
            joiner: None,
            is_joinable: true,
        }))
    }

    /// The call, for the one who begins or cancels it.
    fn begin(&self) -> Option<Call<F>> {
        let mut state = self.0.lock();
        match mem::replace(&mut state.stage, Stage::Begun) {
            Stage::Queued(call) => Some(call),
            other => {
                state.stage = other;
                None
            }
        }
    }

    /// The closure has ended or was dropped.
    fn end(&self, outcome: Outcome<T>) {
        let mut state = self.0.lock();
        if !state.is_joinable {
            drop(state);
            return drop(outcome);
        }
        state.stage = Stage::Done(outcome);
        let joiner = state.joiner.take();
        drop(state);
        // `L011` A panic of it is no affair of this thread, which has others to serve.
        joiner.into_iter().for_each(wake);
    }
}

impl<F, T> Job for Cell<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run(&self) {
        if let Some(call) = self.begin() {
            self.end(call.run());
        }
    }

    fn cancel(&self, cause: Option<io::Error>) {
        if let Some(call) = self.begin() {
            drop(call);
            let error = cause.map_or_else(JoinError::cancelled, JoinError::not_started);
            self.end(Err(error).into());
        }
    }
}

impl<F, T> Joined<T> for Cell<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn poll(&self, cx: &Context<'_>) -> Poll<Outcome<T>> {
        let mut waker = None;
        loop {
            let mut state = self.0.lock();
            match mem::replace(&mut state.stage, Stage::Taken) {
                Stage::Done(outcome) => return Poll::Ready(outcome),
                Stage::Taken => panic!("a join handle was polled after it had given its output"),
                other => state.stage = other,
            }
            if state
                .joiner
                .as_ref()
                .is_some_and(|w| w.will_wake(cx.waker()))
            {
                return Poll::Pending;
            }
            if waker.is_some() {
                let displaced = mem::replace(&mut state.joiner, waker);
                drop(state);
                drop(displaced);
                return Poll::Pending;
            }
            drop(state);
            // Foreign code, so not under the lock.
            waker = Some(cx.waker().clone());
        }
    }

    fn abort(&self) {
        self.cancel(None);
    }

    fn is_finished(&self) -> bool {
        matches!(self.0.lock().stage, Stage::Done(_) | Stage::Taken)
    }

    fn detach(&self) {
        let mut state = self.0.lock();
        state.is_joinable = false;
        let joiner = state.joiner.take();
        let outcome = match mem::replace(&mut state.stage, Stage::Taken) {
            Stage::Done(outcome) => Some(outcome),
            other => {
                state.stage = other;
                None
            }
        };
        drop(state);
        drop((joiner, outcome));
    }
}
