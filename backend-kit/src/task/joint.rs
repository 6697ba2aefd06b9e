//! Where an outcome waits for whoever joins: a cell with two ends, [`Giver`] and [`Joint`], and
//! [`Live`], a task's future that ends in one.
//!
//! ```text
//!   live(future) -- Live, for the scheduler: polled, or dropped to cancel
//!        |            \-- Giver --\
//!        |                         [ cell ]   outcome one way, the joiner's waker the other
//!        \------------- Joint ----/
//! ```
//!
//! For a runtime that has no join handle of its own: its backend writes a scheduler, and its handle
//! is a `Joint` and a way to abort. A blocking closure has a [`joint`] too, whose giver goes with
//! the [`Call`](super::Call). Knows nothing of how a task is scheduled or aborted.
//!
//! What the contract asks of the two ends:
//!
//! - `L016` The outcome is there once, and a wait that is given up takes nothing along.
//! - `L017`, `L022` It is there when the future has been dropped, and not before.
//! - `L020`, `L021` Panics of destructors go where [`Catch`] and [`Outcome`] send them.
//! - `L009` A joint that is dropped releases its waker at once.
//! - `L011` A waker that panics is no affair of the thread that gives.
//!
//! Each costs one allocation and a short lock; no user code runs under it.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use anyrt_api::task::JoinError;
use pin_project_lite::pin_project;

use super::{Catch, Name, Outcome};
use crate::lock::Lock;
use crate::wait;

/// The two ends of a new outcome: of a task of this name, for the error of one that is cancelled.
pub fn joint<T>(name: Name) -> (Giver<T>, Joint<T>) {
    let cell = Arc::new(Lock::new(Cell::Awaited(None)));
    let joint = Joint {
        cell: Arc::clone(&cell),
    };
    let cell = Some(cell);
    (Giver { cell, name }, joint)
}

/// A task's whole life, and the joint of its outcome.
///
/// A backend wraps the first in [`current::Root`](anyrt_api::current::Root), polls it until it is
/// ready, and cancels the task by dropping it.
pub fn live<F: Future>(future: F, name: Name) -> (Live<F>, Joint<F::Output>) {
    let (giver, joint) = joint(name.clone());
    let giver = Some(giver);
    let catch = Catch::new(future, name);
    (Live { catch, giver }, joint)
}

enum Cell<T> {
    Awaited(Option<Waker>),
    Given(Outcome<T>),
    /// Taken, or given up by the joint's drop.
    Over,
}

/// The end of an outcome at the task. Dropping it says that the task was cancelled.
#[must_use = "the task counts as cancelled unless an outcome is given"]
pub struct Giver<T> {
    cell: Option<Arc<Lock<Cell<T>>>>,
    name: Name,
}

impl<T> Giver<T> {
    /// Gives the outcome and wakes who waits for it. If the joint is gone, drops it.
    pub fn give(mut self, outcome: Outcome<T>) {
        self.put(outcome);
    }

    fn put(&mut self, outcome: Outcome<T>) {
        let Some(cell) = self.cell.take() else {
            return;
        };
        let mut state = cell.lock();
        if let Cell::Awaited(waiting) = &mut *state {
            let waiting = waiting.take();
            *state = Cell::Given(outcome);
            drop(state);
            waiting.into_iter().for_each(wait::wake);
        }
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        if self.cell.is_some() {
            let cancelled = JoinError::cancelled().of_task(self.name.take());
            self.put(Err(cancelled).into());
        }
    }
}

impl<T> fmt::Debug for Giver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Giver").field(&self.name).finish()
    }
}

/// The end of an outcome at the joiner: most of a [`RawJoin`](anyrt_api::task::RawJoin).
///
/// It resolves to the outcome. Dropping it detaches: the outcome is dropped, now or when it comes.
///
/// # Panics
///
/// When it is polled after it was ready.
#[must_use = "futures do nothing unless polled"]
pub struct Joint<T> {
    cell: Arc<Lock<Cell<T>>>,
}

impl<T> Joint<T> {
    /// True once the outcome was given.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(*self.cell.lock(), Cell::Awaited(_))
    }
}

impl<T> Future for Joint<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut state = self.cell.lock();
        if let Cell::Awaited(waiting) = &mut *state {
            let displaced = waiting.replace(waker);
            drop(state);
            drop(displaced);
            return Poll::Pending;
        }
        let given = mem::replace(&mut *state, Cell::Over);
        drop(state);
        match given {
            Cell::Given(outcome) => Poll::Ready(outcome.into_result()),
            _ => panic!("a join was polled after it gave its outcome"),
        }
    }
}

impl<T> Drop for Joint<T> {
    fn drop(&mut self) {
        let left = mem::replace(&mut *self.cell.lock(), Cell::Over);
        drop(left);
    }
}

impl<T> fmt::Debug for Joint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joint")
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

pin_project! {
    /// A task's whole life: its future runs and is dropped, then its outcome is given. Made by
    /// [`live`].
    ///
    /// Dropped half-way, it drops the future and then says that the task was cancelled.
    #[must_use = "futures do nothing unless polled"]
    pub struct Live<F: Future> {
        // The fields are dropped in this order (`L017`).
        #[pin]
        catch: Catch<F>,
        giver: Option<Giver<F::Output>>,
    }
}

