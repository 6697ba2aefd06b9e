//! How many threads there are, and when there is none any more: [`Gauge`].

use std::sync::Arc;
use std::time::Duration;

use anyrt_kit::lock::{Condition, Lock};

/// A count that can be waited for to become zero.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    n_busy: Lock<usize>,
    changed: Condition,
}

impl Gauge {
    /// Counts one in until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Busy {
        *self.n_busy.lock() += 1;
        Busy {
            gauge: Arc::clone(self),
        }
    }

    /// Waits until nobody is busy, at most `limit`.
    pub(crate) fn wait_for_zero(&self, limit: Duration) {
        let is_busy = |n_busy: &mut usize| *n_busy > 0;
        let n_busy = self.n_busy.lock();
        drop(self.changed.wait_timeout_while(n_busy, limit, is_busy));
    }
}

/// One that is counted in.
#[derive(Debug)]
pub(crate) struct Busy {
    gauge: Arc<Gauge>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.gauge.n_busy.lock() -= 1;
        self.gauge.changed.notify_all();
    }
}
