//! One future on the calling thread, which drives sockets and timers while it waits.
//!
//! It knows the driver and no worker: spawned tasks run on theirs. The door calls it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{AcqRel, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    driver::{Driver, Kind, Parker},
    wake::wake_all,
};

/// After so many polls a future that is always ready lets sockets and timers have a turn.
const POLLS_PER_LOOK: u32 = 61;

/// Polls `future` until it is ready. A panic of it goes through.
///
/// # Panics
///
/// If this process was forked from the runtime's (law `L057`), or is so while it waits.
pub(crate) fn block_on<F: Future>(driver: &Arc<Driver>, future: F) -> F::Output {
    let bell = Arc::new(Bell {
        rung: AtomicBool::new(false),
        parker: Arc::new(Parker::new(Kind::Guest)),
        driver: driver.clone(),
    });
    let waker = Waker::from(bell.clone());
    let mut cx = Context::from_waker(&waker);
    let mut wakers = Vec::new();
    let mut future = pin!(future);
    let mut n_polls: u32 = 0;
    loop {
        assert!(!driver.is_forked(), "{}", driver.gone());
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        n_polls = n_polls.wrapping_add(1);
        if n_polls.is_multiple_of(POLLS_PER_LOOK) {
            driver.poll(&mut wakers);
            wake_all(&mut wakers);
        }
        // Acquire: pairs with the Release in `wake_by_ref`.
        while !bell.rung.swap(false, AcqRel) {
            driver.park(&bell.parker, &mut wakers);
            wake_all(&mut wakers);
        }
    }
}

/// Wakes a thread in `block_on`, wherever it waits.
struct Bell {
    rung: AtomicBool,
    parker: Arc<Parker>,
    driver: Arc<Driver>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Release);
        self.parker.notify(|| self.driver.wake());
    }
}
