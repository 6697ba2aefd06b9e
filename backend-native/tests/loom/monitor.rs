//! The monitor and the workers that wake: `executor/monitor/rest.rs`.

use std::time::Duration;

use loom::{
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    thread,
};

use crate::{explore, idle::Idle, rest::Rest};

/// The workers' places, and the monitor's.
struct Runtime {
    idle: Idle,
    rest: Rest,
}

impl Runtime {
    /// All workers are parked.
    fn at_rest(n_workers: usize) -> Arc<Self> {
        let idle = Idle::new(n_workers);
        (0..n_workers).for_each(|worker| idle.park(worker, false));
        let rest = Rest::new().expect("a model's bell");
        Arc::new(Self { idle, rest })
    }

    /// As `monitor::run`, until a worker is up: then the monitor would look at it every 2 ms.
    fn monitor(&self, n_workers: usize) {
        let is_at_rest = || self.idle.n_parked() == n_workers;
        while is_at_rest() {
            self.rest.until_called(is_at_rest);
        }
    }

    /// As `worker::sleep` ends: the worker is about to poll, and may be stuck in that for ever.
    fn wake(&self, worker: usize) {
        self.idle.unpark(worker);
        self.rest.worker_woke();
    }
}

/// A monitor that rests on beside a worker that runs leaves its thread asleep, which loom reports.
#[test]
fn a_worker_that_wakes_does_not_leave_the_monitor_at_rest() {
    explore(4, || {
        let runtime = Runtime::at_rest(1);
        let monitored = runtime.clone();
        let monitor = thread::spawn(move || monitored.monitor(1));
        runtime.wake(0);
        monitor.join().expect("it ends");
    });
}

/// A worker that wakes and sleeps again ends no rest but the one that it saw, and a call that comes
/// late, after the monitor has gone to rest anew, does not hide that one from others.
#[test]
fn a_late_call_does_not_hide_the_next_rest() {
    explore(3, || {
        let runtime = Runtime::at_rest(2);
        let (monitored, other) = (runtime.clone(), runtime.clone());
        let monitor = thread::spawn(move || monitored.monitor(2));
        let other = thread::spawn(move || {
            other.wake(1);
            other.idle.park(1, false);
        });
        runtime.wake(0);
        other.join().expect("it ends");
        monitor.join().expect("it ends");
    });
}

/// The end of the runtime reaches the monitor wherever it is: before it sleeps by the word, and
/// else by the bell.
#[test]
fn a_call_ends_the_rest_or_the_next() {
    explore(4, || {
        let runtime = Runtime::at_rest(1);
        let closed = Arc::new(AtomicBool::new(false));
        let (monitored, ended) = (runtime.clone(), closed.clone());
        let monitor = thread::spawn(move || {
            // As `is_at_rest` in `monitor::run`.
            monitored.rest.until_called(|| !ended.load(Acquire));
        });
        // As `Shared::close`.
        closed.store(true, Release);
        runtime.rest.call(Duration::ZERO);
        monitor.join().expect("it ends");
    });
}
