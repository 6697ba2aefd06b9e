//! A task, its wakers and its handle: `task/state.rs`.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use loom::{
    cell::Cell,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    thread,
};

use crate::{
    explore,
    state::{Complete, Leave, Pause, Start, State},
    sync::lock,
};

/// What the runtime keeps of the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Not,
    Kept,
    /// The runtime has ended and keeps nothing more.
    Closed,
}

/// A task's word, what it guards, and a queue of at most one entry a wake.
struct Task {
    state: State,
    /// What a poll reads: the number of wakes that it has seen.
    stage: Cell<usize>,
    /// The place of the joiner's waker: true while there is one.
    joiner: Cell<bool>,
    n_woken: AtomicUsize,
    news: AtomicUsize,
    /// A new task is in the queue.
    n_queued: AtomicUsize,
    registry: Mutex<Kept>,
    n_freed: AtomicUsize,
}

impl Task {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: State::new(),
            stage: Cell::new(0),
            joiner: Cell::new(false),
            n_woken: AtomicUsize::new(0),
            news: AtomicUsize::new(0),
            n_queued: AtomicUsize::new(1),
            registry: Mutex::new(Kept::Not),
            n_freed: AtomicUsize::new(0),
        })
    }

    fn enqueue(&self) {
        self.n_queued.fetch_add(1, Release);
    }

    fn wake(&self) {
        self.news.fetch_add(1, Relaxed);
        if self.state.wake() {
            self.state.retain();
            self.enqueue();
        }
    }

    /// Takes an entry from the queue and runs the task. False if there was none.
    fn run(&self) -> bool {
        let taken = self
            .n_queued
            .fetch_update(Acquire, Acquire, |n| n.checked_sub(1));
        if taken.is_err() {
            return false;
        }
        match self.state.start() {
            Start::Stale => self.release(),
            Start::Cancel => self.end(),
            Start::Poll => {
                let news = self.news.load(Relaxed);
                // loom reports two threads that are here at once.
                self.stage.set(news);
                self.pause();
            }
        }
        true
    }

    /// After a pending poll: `Cell::pause`.
    fn pause(&self) {
        if !self.state.is_scheduled() && !self.keep() {
            return self.end();
        }
        match self.state.pause() {
            Pause::Idle { last } => self.free_if(last),
            Pause::Again => self.enqueue(),
            Pause::Cancel => self.end(),
        }
    }

    /// A task that is going to be idle for the first time is kept, unless the runtime has ended.
    fn keep(&self) -> bool {
        let mut registry = lock(&self.registry);
        if *registry == Kept::Not {
            self.state.retain_to_keep();
            *registry = Kept::Kept;
        }
        *registry == Kept::Kept
    }

    /// The end of the runtime: what it keeps, it claims.
    fn close(&self) {
        let mut registry = lock(&self.registry);
        let kept = std::mem::replace(&mut *registry, Kept::Closed);
        drop(registry);
        if kept == Kept::Kept {
            self.cancel();
        }
    }

    /// `Cell::cancel`, which takes a reference.
    fn cancel(&self) {
        if self.state.claim() {
            self.end();
        } else {
            self.release();
        }
    }

    fn end(&self) {
        self.stage.set(usize::MAX);
        let mut registry = lock(&self.registry);
        if *registry == Kept::Kept {
            *registry = Kept::Not;
            self.release();
        }
        drop(registry);
        if self.state.is_sole() {
            self.take_output();
            return self.free_if(true);
        }
        match self.state.complete() {
            Complete::Left => return,
            Complete::Joiner => {
                assert!(self.joiner.replace(false), "there is a waker to be woken");
                self.n_woken.fetch_add(1, Relaxed);
            }
            Complete::Output => self.take_output(),
        }
        self.release();
    }

    /// A poll of the handle: `Header::poll_complete`. True once the task is complete.
    fn poll_join(&self) -> bool {
        if self.state.is_complete() {
            return true;
        }
        if self.state.has_joiner() {
            if !self.state.withdraw_joiner() {
                return true;
            }
            assert!(self.joiner.replace(false), "it is the handle's again");
        }
        assert!(!self.joiner.replace(true), "the place is free");
        if self.state.offer_joiner() {
            return false;
        }
        assert!(self.joiner.replace(false), "nobody else has taken it");
        true
    }

    fn withdraw(&self) {
        if self.state.has_joiner() && self.state.withdraw_joiner() {
            assert!(self.joiner.replace(false), "it is the handle's again");
        }
    }

    /// The drop of the handle.
    fn leave(&self) {
        self.withdraw();
        match self.state.leave() {
            Leave::Left { last } => self.free_if(last),
            Leave::Output => {
                self.take_output();
                self.release();
            }
        }
    }

    fn take_output(&self) {
        assert_eq!(self.stage.replace(0), usize::MAX, "taken once");
    }

    fn release(&self) {
        let last = self.state.release();
        self.free_if(last);
    }

    fn free_if(&self, last: bool) {
        if last {
            assert_eq!(self.n_freed.fetch_add(1, Relaxed), 0, "freed once");
            // Whoever uses it still, races with this.
            assert_ne!(
                self.stage.replace(0),
                usize::MAX,
                "no output is left behind"
            );
            assert!(!self.joiner.get(), "no waker is left behind");
        }
    }
}

