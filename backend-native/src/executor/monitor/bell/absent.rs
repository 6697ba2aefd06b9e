//! Systems without `timerfd`: a condition variable. To set it wakes the thread that waits, which
//! sleeps on until the time has come.

use std::{
    io,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::timer::now;

#[derive(Debug)]
pub(in super::super) struct Bell {
    time: Mutex<Option<Instant>>,
    was_set: Condvar,
}

impl Bell {
    /// # Errors
    ///
    /// None here.
    pub(in super::super) fn new() -> io::Result<Self> {
        Ok(Self {
            time: Mutex::new(None),
            was_set: Condvar::new(),
        })
    }

    /// From now on it rings once, after `period`.
    pub(in super::super) fn ring_after(&self, period: Duration) {
        *self.lock() = Some(now() + period);
        self.was_set.notify_one();
    }

    /// What was set before is not heard any more.
    pub(in super::super) fn silence(&self) {
        *self.lock() = None;
    }

    /// Until it rings.
    pub(in super::super) fn wait(&self) {
        let mut time = self.lock();
        loop {
            let left = time.map(|time| time.saturating_duration_since(now()));
            time = match left {
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let waited = self.was_set.wait_timeout(time, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.was_set.wait(time);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        *time = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
