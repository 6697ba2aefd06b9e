//! Events and those who wait for them: `reactor/readiness.rs`.

use std::sync::atomic::Ordering::SeqCst;

use loom::{
    sync::{Arc, Mutex, Notify, atomic::AtomicUsize},
    thread,
};

use crate::{explore, readiness::Readiness};

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
