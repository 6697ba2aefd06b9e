//! The driver with threads of its own: nobody else parks there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use super::*;

/// Wakes by notifying a parker, and counts.
struct Bell {
    n_rung: AtomicUsize,
    parker: Arc<Parker>,
    driver: Arc<Driver>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.n_rung.fetch_add(1, SeqCst);
        self.parker.notify(|| self.driver.wake());
    }
}

fn bell(driver: &Arc<Driver>, kind: Kind) -> Arc<Bell> {
    let parker = Arc::new(Parker::new(kind));
    Arc::new(Bell {
        n_rung: AtomicUsize::new(0),
        parker,
        driver: driver.clone(),
    })
}

/// Parks until the bell has rung.
fn wait_for(bell: &Bell) {
    let mut wakers = Vec::new();
    while bell.n_rung.load(SeqCst) == 0 {
        bell.driver.park(&bell.parker, &mut wakers);
        wakers.drain(..).for_each(Waker::wake);
    }
}

#[test]
fn a_notice_before_the_wait_ends_it() {
    let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
    let bell = bell(&driver, Kind::Worker);
    Waker::from(bell.clone()).wake();
    driver.park(&bell.parker, &mut Vec::new());
}

#[test]
fn an_alarm_rings_on_time_whoever_drives() {
    for kind in [Kind::Worker, Kind::Guest] {
        let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
        let bell = bell(&driver, kind);
        let start = Instant::now();
        driver.wake_after(Duration::from_millis(20), Waker::from(bell.clone()));
        wait_for(&bell);
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}

#[test]
fn an_alarm_that_is_set_while_the_driver_sleeps_rings_on_time() {
    let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
    let bell = bell(&driver, Kind::Worker);
    let sleeper = bell.clone();
    let thread = thread::spawn(move || wait_for(&sleeper));
    while !bell.parker.is_driving() {
        thread::yield_now();
    }
    let start = Instant::now();
    driver.wake_after(Duration::from_millis(20), Waker::from(bell.clone()));
    thread.join().expect("it was woken");
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// The thread in the seat leaves with something to run and does not come back: of those beside it
/// one takes over once the monitor has looked twice.
#[test]
fn a_seat_that_was_left_is_taken_over() {
    for kind in [Kind::Worker, Kind::Guest] {
        let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
        let (first, beside) = (bell(&driver, Kind::Worker), bell(&driver, kind));
        let (leave, left) = mpsc::channel::<()>();
        let blocked = first.clone();
        let blocker = thread::spawn(move || {
            wait_for(&blocked);
            left.recv().expect_err("the test drops its end");
        });
        while !first.parker.is_driving() {
            thread::yield_now();
        }
        let waiting = beside.clone();
        let sleeper = thread::spawn(move || wait_for(&waiting));
        while !driver.beside.is_anybody() {
            thread::yield_now();
        }
        driver.wake_after(Duration::from_millis(30), Waker::from(beside.clone()));
        Waker::from(first.clone()).wake();
        let mut last = 0;
        let start = Instant::now();
        while !driver.is_left() {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "it does not leave"
            );
            thread::yield_now();
        }
        while !sleeper.is_finished() {
            assert!(start.elapsed() < Duration::from_secs(5), "nobody drives");
            driver.look(&mut last);
            thread::sleep(Duration::from_millis(1));
        }
        sleeper.join().expect("it drove its own alarm");
        drop(leave);
        blocker.join().expect("it was released");
    }
}

/// A guest that leaves the seat for good sends one from beside, without a monitor.
#[test]
fn a_guest_that_leaves_sends_somebody() {
    let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
    let (guest, beside) = (bell(&driver, Kind::Guest), bell(&driver, Kind::Guest));
    let leaving = guest.clone();
    let leaver = thread::spawn(move || wait_for(&leaving));
    while !guest.parker.is_driving() {
        thread::yield_now();
    }
    let waiting = beside.clone();
    let sleeper = thread::spawn(move || wait_for(&waiting));
    while !driver.beside.is_anybody() {
        thread::yield_now();
    }
    driver.wake_after(Duration::from_millis(30), Waker::from(beside.clone()));
    Waker::from(guest).wake();
    leaver.join().expect("it was woken");
    sleeper.join().expect("it drove its own alarm");
}

/// A look at a seat that is taken, or was used since the look before, sends nobody.
#[test]
fn a_look_at_a_seat_in_use_does_nothing() {
    let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
    let (first, beside) = (bell(&driver, Kind::Worker), bell(&driver, Kind::Worker));
    let threads: Vec<_> = [&first, &beside]
        .map(|bell| {
            let bell = bell.clone();
            thread::spawn(move || wait_for(&bell))
        })
        .into();
    while !driver.is_driven() || !driver.beside.is_anybody() {
        thread::yield_now();
    }
    let mut last = 0;
    for _ in 0..3 {
        driver.look(&mut last);
        assert!(!driver.awaited.load(SeqCst) && !driver.is_left());
    }
    for bell in [first, beside] {
        Waker::from(bell).wake();
    }
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("it was woken"));
}

#[test]
fn after_the_end_nothing_waits() {
    let driver = Arc::new(Driver::new(1).expect("descriptors are left"));
    let bell = bell(&driver, Kind::Guest);
    driver.wake_after(Duration::from_secs(3600), Waker::from(bell.clone()));
    let mut wakers = Vec::new();
    driver.close(&mut wakers);
    assert_eq!(wakers.len(), 1);
    driver.wake_after(Duration::from_secs(1), Waker::from(bell.clone()));
    assert_eq!(bell.n_rung.load(SeqCst), 1, "woken at once");
}
