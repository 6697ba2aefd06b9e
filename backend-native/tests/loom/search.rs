//! Workers that search, sleep and are woken: `executor/idle.rs`.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use loom::{
    sync::{Arc, Notify, atomic::AtomicUsize},
    thread,
};

use crate::{explore, idle::Idle};

/// Two workers that find their tasks in one queue, as `executor/worker.rs` goes about it.
struct Workers {
    idle: Idle,
    n_queued: AtomicUsize,
    n_left: AtomicUsize,
    /// A task runs until all have run: it holds its worker.
    holds: bool,
    parkers: [Notify; 2],
    held: [Notify; 2],
}

impl Workers {
    fn new(n_tasks: usize, holds: bool) -> Arc<Self> {
        Arc::new(Self {
            idle: Idle::new(2),
            n_queued: AtomicUsize::new(0),
            n_left: AtomicUsize::new(n_tasks),
            holds,
            parkers: [Notify::new(), Notify::new()],
            held: [Notify::new(), Notify::new()],
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
                self.run(index);
                continue;
            }
            self.idle.park(index, std::mem::take(&mut token));
            if self.take() {
                token = self.idle.unpark(index);
                self.share(&mut token);
                self.run(index);
                continue;
            }
            if self.n_left.load(Acquire) > 0 {
                self.parkers[index].wait();
            }
            token = self.idle.unpark(index);
        }
    }

    /// A spare that has found nothing and looks for the last time.
    fn go(&self, index: usize) {
        self.idle.park(index, false);
        let found = self.take();
        let mut token = self.idle.unpark(index);
        if found || token {
            self.share(&mut token);
        }
        if found {
            self.run(index);
        }
    }

    fn run(&self, index: usize) {
        if self.n_left.fetch_sub(1, AcqRel) == 1 {
            let all = self.parkers.iter().chain(&self.held);
            all.for_each(Notify::notify);
        }
        while self.holds && self.n_left.load(Acquire) > 0 {
            self.held[index].wait();
        }
    }
}

/// A task that nobody runs leaves all threads asleep, which loom reports.
fn all_run(holds: bool) {
    explore(2, move || {
        let workers = Workers::new(2, holds);
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

#[test]
fn no_task_waits_while_a_worker_sleeps() {
    all_run(false);
}

/// Two tasks, each of which holds its worker until the other one has run as well.
#[test]
fn no_task_waits_for_the_one_before_while_a_worker_sleeps() {
    all_run(true);
}

/// A push beside the only worker that was parked and wakes by itself: whoever has the token then,
/// knows it and gives it back.
#[test]
fn the_token_is_taken_for_somebody_or_not_at_all() {
    explore(4, || {
        let workers = Workers::new(1, false);
        workers.idle.park(0, false);
        let waking = workers.clone();
        let waking = thread::spawn(move || {
            if waking.idle.unpark(0) {
                waking.idle.found();
            }
        });
        workers.push();
        waking.join().expect("it ends");
        assert!(workers.idle.try_search(), "nobody has the token");
    });
}

/// A spare worker that finds nothing and may go, as `Core::is_spared` has it, beside a push: the
/// worker that stays runs the task.
#[test]
fn a_spare_that_goes_passes_on_what_it_was_picked_for() {
    explore(3, || {
        let workers = Workers::new(1, false);
        let (staying, spare) = (workers.clone(), workers.clone());
        let staying = thread::spawn(move || staying.work(0));
        let spare = thread::spawn(move || spare.go(1));
        workers.push();
        staying.join().expect("it ends");
        spare.join().expect("it ends");
    });
}
