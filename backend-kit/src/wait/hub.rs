//! Any number of waiters over a poll that keeps one waker: [`Waiters`].
//!
//! ```text
//!   task A --\                                    /-- poll keeps ONE waker: the hub's
//!   task B ---+-- Waiters { list of A, B, C } ---+
//!   task C --/           ^                        \-- event: wakes the hub
//!                        +--- the hub wakes A, B, C, outside every lock
//! ```
//!
//! The runtime below sees the hub's waker and no other: it never displaces a task that waits, a
//! user's waker is never cloned, woken or dropped under one of its locks, a panic of one reaches
//! neither its driver nor another waiter, and a wait that is cancelled gives up its waker at once.
//! A poll that is ready costs one atomic load; one that waits, a short lock.
//!
//! Knows no runtime. The adapter backends have one a direction in each of their sockets.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use anyrt_api::io::Wait;

use super::{Roll, WaitList};
use crate::lock::Lock;

/// The waiters of one direction of one object.
#[derive(Default)]
pub struct Waiters {
    // One allocation, made when the object is polled first.
    hub: OnceLock<(Arc<Hub>, Waker)>,
    roll: Option<Arc<Roll>>,
    /// Its number in the roll, once it has a hub.
    number: OnceLock<u64>,
}

impl Waiters {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Waiters {
            hub: OnceLock::new(),
            roll: None,
            number: OnceLock::new(),
        }
    }

    /// Nobody waits; whoever will is reached by the roll.
    #[must_use]
    pub fn on(roll: &Arc<Roll>) -> Self {
        let mut waiters = Waiters::new();
        waiters.roll = Some(Arc::clone(roll));
        waiters
    }

    /// Polls `operation` with a waker that reaches everybody who waits here. If it answers
    /// `Pending`, the task of `cx` waits under `wait`.
    pub fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        operation: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let (hub, waker) = self.hub.get_or_init(|| {
            let hub = Arc::new(Hub::default());
            if let Some(roll) = &self.roll {
                let _ = self.number.set(roll.enter(&hub));
            }
            (Arc::clone(&hub), Waker::from(hub))
        });
        // Acquire: the count is read before the operation looks at the object.
        let seen = hub.n_fired.load(Ordering::Acquire);
        let answer = operation(&mut Context::from_waker(waker));
        if answer.is_ready() {
            hub.leave(wait);
        } else if !hub.enter(cx, wait, seen) {
            // The event came between the poll and the entry.
            cx.waker().wake_by_ref();
        }
        answer
    }

    /// Takes a waiter out; its waker is dropped at once.
    pub fn cancel(&self, wait: &mut Wait) {
        if let Some((hub, _)) = self.hub.get() {
            hub.leave(wait);
        }
    }

    /// Wakes everybody who waits: something other than the runtime's event happened.
    pub fn wake_all(&self) {
        if let Some((hub, _)) = self.hub.get() {
            hub.wake_by_ref();
        }
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        if let (Some(roll), Some(number)) = (&self.roll, self.number.get()) {
            roll.leave(*number);
        }
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hub.get() {
            Some((hub, _)) => hub.list.lock().fmt(f),
            None => WaitList::new().fmt(f),
        }
    }
}

/// Where the runtime's event arrives.
#[derive(Default)]
pub(super) struct Hub {
    list: Lock<WaitList>,
    /// Counts the events, so that one that arrives while a poll is under way is not lost to it.
    /// Written under the lock of `list`.
    n_fired: AtomicUsize,
}

impl Hub {
    /// Enters a waiter; false if an event arrived since `seen`, which may have been the one that it
    /// would wait for.
    fn enter(&self, cx: &Context<'_>, wait: &mut Wait, seen: usize) -> bool {
        let has = self.list.lock().has(wait, cx.waker());
        if has {
            return true;
        }
        let waker = cx.waker().clone();
        let mut list = self.list.lock();
        if self.n_fired.load(Ordering::Relaxed) != seen {
            drop(list);
            return false;
        }
        let displaced = list.enter(wait, waker);
        drop(list);
        displaced.settle();
        true
    }

    fn leave(&self, wait: &mut Wait) {
        if wait.key().is_some() {
            let left = self.list.lock().leave(wait);
            drop(left);
        }
    }
}

impl Wake for Hub {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut list = self.list.lock();
        // Release: pairs with the Acquire in `Waiters::poll`.
        self.n_fired.fetch_add(1, Ordering::Release);
        let woken = list.take();
        drop(list);
        woken.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source as tokio and async-io have it: one waker, the last one.
    #[derive(Default)]
    struct Source {
        waker: Option<Waker>,
        n_ready: usize,
    }

    impl Source {
        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            if self.n_ready > 0 {
                self.n_ready -= 1;
                return Poll::Ready(());
            }
            self.waker = Some(cx.waker().clone());
            Poll::Pending
        }

