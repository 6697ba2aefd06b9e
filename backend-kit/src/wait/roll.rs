//! Everything that is waited on in one runtime: [`Roll`]. For a backend over a reactor that goes on
//! when the runtime goes, and so wakes nobody then.
//!
//! Knows nothing of what is waited for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::hub::Hub;
use crate::lock::Lock;

/// The objects of one runtime on which somebody waited: [`Waiters::on`](super::Waiters::on).
#[derive(Default)]
pub struct Roll {
    entries: Lock<Entries>,
}

#[derive(Default)]
struct Entries {
    hubs: HashMap<u64, Weak<Hub>>,
    /// The number given out last.
    numbers: u64,
}

impl Roll {
    /// Nobody waited on anything.
    #[must_use]
    pub fn new() -> Self {
        Roll::default()
    }

    /// Wakes everybody who waits. Who starts to wait from now on is not reached, and asks whether
    /// the runtime is there after its poll.
    pub fn wake_all(&self) {
        let hubs = std::mem::take(&mut self.entries.lock().hubs);
        for hub in hubs.values().filter_map(Weak::upgrade) {
            Waker::from(hub).wake();
        }
    }

    pub(super) fn enter(&self, hub: &Arc<Hub>) -> u64 {
        let mut entries = self.entries.lock();
        entries.numbers += 1;
        let number = entries.numbers;
        entries.hubs.insert(number, Arc::downgrade(hub));
        number
    }

    pub(super) fn leave(&self, number: u64) {
        let left = self.entries.lock().hubs.remove(&number);
        drop(left);
    }
}

impl fmt::Debug for Roll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roll")
            .field("n_objects", &self.entries.lock().hubs.len())
            .finish()
    }
}
