//! How often this process, or one before it, was forked into it: a counter that the C library
//! counts up for us.
//!
//! # Safety argument
//!
//! `pthread_atfork` wants functions that may be called in a process of many threads just forked, so
//! ones that are safe in a signal handler. Ours adds one to an atomic number and calls nothing. It
//! is a function of this program, so it is there as long as the process is.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Counts from now on.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: as argued above. It fails for want of memory alone; then a child is not told
        // from its parent, which is as it was without us.
        let _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// The same number in one process as long as it lives, and another in its forked children.
#[inline]
pub(super) fn generation() -> u32 {
    // Relaxed: it changes while there is one thread.
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
