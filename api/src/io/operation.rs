//! One operation on an object, as a future: [`operation`].
//!
//! It carries its own place in the object's list of waiters and leaves it when it is dropped, so
//! that any number of tasks may use one object through `&self`. Every inherent method of the
//! std-shaped types that waits is made of it. Knows nothing of sockets or files.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Direction, RawObject, Wait};
use crate::budget;

/// Polls `op` until it is ready, each time charged to the task's budget.
///
/// # Cancel safety
///
/// That of `op`; the waiter is taken out of the list at once.
#[inline]
pub(crate) fn operation<'a, O, T, F>(
    object: &'a O,
    direction: Direction,
    mut op: F,
) -> Operation<'a, O, impl FnMut(&O, &mut Context<'_>, &mut Wait) -> Poll<T> + Unpin>
where
    O: RawObject,
    F: FnMut(&O, &mut Context<'_>, &mut Wait) -> Poll<T> + Unpin,
{
    waiting(object, direction, move |object, cx, wait| {
        budget::poll(cx, |cx| op(object, cx, wait))
    })
}

/// As [`operation`], for an `op` that charges what it does by itself.
#[inline]
pub(crate) fn waiting<'a, O, T, F>(
    object: &'a O,
    direction: Direction,
    op: F,
) -> Operation<'a, O, F>
where
    O: RawObject,
    F: FnMut(&O, &mut Context<'_>, &mut Wait) -> Poll<T> + Unpin,
{
    Operation {
        object,
        direction,
        wait: Wait::new(),
        op,
    }
}

/// The future of [`operation`].
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Operation<'a, O: RawObject, F> {
    object: &'a O,
    direction: Direction,
    wait: Wait,
    op: F,
}

impl<O, T, F> Future for Operation<'_, O, F>
where
    O: RawObject,
    F: FnMut(&O, &mut Context<'_>, &mut Wait) -> Poll<T> + Unpin,
{
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Operation {
            object, wait, op, ..
        } = &mut *self;
        op(object, cx, wait)
    }
}

impl<O: RawObject, F> Drop for Operation<'_, O, F> {
    #[inline]
    fn drop(&mut self) {
        leave(self.object, self.direction, &mut self.wait);
    }
}

/// Takes a waiter out of the list if it is in one; costs nothing if it is not.
#[inline]
pub(crate) fn leave<O: RawObject>(object: &O, direction: Direction, wait: &mut Wait) {
    if wait.key().is_some() {
        object.cancel_wait(direction, wait);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;

    use super::*;

    /// Counts the waiters in its list; its one operation is ready once `open` is not zero.
    #[derive(Debug, Default)]
    struct Gate {
        open: AtomicUsize,
        n_waiting: AtomicUsize,
    }

    impl Gate {
        fn poll_pass(&self, wait: &mut Wait) -> Poll<usize> {
            let open = self.open.load(Ordering::Relaxed);
            if open > 0 {
                return Poll::Ready(open);
            }
            if wait.key().is_none() {
                self.n_waiting.fetch_add(1, Ordering::Relaxed);
                wait.set_key(NonZeroU32::new(7));
            }
            Poll::Pending
        }

        fn n_waiting(&self) -> usize {
            self.n_waiting.load(Ordering::Relaxed)
        }
    }

    impl RawObject for Gate {
        fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
            assert_eq!(direction, Direction::Read);
            assert_eq!(wait.key(), NonZeroU32::new(7), "only its own waiter leaves");
            self.n_waiting.fetch_sub(1, Ordering::Relaxed);
            wait.set_key(None);
        }
    }

    fn pass(gate: &Gate) -> impl Future<Output = usize> {
        operation(gate, Direction::Read, |gate: &Gate, _, wait| {
            gate.poll_pass(wait)
        })
    }

    #[test]
    fn each_operation_has_one_place_and_leaves_it_on_drop() {
        let gate = Gate::default();
        let mut cx = Context::from_waker(Waker::noop());
        let mut first = Box::pin(pass(&gate));
        let mut second = Box::pin(pass(&gate));
        for _ in 0..3 {
            assert!(first.as_mut().poll(&mut cx).is_pending());
            assert!(second.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(gate.n_waiting(), 2);
        drop(first);
        assert_eq!(gate.n_waiting(), 1);

        gate.open.store(5, Ordering::Relaxed);
        assert_eq!(second.as_mut().poll(&mut cx), Poll::Ready(5));
        drop(second);
        assert_eq!(
            gate.n_waiting(),
            0,
            "a waiter that was not woken leaves too"
        );
    }

    #[test]
    fn an_operation_is_charged_to_the_budget() {
        let gate = Gate::default();
        gate.open.store(1, Ordering::Relaxed);
        let mut cx = Context::from_waker(Waker::noop());
        budget::refilled(|| {
            for _ in 0..budget::BUDGET {
                assert!(pin!(pass(&gate)).poll(&mut cx).is_ready());
            }
            assert!(pin!(pass(&gate)).poll(&mut cx).is_pending());
        });
        assert_eq!(gate.n_waiting(), 0, "a forced yield waits for nothing");
    }
}
