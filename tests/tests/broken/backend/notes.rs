//! What a mutant notes about one task, alarm or object: [`Notes`]. The healthy backend notes
//! nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A counter, a mark, some bytes and a waker: what defects need to remember.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    count: AtomicUsize,
    mark: AtomicBool,
    bytes: Mutex<Vec<u8>>,
    waker: Mutex<Option<Waker>>,
}

impl Notes {
    /// Counts one more, and says how many there were before.
    pub(crate) fn count_one(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Counts one less.
    pub(crate) fn uncount_one(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Sets the mark, and says whether it was set before.
    pub(crate) fn mark(&self) -> bool {
        self.mark.swap(true, Ordering::SeqCst)
    }

    /// Takes the mark away, and says whether it was set.
    pub(crate) fn unmark(&self) -> bool {
        self.mark.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn is_marked(&self) -> bool {
        self.mark.load(Ordering::SeqCst)
    }

    pub(crate) fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        locked(&self.bytes)
    }

    /// Keeps a waker; what was kept is the caller's to drop.
    pub(crate) fn keep_waker(&self, waker: &Waker) -> Option<Waker> {
        let waker = waker.clone();
        locked(&self.waker).replace(waker)
    }

    pub(crate) fn take_waker(&self) -> Option<Waker> {
        locked(&self.waker).take()
    }

    /// Wakes the one that is kept.
    pub(crate) fn wake(&self) {
        self.take_waker().into_iter().for_each(Waker::wake);
    }
}

/// Locks ignore poisoning.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
