//! The synchronisation primitives of this crate, from std, from loom, or counted.
//!
//! This is the only file that knows loom. Everything that takes part in a lock-free protocol
//! imports its atomics and locks from here, so that a model can explore it, and a build can count
//! who writes what.

#[cfg(anyrt_loom)]
pub(crate) use loom::cell::UnsafeCell;
#[cfg(anyrt_loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence},
};
#[cfg(not(anyrt_loom))]
pub(crate) use std::sync::{Condvar, MutexGuard, atomic::fence};
#[cfg(not(any(anyrt_loom, anyrt_counted)))]
pub(crate) use std::sync::{
    Mutex,
    atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize},
};

#[cfg(anyrt_counted)]
pub(crate) use crate::counted::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Mutex};
use std::sync::{PoisonError, atomic::Ordering};

/// std's, with the one method of loom's that is used here.
#[cfg(not(anyrt_loom))]
#[derive(Debug, Default)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(anyrt_loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(content: T) -> Self {
        Self(std::cell::UnsafeCell::new(content))
    }

    /// Lends a pointer to the content; what may be done with it, the caller knows.
    #[inline]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Locks `mutex`, whether or not somebody panicked while holding it.
///
/// No user code runs under our locks, so a poisoned one still guards a consistent value.
#[cfg_attr(anyrt_counted, track_caller)]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Orders everything before it against everything after it, on every thread that does the same with
/// the same word.
///
/// `word` is the word that the protocol is about: its modifications are in one order, so writing it
/// unchanged orders as a fence does. On x86 that is the cheaper form, for it becomes a locked
/// instruction on the stack in place of an `mfence`; and a thread sanitizer does not model fences.
/// Elsewhere it would take the word's cache line away from other cores, and a fence does not.
#[inline]
pub(crate) fn full_fence(word: &AtomicUsize) {
    if cfg!(all(
        any(target_arch = "x86", target_arch = "x86_64", anyrt_tsan),
        not(any(anyrt_loom, anyrt_counted))
    )) {
        // SeqCst: as the fence below.
        word.fetch_or(0, Ordering::SeqCst);
    } else {
        // SeqCst: pairs with the fence of whoever writes first what we read next.
        fence(Ordering::SeqCst);
    }
}
