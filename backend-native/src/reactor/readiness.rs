//! What is known of one direction of a source, in one word: is it worth a system call?
//!
//! Pure but for the atomic: no descriptor, no waker. `source.rs` calls it. The word is a counter of
//! events above two flags:
//!
//! ```text
//!   counter .. | GONE | CLOSED | READY
//! ```
//!
//! 1. It starts ready: the first operation tries its system call, and waits only after
//!    `WouldBlock`.
//! 2. An event adds one to the counter and sets flags, in one step.
//! 3. An operation reads the word, makes its system call, and, if that left nothing behind, clears
//!    the flags *if the word is still what it read*. An event that came during the call has moved
//!    the counter, so it is never cleared by a call that did not see it (law `L094`). The counter
//!    has 29 bits: a thread would have to stand still in its call for exactly so many events, each
//!    of which is a system call of another thread.
//! 4. `CLOSED` outlives a short read, since no second edge announces the end of a stream; only
//!    `WouldBlock` itself clears it.
//! 5. `GONE` is set once, when the runtime ends, and never cleared.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use crate::sync::AtomicU32;

const READY: u32 = 1;
const CLOSED: u32 = 1 << 1;
const GONE: u32 = 1 << 2;
const ONE: u32 = 1 << 3;

/// The readiness of one direction.
#[derive(Debug)]
pub(crate) struct Readiness(AtomicU32);

/// The word as it was read before a system call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen(u32);

impl Seen {
    /// A system call may succeed.
    pub(crate) fn is_ready(self) -> bool {
        self.0 & (READY | CLOSED) != 0
    }

    /// The runtime has ended: no event will come.
    pub(crate) fn is_gone(self) -> bool {
        self.0 & GONE != 0
    }
}

impl Readiness {
    /// 1: worth a try.
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(READY))
    }

    /// 1, for another source in the same place: nobody else knows the word at this moment.
    /// `READY` or not.
    pub(crate) fn reset(&self, ready: bool) {
        // Relaxed: the lock of the table is held, under which events come too.
        self.0.store(if ready { READY } else { 0 }, Relaxed);
    }

    pub(crate) fn seen(&self) -> Seen {
        // Acquire: pairs with the Release of the event; what the peer did is there for the call.
        Seen(self.0.load(Acquire))
    }

    /// 2: an event, and with `closed` the last one.
    pub(crate) fn set(&self, closed: bool) {
        self.raise(if closed { READY | CLOSED } else { READY });
    }

    /// 5: the runtime ends.
    pub(crate) fn set_gone(&self) {
        self.raise(GONE);
    }

    /// 3: a call after `seen` took all there was.
    pub(crate) fn clear_drained(&self, seen: Seen) {
        self.clear(seen, READY);
    }

    /// 3 and 4: a call after `seen` answered `WouldBlock`.
    pub(crate) fn clear_would_block(&self, seen: Seen) {
        self.clear(seen, READY | CLOSED);
    }

    fn raise(&self, flags: u32) {
        let mut now = self.0.load(Acquire);
        loop {
            let next = (now | flags).wrapping_add(ONE);
            // Release: pairs with the Acquire in `seen`.
            match self.0.compare_exchange_weak(now, next, AcqRel, Acquire) {
                Ok(_) => return,
                Err(actual) => now = actual,
            }
        }
    }

    fn clear(&self, seen: Seen, flags: u32) {
        // If it fails somebody has set or cleared meanwhile, and knows better.
        let _ = self
            .0
            .compare_exchange(seen.0, seen.0 & !flags, AcqRel, Acquire);
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_event_during_a_call_survives_it() {
        let word = Readiness::new();
        let before = word.seen();
        word.set(false);
        word.clear_would_block(before);
        assert!(word.seen().is_ready());
        word.clear_would_block(word.seen());
        assert!(!word.seen().is_ready());
    }

    #[test]
    fn the_end_of_a_stream_outlives_a_short_read() {
        let word = Readiness::new();
        word.set(true);
        word.clear_drained(word.seen());
        assert!(word.seen().is_ready());
        word.clear_would_block(word.seen());
        assert!(!word.seen().is_ready());
    }

    #[test]
    fn gone_is_for_ever_and_is_not_readiness() {
        let word = Readiness::new();
        word.set_gone();
        word.clear_would_block(word.seen());
        word.set(false);
        word.clear_would_block(word.seen());
        assert!(word.seen().is_gone() && !word.seen().is_ready());
    }

    #[test]
    fn the_counter_wraps_around() {
        let word = Readiness(AtomicU32::new(!(READY | CLOSED | GONE)));
        word.set(false);
        assert!(word.seen().is_ready() && !word.seen().is_gone());
    }
}