        fn event(&mut self, n_ready: usize) {
            self.n_ready += n_ready;
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
    }

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Task {
        fn n_wakes(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn task() -> (Arc<Task>, Waker) {
        let task = Arc::new(Task::default());
        (Arc::clone(&task), Waker::from(task))
    }

    fn poll(waiters: &Waiters, source: &mut Source, waker: &Waker, wait: &mut Wait) -> Poll<()> {
        waiters.poll(&mut Context::from_waker(waker), wait, |cx| source.poll(cx))
    }

    #[test]
    fn every_waiter_is_woken() {
        let (waiters, mut source) = (Waiters::new(), Source::default());
        let mut tasks: Vec<_> = (0..4).map(|_| (task(), Wait::new())).collect();
        for ((_, waker), wait) in &mut tasks {
            assert!(poll(&waiters, &mut source, waker, wait).is_pending());
        }
        source.event(4);
        for ((task, waker), wait) in &mut tasks {
            assert_eq!(task.n_wakes(), 1);
            assert!(poll(&waiters, &mut source, waker, wait).is_ready());
            assert!(wait.key().is_none());
        }
    }

    #[test]
    fn the_latest_waker_wins_and_the_stale_one_is_released() {
        let (waiters, mut source) = (Waiters::new(), Source::default());
        let ((stale, first), (fresh, second)) = (task(), task());
        let mut wait = Wait::new();
        assert!(poll(&waiters, &mut source, &first, &mut wait).is_pending());
        drop(first);
        assert!(poll(&waiters, &mut source, &second, &mut wait).is_pending());
        assert_eq!(Arc::strong_count(&stale), 1);
        source.event(1);
        assert_eq!((stale.n_wakes(), fresh.n_wakes()), (0, 1));
    }

    #[test]
    fn a_cancelled_waiter_gives_up_its_waker_and_is_not_woken() {
        let (waiters, mut source) = (Waiters::new(), Source::default());
        let ((gone, one), (stays, other)) = (task(), task());
        let (mut wait, mut keeps) = (Wait::new(), Wait::new());
        assert!(poll(&waiters, &mut source, &one, &mut wait).is_pending());
        assert!(poll(&waiters, &mut source, &other, &mut keeps).is_pending());
        drop(one);
        waiters.cancel(&mut wait);
        assert_eq!(Arc::strong_count(&gone), 1);
        assert!(wait.key().is_none());
        waiters.cancel(&mut wait);
        source.event(1);
        assert_eq!((gone.n_wakes(), stays.n_wakes()), (0, 1));
    }

    #[test]
    fn waiters_without_a_key_are_told_apart_by_their_wakers() {
        let (waiters, mut source) = (Waiters::new(), Source::default());
        let ((a, one), (b, other)) = (task(), task());
        for waker in [&one, &other, &one] {
            assert!(poll(&waiters, &mut source, waker, &mut Wait::by_waker()).is_pending());
        }
        source.event(1);
        assert_eq!((a.n_wakes(), b.n_wakes()), (1, 1));
    }

    #[test]
    fn an_event_during_the_poll_is_not_lost() {
        let waiters = Waiters::new();
        let (task, waker) = task();
        let mut wait = Wait::new();
        let mut cx = Context::from_waker(&waker);
        let answer = waiters.poll(&mut cx, &mut wait, |cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert!(answer.is_pending());
        assert_eq!(task.n_wakes(), 1);
        assert!(wait.key().is_none());
    }

    #[test]
    fn a_panicking_waker_costs_nobody_else_the_wake() {
        struct Bad;
        impl Wake for Bad {
            fn wake(self: Arc<Self>) {
                panic!("a bad waker");
            }
        }
        let (waiters, mut source) = (Waiters::new(), Source::default());
        let bad = Waker::from(Arc::new(Bad));
        let (good, waker) = task();
        let (mut first, mut second) = (Wait::new(), Wait::new());
        assert!(poll(&waiters, &mut source, &bad, &mut first).is_pending());
        assert!(poll(&waiters, &mut source, &waker, &mut second).is_pending());
        source.event(1);
        assert_eq!(good.n_wakes(), 1);
    }

    #[test]
    fn a_roll_reaches_all_that_are_there() {
        let roll = Arc::new(Roll::new());
        let (waiters, gone) = (Waiters::on(&roll), Waiters::on(&roll));
        let (mut source, mut other) = (Source::default(), Source::default());
        let (task, waker) = task();
        let (mut wait, mut lost) = (Wait::new(), Wait::new());
        assert!(poll(&waiters, &mut source, &waker, &mut wait).is_pending());
        assert!(poll(&gone, &mut other, &waker, &mut lost).is_pending());
        drop(gone);
        roll.wake_all();
        assert_eq!(task.n_wakes(), 1);
    }

    #[test]
    fn a_waker_whose_drop_comes_back_does_not_deadlock() {
        struct Back(Arc<Waiters>);
        impl Wake for Back {
            fn wake(self: Arc<Self>) {}
        }
        impl Drop for Back {
            fn drop(&mut self) {
                self.0.wake_all();
            }
        }
        let (waiters, mut source) = (Arc::new(Waiters::new()), Source::default());
        let waker = Waker::from(Arc::new(Back(Arc::clone(&waiters))));
        let mut wait = Wait::new();
        assert!(poll(&waiters, &mut source, &waker, &mut wait).is_pending());
        drop(waker);
        waiters.cancel(&mut wait);
    }
}
