//! The monitor: a thread that looks whether a worker is stuck in a poll, and helps around it.
//!
//! A task that blocks or computes for long holds its worker, and with it what waits behind it: the
//! task in the worker's slot, the driver's seat if it was its, and, once all workers are held, all
//! else. The monitor sends a spare worker. It knows queues and workers by what they show, and runs
//! no task itself. The protocol, and why it loses no wake-up, is in `MONITOR.md`.

mod bell;
mod look;
mod rest;
mod waits;

use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub(super) use self::waits::Thread;
use self::{look::Looks, rest::Rest};
use super::{
    Shared,
    queue::{Local, Probe},
    worker,
};

/// So long a worker may be away from the driver's seat after a look that finds it left, with others
/// asleep beside it: then one of them is woken to sit there.
const LEFT_SEAT: Duration = Duration::from_micros(200);

/// What the monitor and the workers share.
#[derive(Debug)]
pub(super) struct Monitor {
    rest: Rest,
    bench: Mutex<Bench>,
    /// Times that a worker was found stuck.
    n_stuck: AtomicU64,
    /// Times that a spare was sent.
    n_sent: AtomicU64,
}

/// The spare workers.
#[derive(Debug)]
struct Bench {
    /// Those that are not needed: their stations and queues.
    waiting: Vec<(usize, Local)>,
    /// How many of the others there are.
    n_active: usize,
    /// How many of those may go.
    n_surplus: usize,
}

/// What the monitor's thread keeps from one look to the next.
struct Watch {
    looks: Looks,
    /// How often the driver's seat had been used at the last look.
    n_uses: usize,
    probe: Probe,
}

impl Monitor {
    /// A monitor with these spare workers.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(super) fn new(spares: Vec<(usize, Local)>) -> io::Result<Self> {
        Ok(Self {
            rest: Rest::new()?,
            bench: Mutex::new(Bench {
                waiting: spares,
                n_active: 0,
                n_surplus: 0,
            }),
            n_stuck: AtomicU64::new(0),
            n_sent: AtomicU64::new(0),
        })
    }

    /// A worker has woken: if the monitor rests, it soon does so no more. That costs a call of the
    /// system, which wakes no thread.
    #[inline]
    pub(super) fn worker_woke(&self) {
        self.rest.worker_woke();
    }

    /// Ends the monitor's sleep.
    pub(super) fn call(&self) {
        self.rest.call(Duration::ZERO);
    }

    /// Spare workers that stand in at this moment.
    pub(super) fn n_spares(&self) -> usize {
        lock(&self.bench).n_active
    }

    /// Times that a worker was found stuck.
    pub(super) fn n_stuck(&self) -> u64 {
        self.n_stuck.load(Relaxed)
    }

    /// Times that a spare was sent.
    pub(super) fn n_sent(&self) -> u64 {
        self.n_sent.load(Relaxed)
    }

    /// A spare that has nothing to do asks whether it may go. If so, its core goes to
    /// [`bench`](Self::bench) next.
    pub(super) fn may_go(&self) -> bool {
        let mut bench = lock(&self.bench);
        let may = bench.n_surplus > 0;
        if may {
            bench.n_surplus -= 1;
            bench.n_active -= 1;
        }
        may
    }

    /// Takes back what a spare worked with.
    pub(super) fn bench(&self, station: usize, local: Local) {
        lock(&self.bench).waiting.push((station, local));
    }
}

/// The body of the monitor's thread.
pub(super) fn run(shared: &Shared) {
    let monitor = &shared.monitor;
    let mut watch = Watch {
        looks: Looks::new(shared.stations.len()),
        n_uses: 0,
        probe: Probe::new(),
    };
    while !shared.is_closed() {
        watch.look(shared);
        let spent = watch.look_at_left_seat(shared);
        match watch.looks.period(is_at_rest(shared)) {
            Some(period) => monitor.rest.sleep(period - spent),
            None => {
                shared.rooms.clear();
                let is_at_rest = || is_at_rest(shared) && !shared.is_closed();
                monitor.rest.until_called(is_at_rest);
            }
        }
    }
}

/// Nothing runs, and somebody waits for events: the next thing that happens wakes a worker.
fn is_at_rest(shared: &Shared) -> bool {
    let n_workers = shared.n_workers + shared.monitor.n_spares();
    shared.idle.n_parked() >= n_workers && shared.driver.is_driven()
}

impl Watch {
    /// One look, and what it calls for.
    fn look(&mut self, shared: &Shared) {
        let (monitor, looks) = (&shared.monitor, &mut self.looks);
        let words = shared.stations.iter().map(|station| station.word());
        let stuck = looks.stuck(words);
        for &station in stuck {
            rescue(shared, station, &self.probe);
        }
        let n_stuck = stuck.len();
        monitor.n_stuck.store(looks.n_found(), Relaxed);
        shared.driver.look(&mut self.n_uses);
        let n_spares = monitor.n_spares();
        if n_stuck > n_spares {
            // If a worker sleeps, it is enough to wake it, which `rescue` or the pusher did.
            if shared.idle.n_parked() == 0 && n_held(shared, looks) > n_spares {
                send(shared);
            }
        } else if looks.is_spared(n_spares, n_stuck) {
            call_off(shared, n_spares - n_stuck);
        }
    }

    /// Looks at a seat that is left once more, a little later, since an event may come at any
    /// moment. Returns the time that it took.
    fn look_at_left_seat(&mut self, shared: &Shared) -> Duration {
        if !shared.driver.is_left() {
            return Duration::ZERO;
        }
        shared.monitor.rest.sleep(LEFT_SEAT);
        shared.driver.look(&mut self.n_uses);
        LEFT_SEAT
    }
}

/// The stuck workers but those that may only wait for a processor, which a spare would not get
/// either.
fn n_held(shared: &Shared, looks: &Looks) -> usize {
    let held = looks
        .all_stuck()
        .filter(|&(station, is_long)| is_long || shared.stations[station].thread().waits());
    held.count()
}

/// What waits in the slot of a stuck worker goes where all can take it, and somebody is woken for
/// that and for what waits in its ring: one that is alone there was not announced.
fn rescue(shared: &Shared, station: usize, probe: &Probe) {
    let stealer = &shared.stealers[station];
    if let Some(task) = stealer.take_slot() {
        // If the runtime has ended, the task is dropped by that.
        if let Err(task) = shared.inject(task) {
            task.cancel(None);
        }
    } else if shared.idle.n_parked() > 0 && stealer.has_any(probe) {
        shared.notify();
    }
}

/// Sends a spare worker, if there is one and a thread for it.
fn send(shared: &Shared) {
    let monitor = &shared.monitor;
    let mut bench = lock(&monitor.bench);
    bench.n_surplus = 0;
    let Some((station, local)) = bench.waiting.pop() else {
        return;
    };
    bench.n_active += 1;
    drop(bench);
    match worker::start_spare(shared, station, local) {
        Ok(()) => {
            monitor.n_sent.fetch_add(1, Relaxed);
        }
        Err(local) => {
            lock(&monitor.bench).n_active -= 1;
            monitor.bench(station, local);
        }
    }
}

/// Lets so many spares go, as soon as they have nothing to do.
fn call_off(shared: &Shared, n_surplus: usize) {
    lock(&shared.monitor.bench).n_surplus = n_surplus;
    for parker in &shared.parkers[shared.n_workers..] {
        // One that sleeps looks up, and goes.
        parker.notify(|| shared.driver.wake());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
