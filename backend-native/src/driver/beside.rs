//! Whether anybody waits beside the driver's seat, for whoever leaves it for good.
//!
//! Pure but for the atomic: it knows no seat and no thread. `mod.rs` calls it, by its rule 2.

use std::sync::atomic::Ordering::Relaxed;

use crate::sync::{AtomicUsize, full_fence};

/// The number of threads beside the seat: a hint, written under the crew's lock. Also the word of
/// the fences.
#[derive(Debug)]
pub(crate) struct Beside(AtomicUsize);

impl Beside {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    pub(crate) fn set(&self, n_threads: usize) {
        self.0.store(n_threads, Relaxed);
    }

    /// The caller has put itself into the crew, and looks now whether the seat is free.
    pub(crate) fn joined(&self) {
        // Pairs with the fence in `is_left_behind`: we see the seat left, or the leaver sees us.
        full_fence(&self.0);
    }

    /// True if somebody was beside just now.
    pub(crate) fn is_anybody(&self) -> bool {
        self.0.load(Relaxed) > 0
    }

    /// The caller has left the seat. True if somebody is beside who may not have seen that.
    pub(crate) fn is_left_behind(&self) -> bool {
        // Pairs with the fence in `joined`.
        full_fence(&self.0);
        self.is_anybody()
    }
}
