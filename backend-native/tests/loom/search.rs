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
