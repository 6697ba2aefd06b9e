//! The monitor's sleep: between two looks, and at rest until a worker that wakes calls it.
//!
//! It knows nothing of workers: whether all of them are parked is asked of the caller. The monitor
//! sleeps here, and each worker that wakes comes by. The argument is in `MONITOR.md`.

use std::{io, sync::atomic::Ordering::Relaxed, time::Duration};

use super::bell::Bell;
use crate::sync::{AtomicUsize, full_fence};

/// From a worker that wakes to the first look. By then most are asleep again, and their processors
/// with them; one that is not has been in its poll for not much longer.
const FIRST_LOOK: Duration = Duration::from_micros(500);

/// Whether the monitor rests, and what ends its sleep.
#[derive(Debug)]
pub(crate) struct Rest {
    /// Not zero while the monitor sleeps until it is called. Also the word of the fences.
    rests: AtomicUsize,
    bell: Bell,
}

impl Rest {
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            rests: AtomicUsize::new(0),
            bell: Bell::new()?,
        })
    }

    /// A worker has woken and is not counted as parked any more: if the monitor rests, it soon does
    /// so no more.
    #[inline]
    pub(crate) fn worker_woke(&self) {
        // Pairs with the fence in `until_called`: the monitor sees this worker up, or we see it
        // rest.
        full_fence(&self.rests);
        if self.rests.load(Relaxed) != 0 {
            self.call(FIRST_LOOK);
        }
    }

    /// Ends the monitor's sleep, or its next one, after so long.
    #[cold]
    pub(crate) fn call(&self, after: Duration) {
        self.rests.store(0, Relaxed);
        self.bell.ring_after(after);
    }

    /// From the monitor: sleeps until it is called, unless `is_at_rest` says, once the workers can
    /// see that it rests, that one is up.
    pub(crate) fn until_called(&self, is_at_rest: impl FnOnce() -> bool) {
        // Before anybody can see that it is wanted.
        self.bell.silence();
        self.rests.store(1, Relaxed);
        // Pairs with the fence in `worker_woke`.
        full_fence(&self.rests);
        if is_at_rest() {
            self.bell.wait();
        }
        self.rests.store(0, Relaxed);
    }

    /// From the monitor: sleeps so long, or less if it is called meanwhile.
    pub(crate) fn sleep(&self, period: Duration) {
        self.bell.ring_after(period);
        self.bell.wait();
    }
}
