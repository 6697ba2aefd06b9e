//! The cooperative budget: what stops an always-ready socket from starving timers and other tasks.
//!
//! A thread-local count of operations, refilled by each backend's task wrapper
//! ([`Root`](crate::current::Root)) before every poll and spent by the std-shaped types. Outside
//! any task of ours, on a foreign executor, it is unlimited. Knows nothing of runtimes.
//!
//! # Contract
//!
//! - `L060` One socket that is always ready cannot starve a timer or another task.
//! - `L061` An accept loop under a flood of connections cannot either.
//! - `L064` A forced yield wakes the task, and the next poll makes progress: one unit is refilled,
//!   so that a loop which polls again at once, as a foreign `block_on` does, is never stuck.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// Operations a poll of a task may make before it must yield. (tokio's figure, and it has served
/// it well: its documentation of `task::coop` gives the reasoning.)
pub const BUDGET: u32 = 128;

/// Outside any task: no limit.
const UNLIMITED: u32 = u32::MAX;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(UNLIMITED) };
}

/// Runs one operation that is charged to the task's budget; about 8 instructions.
///
/// If the budget is spent, wakes the task, refills one unit and returns `Pending` without calling
/// `operation`. An operation that answers `Pending` itself is not charged.
#[inline]
pub fn poll<T>(
    cx: &mut Context<'_>,
    operation: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    // Where there is no cell any more, as in a thread that ends, there is no limit either.
    let left = LEFT.try_with(Cell::get).unwrap_or(UNLIMITED);
    if left == 0 {
        return forced_yield(cx);
    }
    // The only place that calls it, so that it is inlined.
    let answer = operation(cx);
    if answer.is_ready() && left != UNLIMITED {
        // The operation itself may have run nested polls that spent units of this budget.
        LEFT.with(|cell| cell.set(cell.get().saturating_sub(1)));
    }
    answer
}

/// What came of an operation that does not wait.
pub(crate) enum AtOnce<T> {
    /// It is done, and charged.
    Done(T),
    /// It would have had to wait, and is not charged.
    Declined,
    /// The budget is spent; it was not tried. First comes [`renewed`].
    Spent,
}

/// Runs one operation that does not wait, without a future around it: what `operation` does not
/// do at once it answers with `None`.
#[inline]
pub(crate) fn at_once<T>(operation: impl FnOnce() -> Option<T>) -> AtOnce<T> {
    // Where there is no cell any more, as in a thread that ends, there is no limit either.
    let left = LEFT.try_with(Cell::get).unwrap_or(UNLIMITED);
    if left == 0 {
        return AtOnce::Spent;
    }
    let Some(answer) = operation() else {
        return AtOnce::Declined;
    };
    if left != UNLIMITED {
        LEFT.set(left - 1);
    }
    AtOnce::Done(answer)
}

/// Ready once there is budget; yields if there is none.
pub(crate) fn renewed() -> impl Future<Output = ()> {
    poll_fn(|cx| {
        if is_spent() {
            return forced_yield(cx);
        }
        Poll::Ready(())
    })
}

pin_project! {
    /// A one-shot operation that is charged to the task's budget when it is done.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Charged<F> {
        #[pin]
        operation: F,
    }
}

/// Charges a future: one that never waits must not starve the others either.
pub(crate) fn charged<F: Future>(operation: F) -> Charged<F> {
    Charged { operation }
}

impl<F: Future> Future for Charged<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let operation = self.project().operation;
        poll(cx, |cx| operation.poll(cx))
    }
}

/// True if the next charged operation would yield. For loops that are not made of polls.
#[must_use]
pub fn is_spent() -> bool {
    LEFT.try_with(Cell::get) == Ok(0)
}

/// Runs `f` with a full budget and restores what was left before, also if `f` panics.
#[inline]
pub fn refilled<T>(f: impl FnOnce() -> T) -> T {
    with(BUDGET, f)
}

/// Runs `f` with the budget that is left, or with a full one where there was no limit: for a future
/// inside a task, which must not have a budget beside its task's.
#[inline]
pub(crate) fn limited<T>(f: impl FnOnce() -> T) -> T {
    match LEFT.try_with(Cell::get) {
        Ok(UNLIMITED) => refilled(f),
        _ => f(),
    }
}

/// Runs `f` without a budget: for a blocking closure, whose waits starve nobody.
pub fn unlimited<T>(f: impl FnOnce() -> T) -> T {
    with(UNLIMITED, f)
}

#[inline]
fn with<T>(units: u32, f: impl FnOnce() -> T) -> T {
    struct Restore(u32);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }
    let _restore = LEFT.try_with(|left| left.replace(units)).ok().map(Restore);
    f()
}

#[cold]
fn forced_yield<T>(cx: &mut Context<'_>) -> Poll<T> {
    LEFT.set(1);
    cx.waker().wake_by_ref();
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    fn ready(cx: &mut Context<'_>) -> bool {
        poll(cx, |_| Poll::Ready(())).is_ready()
    }

    #[test]
    fn unlimited_outside_a_task() {
        let mut cx = Context::from_waker(Waker::noop());
        assert!((0..10_000).all(|_| ready(&mut cx)));
    }

    #[test]
    fn what_is_done_at_once_is_charged_and_waits_for_budget() {
        fn done() -> bool {
            matches!(at_once(|| Some(())), AtOnce::Done(()))
        }
        let mut cx = Context::from_waker(Waker::noop());
        assert!((0..10_000).all(|_| done()), "unlimited outside a task");
        refilled(|| {
            let declined = at_once(|| None::<()>);
            assert!(matches!(declined, AtOnce::Declined));
            assert!((0..BUDGET).all(|_| done()), "what was declined is free");
            assert!(matches!(at_once(|| Some(())), AtOnce::Spent));
            let mut renewed = pin!(renewed());
            assert!(renewed.as_mut().poll(&mut cx).is_pending());
            // As a foreign executor polls, which refills nothing.
            assert!(renewed.as_mut().poll(&mut cx).is_ready());
            assert!(done(), "each yield is good for one");
            assert!(!done());
        });
    }

    #[test]
    fn spent_then_one_unit_a_forced_yield() {
        let mut cx = Context::from_waker(Waker::noop());
        refilled(|| {
            assert!((0..BUDGET).all(|_| ready(&mut cx)));
            assert!(is_spent());
            assert!(!ready(&mut cx), "the budget is spent");
            assert!(ready(&mut cx), "a forced yield refills one unit");
            assert!(!ready(&mut cx));
        });
        assert!(ready(&mut cx));
    }

    #[test]
    fn pending_costs_nothing() {
        let mut cx = Context::from_waker(Waker::noop());
        refilled(|| {
            for _ in 0..BUDGET * 2 {
                assert!(poll(&mut cx, |_| Poll::<()>::Pending).is_pending());
            }
            assert!(!is_spent());
        });
    }
}
