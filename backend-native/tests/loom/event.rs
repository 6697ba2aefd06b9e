//! Events and those who wait for them: `reactor/readiness.rs`.

use std::sync::atomic::Ordering::SeqCst;

use loom::{
    sync::{Arc, Mutex, Notify, atomic::AtomicUsize},
    thread,
};

use crate::{explore, readiness::Readiness};

/// One direction of a socket: `bytes` and `closed` are what the kernel knows.
struct Side {
    readiness: Readiness,
    waiting: Mutex<bool>,
    woken: Notify,
    bytes: AtomicUsize,
    closed: AtomicUsize,
}

/// What a read came to.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Bytes(usize),
    /// The end of the stream.
    End,
    /// The runtime has ended.
    Gone,
}

impl Side {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            readiness: Readiness::new(),
            waiting: Mutex::new(false),
            woken: Notify::new(),
            bytes: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
        })
    }

    /// A byte comes, and the driver dispatches its event.
    fn event(&self) {
        self.bytes.fetch_add(1, SeqCst);
        self.readiness.set(false);
        self.wake();
    }

    /// The last byte comes and the end with it: one event for both, and none after it.
    fn last_event(&self) {
        self.bytes.fetch_add(1, SeqCst);
        self.closed.store(1, SeqCst);
        self.readiness.set(true);
        self.wake();
    }

    /// The runtime ends.
    fn gone(&self) {
        self.readiness.set_gone();
        self.wake();
    }

    fn wake(&self) {
        let waits = std::mem::take(&mut *self.waiting.lock().expect("no panic"));
        if waits {
            self.woken.notify();
        }
    }

    /// Reads all there is, or waits: `Source::poll_io` and the task around it.
    fn read(&self, drains: bool) -> Read {
        loop {
            let seen = self.readiness.seen();
            if seen.is_ready() {
                // First, since the bytes come before the end.
                let closed = self.closed.load(SeqCst) == 1;
                match self.bytes.swap(0, SeqCst) {
                    0 if closed => return Read::End,
                    0 => self.readiness.clear_would_block(seen),
                    n => {
                        if drains {
                            self.readiness.clear_drained(seen);
                        }
                        return Read::Bytes(n);
                    }
                }
            }
            *self.waiting.lock().expect("no panic") = true;
            let seen = self.readiness.seen();
            if seen.is_ready() {
                continue;
            }
            if seen.is_gone() {
                return Read::Gone;
            }
            self.woken.wait();
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
                let Read::Bytes(n) = side.read(drains) else {
                    panic!("nothing has ended");
                };
                n_read += n;
            }
            driver.join().expect("it ends");
        });
    }
}

/// The end comes with the last bytes and has no event of its own.
#[test]
fn the_end_of_a_stream_is_read_after_its_last_bytes() {
    for drains in [false, true] {
        explore(3, move || {
            let side = Side::new();
            let driver = {
                let side = side.clone();
                thread::spawn(move || {
                    side.event();
                    side.last_event();
                })
            };
            let mut n_read = 0;
            while let Read::Bytes(n) = side.read(drains) {
                n_read += n;
            }
            assert_eq!(n_read, 2);
            driver.join().expect("it ends");
        });
    }
}

/// The end of the runtime reaches a reader beside an event, and stays.
#[test]
fn no_reader_waits_in_a_runtime_that_has_ended() {
    explore(3, || {
        let side = Side::new();
        let (driver, ender) = (side.clone(), side.clone());
        let driver = thread::spawn(move || driver.event());
        let ender = thread::spawn(move || ender.gone());
        let mut n_read = 0;
        loop {
            match side.read(true) {
                Read::Bytes(n) => n_read += n,
                Read::Gone => break,
                Read::End => panic!("the peer is there"),
            }
        }
        driver.join().expect("it ends");
        ender.join().expect("it ends");
        assert!(n_read <= 1);
        assert_eq!(side.read(true) == Read::Bytes(1), n_read == 0);
        assert_eq!(side.read(true), Read::Gone);
    });
}
