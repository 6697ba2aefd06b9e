//! The driver's seat, those beside it, and notices to them: `driver/parker.rs`, `driver/beside.rs`.

use std::sync::{
    Arc as Shared,
    atomic::Ordering::{Acquire, Relaxed},
};

use loom::{
    sync::{
        Arc, Mutex, MutexGuard, Notify,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

use crate::{
    beside::Beside,
    explore,
    parker::{Crew, Kind, Parker, Reason},
};

/// A thread that waits in the poller or on its condition variable, and one that notifies it.
#[test]
fn a_notice_ends_a_wait_or_the_next_and_brings_what_it_is_about() {
    for drives in [false, true] {
        explore(4, move || {
            let parker = Arc::new((Parker::new(Kind::Worker), Notify::new()));
            let news = Arc::new(AtomicUsize::new(0));
            let notifier = {
                let (parker, news) = (parker.clone(), news.clone());
                thread::spawn(move || {
                    news.store(1, Relaxed);
                    parker.0.notify(|| parker.1.notify());
                })
            };
            // A wait may end early; one that does not end is what loom reports.
            while news.load(Relaxed) == 0 {
                wait(&parker.0, &parker.1, drives);
            }
            notifier.join().expect("it ends");
        });
    }
}

/// One `Driver::park`, in the poller or beside it.
fn wait(parker: &Parker, poller: &Notify, drives: bool) {
    if parker.take_notice() {
        return;
    }
    if !drives {
        assert_eq!(parker.sleep(), Reason::Notified);
        parker.stop();
    } else if parker.start_driving() {
        poller.wait();
        parker.stop();
    }
}

/// The seat of a `Driver`, as `driver/mod.rs` goes about it. Who has it finds an event at once.
struct Driver {
    seat: Mutex<()>,
    n_uses: AtomicUsize,
    crew: Mutex<Crew>,
    beside: Beside,
    awaited: AtomicBool,
}

impl Driver {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            seat: Mutex::new(()),
            n_uses: AtomicUsize::new(0),
            crew: Mutex::new(Crew::default()),
            beside: Beside::new(),
            awaited: AtomicBool::new(false),
        })
    }

    fn try_seat(&self) -> Option<MutexGuard<'_, ()>> {
        let seat = self.seat.try_lock().ok()?;
        self.n_uses.store(self.n_uses.load(Relaxed) + 1, Relaxed);
        Some(seat)
    }

    /// Leaves the seat for good.
    fn leave(&self, seat: MutexGuard<'_, ()>) {
        self.n_uses.store(self.n_uses.load(Relaxed) + 1, Relaxed);
        drop(seat);
        self.appoint_if_left();
    }

    fn appoint_if_left(&self) {
        if self.beside.is_left_behind() && self.n_uses.load(Relaxed) % 2 == 0 {
            self.with_crew(|crew| crew.appoint(None));
        }
    }

    fn with_crew<T>(&self, f: impl FnOnce(&mut Crew) -> T) -> T {
        let mut crew = self.crew.lock().expect("no panic");
        let output = f(&mut crew);
        self.beside.set(crew.len());
        self.awaited.store(crew.is_awaited(), Relaxed);
        output
    }

    /// True if the thread had the seat, false if it was notified.
    fn park(&self, parker: &Shared<Parker>) -> bool {
        if parker.take_notice() {
            return false;
        }
        match self.try_seat() {
            Some(seat) => self.drive(seat, parker),
            None => self.park_beside(parker),
        }
    }

    fn drive(&self, seat: MutexGuard<'_, ()>, parker: &Parker) -> bool {
        let drives = parker.start_driving();
        if drives {
            parker.stop();
        }
        self.leave(seat);
        drives
    }

    fn park_beside(&self, parker: &Shared<Parker>) -> bool {
        self.with_crew(|crew| crew.join(parker));
        self.beside.joined();
        let mut may_drive = parker.kind() == Kind::Worker || !self.awaited.load(Relaxed);
        loop {
            if may_drive && let Some(seat) = self.try_seat() {
                self.with_crew(|crew| crew.leave(parker));
                return self.drive(seat, parker);
            }
            match parker.sleep() {
                Reason::Appointed => {
                    self.with_crew(|crew| crew.arrived(parker));
                    may_drive = true;
                }
                Reason::Notified => {
                    self.with_crew(|crew| crew.leave(parker));
                    parker.stop();
                    self.appoint_if_left();
                    return false;
                }
            }
        }
    }
}

/// A seat that nobody takes leaves those beside it asleep, which loom reports.
fn all_drive(kind: Kind) {
    explore(3, move || {
        let driver = Driver::new();
        let seat = driver.try_seat().expect("it is free");
        let threads = [0, 1].map(|_| {
            let driver = driver.clone();
            thread::spawn(move || assert!(driver.park(&Shared::new(Parker::new(kind)))))
        });
        driver.leave(seat);
        for thread in threads {
            thread.join().expect("it ends");
        }
    });
}

#[test]
fn a_seat_that_a_worker_leaves_is_taken_by_one_beside() {
    all_drive(Kind::Worker);
}

#[test]
fn a_seat_that_a_guest_leaves_is_taken_by_one_beside() {
    all_drive(Kind::Guest);
}

/// A guest that was sent to the seat and has something else to do sends the next one.
#[test]
fn a_guest_that_is_called_away_passes_the_seat_on() {
    explore(3, || {
        let driver = Driver::new();
        let seat = driver.try_seat().expect("it is free");
        let busy = Shared::new(Parker::new(Kind::Guest));
        let (called_away, stays) = (driver.clone(), driver.clone());
        let called_away = {
            let busy = busy.clone();
            thread::spawn(move || called_away.park(&busy))
        };
        let stays =
            thread::spawn(move || assert!(stays.park(&Shared::new(Parker::new(Kind::Guest)))));
        driver.leave(seat);
        busy.notify(|| {});
        called_away.join().expect("it ends");
        stays.join().expect("it ends");
    });
}
