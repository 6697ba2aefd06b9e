//! The monitor's sleep: between two looks, and at rest until a worker that wakes calls it.
//!
//! It knows nothing of workers: whether all of them are parked is asked of the caller. The monitor
//! sleeps here, and each worker that wakes comes by. The argument is in `MONITOR.md`.

use std::{
    sync::{PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use crate::sync::{AtomicUsize, Condvar, Mutex, full_fence, lock};

/// Whether the monitor rests, and the place where it sleeps.
#[derive(Debug)]
pub(crate) struct Rest {
    /// Not zero while the monitor sleeps until it is called. Also the word of the fences.
    rests: AtomicUsize,
    /// Called, or the end has come. The lock of the condition variable.
    called: Mutex<bool>,
    condvar: Condvar,
}

impl Rest {
    pub(crate) fn new() -> Self {
        Self {
            rests: AtomicUsize::new(0),
            called: Mutex::new(false),
            condvar: Condvar::new(),
        }
    }

    /// A worker has woken and is not counted as parked any more: if the monitor rests, it does so
    /// no more.
    #[inline]
    pub(crate) fn worker_woke(&self) {
        // Pairs with the fence in `until_called`: the monitor sees this worker up, or we see it
        // rest.
        full_fence(&self.rests);
        if self.rests.load(Relaxed) != 0 {
            self.call();
        }
    }

    /// Ends the monitor's sleep, or its next one.
    #[cold]
    pub(crate) fn call(&self) {
        self.rests.store(0, Relaxed);
        *lock(&self.called) = true;
        self.condvar.notify_one();
    }

    /// From the monitor: sleeps until it is called, unless `is_at_rest` says, once the workers can
    /// see that it rests, that one is up.
    pub(crate) fn until_called(&self, is_at_rest: impl FnOnce() -> bool) {
        self.rests.store(1, Relaxed);
        // Pairs with the fence in `worker_woke`.
        full_fence(&self.rests);
        if is_at_rest() {
            let mut called = lock(&self.called);
            while !*called {
                let waited = self.condvar.wait(called);
                called = waited.unwrap_or_else(PoisonError::into_inner);
            }
            *called = false;
        }
        self.rests.store(0, Relaxed);
    }

    /// From the monitor: sleeps so long, or until it is called.
    pub(crate) fn sleep(&self, period: Duration) {
        let mut called = lock(&self.called);
        if !*called {
            let waited = self.condvar.wait_timeout(called, period);
            called = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *called = false;
    }
}
