//! Waking without being hurt by it.
//!
//! A waker is foreign code: it may panic, and it may call back into this crate. So wakers are
//! collected while a lock is held and woken here, after it was released. This module knows nothing
//! of tasks, sockets or timers; everybody who wakes calls it.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

/// Wakes `waker`; a panic in it is swallowed, after the panic hook has seen it.
pub(crate) fn wake(waker: Waker) {
    quietly(|| waker.wake());
}

/// Wakes everything in `wakers` and leaves it empty, with its memory.
pub(crate) fn wake_all(wakers: &mut Vec<Waker>) {
    for waker in wakers.drain(..) {
        wake(waker);
    }
}

/// Runs `f`, and swallows a panic of it together with a panic of the panic's payload.
pub(crate) fn quietly(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // The payload's destructor is foreign code too; of what that throws we drop nothing.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(second);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            // What is thrown here is never dropped; of this nothing is lost.
            panic_any(());
        }
    }

    #[test]
    fn a_payload_that_panics_on_drop_is_swallowed() {
        quietly(|| panic_any(Grenade));
    }
}
