//! The lock-free protocols, each way that its steps can interleave.
//!
//! Run with `RUSTFLAGS="--cfg anyrt_loom" cargo test --release -p anyrt-native --test loom`; in any
//! other build there is nothing here. The models compile the protocols' own files.
#![cfg(anyrt_loom)]
#![allow(dead_code, unused_imports, unreachable_pub)] // the files hold more than the models use

#[path = "../src/executor/idle.rs"]
mod idle;
#[path = "../src/reactor/readiness.rs"]
mod readiness;
#[path = "../src/task/state.rs"]
mod state;
#[path = "../src/sync.rs"]
mod sync;

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use loom::{
    cell::Cell,
    model::Builder,
    sync::{Arc, Mutex, Notify, atomic::AtomicUsize},
    thread,
};

use self::idle::Idle;
use self::readiness::Readiness;
use self::state::{Leave, Pause, Start, State};

/// Explores `model` with as many preemptions as make a difference in practice.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Two workers that find their tasks in one queue, as `executor/worker.rs` goes about it.
struct Workers {
    idle: Idle,
    n_queued: AtomicUsize,
    n_left: AtomicUsize,
    parkers: [Notify; 2],
}

impl Workers {
    fn new(n_tasks: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Idle::new(2),
            n_queued: AtomicUsize::new(0),
            n_left: AtomicUsize::new(n_tasks),
            parkers: [Notify::new(), Notify::new()],
        })
    }

    fn push(&self) {
        self.n_queued.fetch_add(1, Release);
        self.notify();
    }

    fn notify(&self) {
        if let Some(worker) = self.idle.pick(|_| false) {
            self.parkers[worker].notify();
        }
    }

    fn take(&self) -> bool {
        let taken = self
            .n_queued
            .fetch_update(Acquire, Acquire, |n| n.checked_sub(1));
        taken.is_ok()
    }

    /// Something was found.
    fn share(&self, token: &mut bool) {
        if std::mem::take(token) {
            self.idle.found();
        }
        if self.n_queued.load(Acquire) > 0 {
            self.notify();
        }
    }

    /// Until the last task has run: who runs it wakes the other.
    fn work(&self, index: usize) {
        let mut token = false;
        while self.n_left.load(Acquire) > 0 {
            token = token || self.idle.try_search();
            if token && self.take() {
                self.share(&mut token);
                self.run();
                continue;
            }
            self.idle.park(index, std::mem::take(&mut token));
            if self.take() {
                token = self.idle.unpark(index);
                self.share(&mut token);
                self.run();
                continue;
            }
            if self.n_left.load(Acquire) > 0 {
                self.parkers[index].wait();
            }
            token = self.idle.unpark(index);
        }
    }

    fn run(&self) {
        if self.n_left.fetch_sub(1, AcqRel) == 1 {
            self.parkers.iter().for_each(Notify::notify);
        }
    }
}

/// A task that nobody runs leaves all threads asleep, which loom reports.
#[test]
fn no_task_waits_while_a_worker_sleeps() {
    explore(2, || {
        let workers = Workers::new(2);
        let threads = [0, 1].map(|index| {
            let workers = workers.clone();
            thread::spawn(move || workers.work(index))
        });
        workers.push();
        workers.push();
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("it ends"));
    });
}

/// One direction of a socket: `bytes` is the kernel's buffer.
struct Side {
    readiness: Readiness,
    waiting: Mutex<bool>,
    woken: Notify,
    bytes: AtomicUsize,
}

impl Side {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            readiness: Readiness::new(),
            waiting: Mutex::new(false),
            woken: Notify::new(),
            bytes: AtomicUsize::new(0),
        })
    }

    /// A byte comes, and the driver dispatches its event.
    fn event(&self) {
        self.bytes.fetch_add(1, SeqCst);
        self.readiness.set(false);
        let waits = std::mem::take(&mut *self.waiting.lock().expect("no panic"));
        if waits {
            self.woken.notify();
        }
    }

    /// Reads all there is, or waits: `Source::poll_io` and the task around it.
    fn read(&self, drains: bool) -> usize {
        loop {
            let seen = self.readiness.seen();
            if seen.is_ready() {
                match self.bytes.swap(0, SeqCst) {
                    0 => self.readiness.clear_would_block(seen),
                    n => {
                        if drains {
                            self.readiness.clear_drained(seen);
                        }
                        return n;
                    }
                }
            }
            *self.waiting.lock().expect("no panic") = true;
            if !self.readiness.seen().is_ready() {
                self.woken.wait();
            }
        }
    }
}

/// An event that is lost leaves the reader asleep, which loom reports.
#[test]
fn no_event_is_lost_to_a_reader() {
    for drains in [false, true] {
        explore(3, move || {
            let side = Side::new();
            let driver = {
                let side = side.clone();
                thread::spawn(move || {
                    side.event();
                    side.event();
                })
            };
            let mut n_read = 0;
            while n_read < 2 {
                n_read += side.read(drains);
            }
            driver.join().expect("it ends");
        });
    }
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
    n_queued: AtomicUsize,
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
                match self.state.pause() {
                    Pause::Idle { last } => self.free_if(last),
                    Pause::Again => self.enqueue(),
                    Pause::Cancel => self.end(),
                }
            }
        }
        true
    }

    fn end(&self) {
        self.stage.set(usize::MAX);
        let complete = self.state.complete();
        if complete.joiner {
            assert!(self.joiner.replace(false), "there is a waker to be woken");
            self.n_woken.fetch_add(1, Relaxed);
        }
        if !complete.joinable {
            self.take_output();
        }
        self.release();
    }

    /// A poll of the handle: `Header::poll_complete`. True once the task is complete.
    fn poll_join(&self) -> bool {
        if self.state.is_complete() {
            return true;
        }
        self.withdraw();
        if self.state.is_complete() {
            return true;
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
            self.stage.set(0);
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
        // What the registry holds.
        task.state.retain();
        let (other, ender) = (task.clone(), task.clone());
        let other = thread::spawn(move || {
            other.wake();
            other.run();
            if other.state.abort() {
                other.state.retain();
                other.enqueue();
            }
        });
        let ender = thread::spawn(move || {
            if ender.state.claim() {
                ender.end();
            } else {
                ender.release();
            }
        });
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
