//! How many are busy, and when nobody is any more: [`Gauge`]. Counts workers, and blocking calls.

use std::sync::Arc;
use std::time::Duration;

use anyrt_kit::lock::{Condition, Lock};

/// A count that can be closed, and waited for to become zero.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    state: Lock<State>,
    changed: Condition,
}

#[derive(Debug, Default)]
struct State {
    n_busy: usize,
    is_closed: bool,
}

impl Gauge {
    /// Counts one in until the guard is dropped; `None` once the gauge is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Busy> {
        let mut state = self.state.lock();
        if state.is_closed {
            return None;
        }
        state.n_busy += 1;
        drop(state);
        Some(Busy {
            gauge: Arc::clone(self),
        })
    }

    /// Nobody is counted in from now on.
    pub(crate) fn close(&self) {
        self.state.lock().is_closed = true;
    }

    /// Waits until nobody is busy, at most `limit`.
    pub(crate) fn wait_for_zero(&self, limit: Duration) {
        let is_busy = |state: &mut State| state.n_busy > 0;
        let state = self.state.lock();
        drop(self.changed.wait_timeout_while(state, limit, is_busy));
    }
}

/// One that is counted in.
#[derive(Debug)]
pub(crate) struct Busy {
    gauge: Arc<Gauge>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.gauge.state.lock().n_busy -= 1;
        self.gauge.changed.notify_all();
    }
}