impl<F: Future> Future for Live<F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let outcome = ready!(this.catch.poll(cx));
        let giver = this.giver.take();
        giver.expect("a task ends once").give(outcome);
        Poll::Ready(())
    }
}

impl<F: Future> fmt::Debug for Live<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.catch).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
        Pin::new(future).poll(&mut Context::from_waker(waker))
    }

    /// Runs a future that never waits to its end.
    fn ended<F: Future>(future: F) -> Joint<F::Output> {
        let (live, joint) = live(future, Some("named".into()));
        assert!(poll(&mut Box::pin(live), Waker::noop()).is_ready());
        joint
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }

    #[test]
    fn who_waits_last_is_woken_and_has_the_outcome() {
        let (giver, mut joint) = joint(None);
        let ((stale, first), (fresh, second)) = (count(), count());
        assert!(poll(&mut joint, &first).is_pending());
        drop(first);
        assert!(poll(&mut joint, &second).is_pending());
        assert_eq!(Arc::strong_count(&stale), 1, "the stale waker is released");
        assert!(!joint.is_finished());
        giver.give(Ok(7).into());
        assert!(joint.is_finished());
        assert_eq!(fresh.0.load(Ordering::Relaxed), 1);
        assert!(matches!(poll(&mut joint, &second), Poll::Ready(Ok(7))));
        let again = catch_unwind(AssertUnwindSafe(|| poll(&mut joint, &second)));
        assert!(again.is_err(), "it is there once");
        assert!(joint.is_finished());
    }

    #[test]
    fn a_joint_that_is_dropped_releases_its_waker_and_the_outcome() {
        let (giver, mut joint) = joint(None);
        let (task, waker) = count();
        assert!(poll(&mut joint, &waker).is_pending());
        drop(waker);
        drop(joint);
        assert_eq!(Arc::strong_count(&task), 1);
        let output = Arc::new(());
        giver.give(Ok(Arc::clone(&output)).into());
        assert_eq!(Arc::strong_count(&output), 1);
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_future_is_dropped_before_it_counts_as_ended() {
        type Seen = Arc<Mutex<Option<Joint<()>>>>;
        /// Looks at the joint when it is dropped.
        struct Look(Seen, Arc<AtomicUsize>);
        impl Drop for Look {
            fn drop(&mut self) {
                let joint = self.0.lock().expect("no test panics with it");
                let joint = joint.as_ref().expect("it is there before the poll");
                assert!(!joint.is_finished());
                self.1.fetch_add(1, Ordering::Relaxed);
            }
        }
        for polls in 0..3 {
            let (seen, n_looks) = (Seen::default(), Arc::default());
            let look = Look(seen.clone(), Arc::clone(&n_looks));
            let future = async move {
                let _look = look;
                if polls < 2 {
                    pending().await
                }
            };
            let (live, joint) = live(future, None);
            *seen.lock().expect("no test panics with it") = Some(joint);
            let mut live = Box::pin(live);
            let is_ended = (0..polls).any(|_| poll(&mut live, Waker::noop()).is_ready());
            assert_eq!(is_ended, polls == 2);
            drop(live);
            assert_eq!(n_looks.load(Ordering::Relaxed), 1);
            let joint = seen.lock().expect("no test panics with it").take();
            let result = poll(&mut joint.expect("it was not taken"), Waker::noop());
            let is_cancelled = matches!(result, Poll::Ready(Err(error)) if error.is_cancelled());
            assert_eq!(is_cancelled, polls < 2);
        }
    }

    #[test]
    fn the_error_has_the_tasks_name() {
        let (live, mut cancelled) = live(pending::<()>(), Some("named".into()));
        drop(live);
        let mut panicked = ended(async { panic!("oh") });
        for joint in [&mut cancelled, &mut panicked] {
            let Poll::Ready(Err(error)) = poll(joint, Waker::noop()) else {
                panic!("it gave no output");
            };
            assert!(error.to_string().contains("`named`"), "{error}");
        }
    }

    #[test]
    fn panics_of_destructors_stay_inside() {
        let (live, mut joint) = live(
            async {
                let _bomb = Bomb;
                pending::<()>().await;
            },
            None,
        );
        let mut live = Box::pin(live);
        assert!(poll(&mut live, Waker::noop()).is_pending());
        drop(live);
        assert!(poll(&mut joint, Waker::noop()).is_ready());

        drop(ended(ready(Bomb)));
        let (giver, joint) = super::joint(None);
        drop(joint);
        giver.give(Ok(Bomb).into());
    }

    #[test]
    fn a_waker_that_panics_does_not_reach_who_gives() {
        struct Bad;
        impl Wake for Bad {
            fn wake(self: Arc<Self>) {
                panic!("a bad waker");
            }
        }
        let (giver, mut joint) = joint(None);
        assert!(poll(&mut joint, &Waker::from(Arc::new(Bad))).is_pending());
        giver.give(Ok(7).into());
        assert!(joint.is_finished());
    }
}
