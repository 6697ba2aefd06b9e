//! Where the outcome of an aborted task goes: [`Aborts`], [`Badge`], [`Slip`].
//!
//! async-task cancels by dropping its handle, drops the output of a task that completes meanwhile,
//! and calls a task finished before its future is dropped. The contract wants the output if it won,
//! and a join that waits for the destructor. A task has one allocation, async-task's, so there is
//! no cell of ours to settle that in, and there need not be one: an abort, which is rare, makes it,
//! out of the kit's.
//!
//! ```text
//!   Join::abort      claims the task's number, then drops async-task's handle
//!   Badge            the number; it goes with the future, and then with the output
//!   dropped unread   the future that did not end, or the output that nobody took, looks whether
//!                    its number is claimed and, if so, delivers itself to the claim
//! ```
//!
//! Knows nothing of executors.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyrt_api::task::JoinError;
use anyrt_kit::lock::Lock;
use anyrt_kit::task::{Giver, Joint, Outcome, joint};

/// The claims of one runtime.
#[derive(Default)]
pub(crate) struct Aborts {
    /// By task. What stands there is a `Giver<T>` of the task's own type.
    claims: Lock<HashMap<u64, Box<dyn Any + Send>>>,
    /// Their number, so that an output which is dropped unread, as that of every detached task is,
    /// need not lock.
    n_claims: AtomicUsize,
}

impl Aborts {
    /// Claims the outcome of a task that has not ended.
    pub(crate) fn claim<T: Send + 'static>(&self, task: u64) -> Joint<T> {
        let (giver, claim) = joint::<T>(None);
        let mut claims = self.claims.lock();
        claims.insert(task, Box::new(giver));
        self.n_claims.store(claims.len(), Ordering::Release);
        claim
    }

    /// Takes a claim back; false if something was delivered, or is being delivered, to it.
    pub(crate) fn unclaim(&self, task: u64) -> bool {
        self.take(task).is_some()
    }

    fn take(&self, task: u64) -> Option<Box<dyn Any + Send>> {
        let mut claims = self.claims.lock();
        let claim = claims.remove(&task);
        self.n_claims.store(claims.len(), Ordering::Release);
        claim
    }
}

impl fmt::Debug for Aborts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Aborts").field(&self.n_claims).finish()
    }
}

/// A task's number, on its way with the future and then with the output.
pub(crate) struct Badge<T> {
    aborts: Arc<Aborts>,
    task: u64,
    /// Chosen where `T` is known to be `'static`.
    deliver: fn(Box<dyn Any + Send>, Outcome<T>),
}

impl<T: Send + 'static> Badge<T> {
    pub(crate) fn new(aborts: &Arc<Aborts>, task: u64) -> Self {
        Badge {
            aborts: Arc::clone(aborts),
            task,
            deliver,
        }
    }
}

impl<T> Badge<T> {
    /// The task was dropped before it ended.
    ///
    /// This always takes the lock. A runtime that goes closes its tasks without a claim, and an
    /// abort at the same time claims first and then looks whether the task is closed; with the lock
    /// in between, one of the two sees the other.
    pub(crate) fn cancelled(self) {
        if let Some(claim) = self.aborts.take(self.task) {
            (self.deliver)(claim, Err(JoinError::cancelled()).into());
        }
    }

    /// The task's outcome was dropped by who held it, not by who joined.
    fn unread(self, outcome: Outcome<T>) {
        // Acquire: the claim was made before the task was closed, and that before this drop.
        if self.aborts.n_claims.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(claim) = self.aborts.take(self.task) {
            (self.deliver)(claim, outcome);
        }
    }
}

fn deliver<T: Send + 'static>(claim: Box<dyn Any + Send>, outcome: Outcome<T>) {
    let giver = claim.downcast::<Giver<T>>();
    giver
        .expect("a claim has the type of its task")
        .give(outcome);
}

/// The output of a task on its way through async-task.
pub(crate) struct Slip<T> {
    outcome: Option<Outcome<T>>,
    badge: Option<Badge<T>>,
}

impl<T> Slip<T> {
    pub(crate) fn new(outcome: Outcome<T>, badge: Option<Badge<T>>) -> Self {
        Slip {
            outcome: Some(outcome),
            badge,
        }
    }

    /// For whoever joins.
    pub(crate) fn into_result(mut self) -> Result<T, JoinError> {
        let outcome = self.outcome.take();
        outcome.expect("it is taken once").into_result()
    }
}

impl<T> Drop for Slip<T> {
    fn drop(&mut self) {
        if let (Some(outcome), Some(badge)) = (self.outcome.take(), self.badge.take()) {
            badge.unread(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn take<T>(claim: &mut Joint<T>) -> Poll<Result<T, JoinError>> {
        Pin::new(claim).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_output_that_won_is_delivered() {
        let aborts = Arc::new(Aborts::default());
        let slip = Slip::new(Ok(7).into(), Some(Badge::new(&aborts, 1)));
        let mut claim = aborts.claim::<i32>(1);
        assert!(take(&mut claim).is_pending() && !claim.is_finished());
        drop(slip);
        assert!(claim.is_finished());
        assert!(matches!(take(&mut claim), Poll::Ready(Ok(7))));
        assert!(!aborts.unclaim(1));
    }

    #[test]
    fn a_future_that_was_dropped_is_delivered_as_cancelled() {
        let aborts = Arc::new(Aborts::default());
        let mut claim = aborts.claim::<i32>(1);
        Badge::<i32>::new(&aborts, 1).cancelled();
        assert!(matches!(take(&mut claim), Poll::Ready(Err(error)) if error.is_cancelled()));
    }

    #[test]
    fn what_nobody_claims_is_dropped() {
        let aborts = Arc::new(Aborts::default());
        let output = Arc::new(());
        let badge = Badge::new(&aborts, 1);
        drop(Slip::new(Ok(Arc::clone(&output)).into(), Some(badge)));
        assert_eq!(Arc::strong_count(&output), 1);
        let mut other = aborts.claim::<i32>(2);
        Badge::<i32>::new(&aborts, 1).cancelled();
        assert!(take(&mut other).is_pending());
        assert!(aborts.unclaim(2));
    }
}