#[test]
fn a_wake_is_followed_by_a_poll_that_sees_what_it_was_about() {
    explore(3, || {
        let task = Task::new();
        let (waker, runner) = (task.clone(), task.clone());
        let waker = thread::spawn(move || {
            waker.wake();
            waker.wake();
        });
        let runner = thread::spawn(move || runner.run());
        task.run();
        waker.join().expect("it ends");
        runner.join().expect("it ends");
        while task.run() {}
        assert_eq!(task.stage.get(), 2);
        assert_eq!(task.n_freed.load(Relaxed), 0, "the handle is there");
    });
}

#[test]
fn an_abort_ends_the_task_once_beside_wakes_runs_and_the_end_of_the_runtime() {
    explore(3, || {
        let task = Task::new();
        // It has been idle before.
        task.run();
        let (other, ender) = (task.clone(), task.clone());
        let other = thread::spawn(move || {
            other.wake();
            other.run();
            if other.state.abort() {
                other.state.retain();
                other.enqueue();
            }
        });
        let ender = thread::spawn(move || ender.close());
        task.run();
        other.join().expect("it ends");
        ender.join().expect("it ends");
        while task.run() {}
        assert!(task.state.is_complete());
        assert_eq!(task.stage.get(), usize::MAX);
        assert_eq!(task.n_freed.load(Relaxed), 0, "the handle is there");
        task.leave();
        assert_eq!(task.n_freed.load(Relaxed), 1);
    });
}

/// The end of the runtime does not schedule the task: whoever polls it has to see it by itself.
#[test]
fn the_end_of_the_runtime_ends_a_task_that_is_being_polled() {
    explore(4, || {
        let task = Task::new();
        // Its first poll, which may be beside the end, and another.
        let ender = task.clone();
        let ender = thread::spawn(move || ender.close());
        task.run();
        task.wake();
        task.run();
        ender.join().expect("it ends");
        assert!(task.state.is_complete());
        task.leave();
        assert_eq!(task.n_freed.load(Relaxed), 1);
    });
}

/// The handle is polled, polled again and dropped while the task completes on another thread.
#[test]
fn a_joiner_is_woken_once_or_told_at_once() {
    explore(3, || {
        let task = Task::new();
        // Its first run completes it.
        task.state.abort();
        let runner = task.clone();
        let runner = thread::spawn(move || runner.run());
        let mut told = task.poll_join();
        if !told {
            told = task.poll_join();
        }
        let mut ran = Some(runner);
        if !told {
            ran.take().map(|runner| runner.join().expect("it ends"));
            assert_eq!(task.n_woken.load(Relaxed), 1, "a waiting joiner is woken");
        }
        task.leave();
        ran.map(|runner| runner.join().expect("it ends"));
        assert!(task.n_woken.load(Relaxed) <= 1);
        assert_eq!(task.n_freed.load(Relaxed), 1);
    });
}

/// A handle that is dropped beside the completion: the output goes once, the memory goes once.
#[test]
fn a_detached_task_is_freed_once() {
    explore(3, || {
        let task = Task::new();
        task.state.abort();
        let (runner, waker) = (task.clone(), task.clone());
        // A waker that outlives the task.
        task.state.retain();
        let runner = thread::spawn(move || runner.run());
        let waker = thread::spawn(move || {
            waker.wake();
            waker.release();
        });
        task.poll_join();
        task.leave();
        runner.join().expect("it ends");
        waker.join().expect("it ends");
        while task.run() {}
        assert_eq!(task.n_freed.load(Relaxed), 1);
    });
}
