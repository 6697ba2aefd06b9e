//! The synchronisation primitives of this crate, from std or from loom.
//!
//! This is the only file that knows loom. Everything that takes part in a lock-free protocol
//! imports its atomics and locks from here, so that a model can explore it.

#[cfg(anyrt_loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU8, AtomicUsize, fence},
};
#[cfg(not(anyrt_loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU8, AtomicUsize, fence},
};
use std::sync::{PoisonError, atomic::Ordering};

/// Locks `mutex`, whether or not somebody panicked while holding it.
///
/// No user code runs under our locks, so a poisoned one still guards a consistent value.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Orders everything before it against everything after it, on every thread that does the same.
///
/// `word` is the word that the protocol is about. Where a thread sanitizer watches, which does not
/// model fences, the fence becomes a read-modify-write of that word.
pub(crate) fn full_fence(word: &AtomicUsize) {
    if cfg!(anyrt_tsan) {
        word.fetch_add(0, Ordering::SeqCst);
    } else {
        // SeqCst: pairs with the fence of whoever writes first what we read next.
        fence(Ordering::SeqCst);
    }
}
