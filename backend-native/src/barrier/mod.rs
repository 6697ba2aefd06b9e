//! A fence between two threads that costs one of them everything and the other nothing.
//!
//! Two threads that each write a word and then read the other's need a full fence between the two
//! steps, both of them. If one takes these steps for every task and the other a few times a second,
//! the second can ask the system to run a fence on each processor that runs a thread of this
//! process: `membarrier(2)`, since Linux 4.14. The first then has to keep its compiler from
//! reordering, and no more. Where the system has no such call both sides run a fence of their own.
//!
//! A model has the second form: a fence that another thread makes us run is a fence. It knows
//! nothing of what is ordered.

#[cfg(any(not(any(target_os = "linux", target_os = "android")), anyrt_loom))]
#[path = "absent.rs"]
mod system;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(anyrt_loom)))]
#[path = "linux.rs"]
mod system;

use std::sync::atomic::{Ordering, compiler_fence};

use crate::sync::{AtomicUsize, full_fence};

/// Both sides of the fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    /// The heavy side runs the fence of the light one too.
    is_registered: bool,
}

impl Barrier {
    /// Asks the system whether it does this. A call or two.
    pub(crate) fn new() -> Self {
        Self {
            // A thread sanitizer sees what our code does, and nothing of this.
            is_registered: !cfg!(anyrt_tsan) && system::register(),
        }
    }

    /// The side that is passed often. `word` is one that both sides name.
    #[inline]
    pub(crate) fn light(self, word: &AtomicUsize) {
        if self.is_registered {
            // SeqCst: nothing moves past it here; `heavy` does the rest.
            compiler_fence(Ordering::SeqCst);
        } else {
            full_fence(word);
        }
    }

    /// The side that is passed seldom; microseconds. False if the system has refused: then nothing
    /// is ordered, and the caller must not go on.
    #[must_use]
    pub(crate) fn heavy(self, word: &AtomicUsize) -> bool {
        full_fence(word);
        !self.is_registered || system::fence_all()
    }
}
