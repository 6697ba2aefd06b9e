//! The alarm over several wheels: `timer/alarm.rs`, `timer/shards.rs`, `timer/wheel/mod.rs`.

use std::{
    sync::{
        Arc as Shared,
        atomic::Ordering::{Acquire, Release},
    },
    task::{Wake, Waker},
};

use loom::{
    sync::{
        Arc, Notify,
        atomic::{AtomicU64, AtomicUsize},
    },
    thread,
};

use crate::{explore, shards::Shards, wheel::Key};

/// A runtime's timers, the poller in which its driver sleeps, and the clock.
struct Timers {
    shards: Shards,
    poller: Notify,
    now: AtomicU64,
    n_rung: AtomicUsize,
}

/// A sleep's waker.
struct Bell(Arc<Timers>);

impl Wake for Bell {
    fn wake(self: Shared<Self>) {
        self.0.n_rung.fetch_add(1, Release);
    }
}

impl Timers {
    fn new(n_shards: u32) -> Arc<Self> {
        Arc::new(Self {
            shards: Shards::new(n_shards),
            poller: Notify::new(),
            now: AtomicU64::new(0),
            n_rung: AtomicUsize::new(0),
        })
    }

    /// As `Sleep::arm`.
    fn sleep(timers: &Arc<Self>, home: usize, deadline: u64) -> Key {
        let waker = Waker::from(Shared::new(Bell(timers.clone())));
        let now = timers.now.load(Acquire);
        let inserted = timers.shards.insert(home, now, deadline, waker);
        let (key, too_late) = inserted.expect("it is open");
        if too_late {
            timers.poller.notify();
        }
        key
    }

    /// As `Driver::drive`. A sleep with an alarm ends by that, which is when time goes on; one
    /// without ends by a wake-up, or not at all.
    fn drive(&self) {
        match self.shards.set_alarm(0) {
            Some(tick) if tick < FAR => self.now.store(tick, Release),
            Some(_) => self.poller.wait(),
            None => {}
        }
        let mut due = Vec::new();
        self.shards.fire(self.now.load(Acquire), &mut due);
        due.into_iter().for_each(Waker::wake);
    }

    /// Drives until so many have rung. One that is slept through leaves the driver asleep, which
    /// loom reports.
    fn ring(&self, n_sleeps: usize) {
        while self.n_rung.load(Acquire) < n_sleeps {
            self.drive();
        }
    }

    /// The end: each waker holds what it is in.
    fn close(&self) {
        self.shards.close(&mut Vec::new());
    }
}

/// As good as never: no alarm of the driver's ends before the models do.
const FAR: u64 = 1 << 40;

/// Two threads insert, each into its own wheel, while the driver goes to sleep.
#[test]
fn no_insertion_is_slept_through() {
    explore(3, || {
        let timers = Timers::new(2);
        let threads = [0, 1].map(|home| {
            let timers = timers.clone();
            thread::spawn(move || Timers::sleep(&timers, home, 5 + home as u64))
        });
        timers.ring(2);
        for thread in threads {
            thread.join().expect("it ends");
        }
        timers.close();
    });
}

/// The driver sleeps for one that is far away; of two that come before it in one wheel the first
/// may have woken it already.
#[test]
fn an_insertion_before_a_far_alarm_is_not_slept_through() {
    explore(3, || {
        let timers = Timers::new(2);
        Timers::sleep(&timers, 0, FAR * 2);
        let inserts = timers.clone();
        let thread = thread::spawn(move || {
            Timers::sleep(&inserts, 1, 9);
            Timers::sleep(&inserts, 1, 5);
        });
        timers.ring(2);
        thread.join().expect("it ends");
        timers.close();
    });
}

/// A driver that has fired before, and has taken its alarm down by that, sees an insertion that
/// came while it was awake.
#[test]
fn an_insertion_beside_a_driver_that_wakes_is_not_slept_through() {
    explore(3, || {
        let timers = Timers::new(2);
        Timers::sleep(&timers, 0, 3);
        let inserts = timers.clone();
        let thread = thread::spawn(move || Timers::sleep(&inserts, 1, 5));
        timers.ring(2);
        thread.join().expect("it ends");
        timers.close();
    });
}

/// A removal makes the driver read the wheel anew, beside an insertion into it.
#[test]
fn a_removal_does_not_hide_an_insertion() {
    explore(3, || {
        let timers = Timers::new(1);
        let first = Timers::sleep(&timers, 0, 4);
        let inserts = timers.clone();
        let thread = thread::spawn(move || {
            drop(inserts.shards.remove(first));
            Timers::sleep(&inserts, 0, 6);
        });
        timers.ring(1);
        thread.join().expect("it ends");
        timers.close();
    });
}
