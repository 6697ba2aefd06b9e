//! The one atomic word of a task, and its transitions: flags, and the number of references.
//!
//! Pure: no pointer, no future, no waker. It knows nothing of what it guards; `header.rs` and
//! `raw.rs` call it and do what it answers. The picture of the states is in `mod.rs`.
//!
//! Half a word of a 64-bit machine, of which the number has 24 bits. Whoever has four million
//! wakers of one task at once, or has leaked as many, makes it *eternal*: from then on nobody
//! counts, and its memory is never freed. Its future is dropped at its end like any other. (Linux's
//! `refcount_t` saturates for the same reason.)

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use crate::sync::AtomicU32;

/// In a queue, or to be put there by the thread that polls it.
const SCHEDULED: u32 = 1;
/// Being polled or dropped; the thread that set it owns the stage.
const RUNNING: u32 = 1 << 1;
/// The future was dropped and the output is in its place.
const COMPLETE: u32 = 1 << 2;
/// Not to be polled again.
const ABORTED: u32 = 1 << 3;
/// The join handle is alive: a finished output is its property.
const JOINABLE: u32 = 1 << 4;
/// The joiner's waker is in its place, for the thread that completes.
const JOINER: u32 = 1 << 5;
/// Never met by anybody but the one who made it and its handle: there is one runnable, and
/// `RUNNING` is set for whoever has it.
const NEW: u32 = 1 << 6;
/// One reference: a runnable, a waker, the handle.
const REFERENCE: u32 = 1 << 7;
/// References are not counted any more.
const ETERNAL: u32 = 1 << 31;
/// With so many references a task becomes eternal. Threads that do not know it yet count on for one
/// reference each, and so never as far as `ETERNAL`, nor back to none.
const MANY: u32 = 1 << 29;

/// What a thread that took a task from a queue may do with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Poll it.
    Poll,
    /// Drop its future; it was aborted.
    Cancel,
    /// Nothing: somebody else has it, or had it.
    Stale,
}

/// What a thread whose poll returned `Pending` has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Nothing: the next wake schedules it. Its reference was given up.
    Idle {
        /// It was the last one.
        last: bool,
    },
    /// Schedule it again: it was woken during the poll.
    Again,
    /// Drop its future: it was aborted during the poll. The stage is still ours.
    Cancel,
}

/// What a completed task leaves to the thread that completed it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complete {
    /// Nothing: the handle takes the output, and nobody waits. Our reference was given up.
    Left,
    /// The joiner's waker, to be woken. The handle takes the output.
    Joiner,
    /// The output: there is no handle.
    Output,
}

/// What a join handle that goes has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Nothing. Its reference was given up.
    Left {
        /// It was the last one.
        last: bool,
    },
    /// Drop the output, then its reference.
    Output,
}

pub(super) struct State(AtomicU32);

impl State {
    /// A new task, with a join handle; a reference for it and one for the runnable, which has the
    /// stage.
    #[inline]
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(NEW | RUNNING | JOINABLE | (2 * REFERENCE)))
    }

    /// 2 and 5: takes the stage if it is free. Writes nothing for a new task.
    #[inline]
    pub(super) fn start(&self) -> Start {
        // Acquire: as below; what made a new task came with its runnable.
        let mut now = self.0.load(Acquire);
        if now & NEW != 0 {
            // The caller has the only runnable, and with it the stage.
            return match now & ABORTED {
                0 => Start::Poll,
                _ => Start::Cancel,
            };
        }
        loop {
            if now & (RUNNING | COMPLETE) != 0 {
                return Start::Stale;
            }
            let next = (now & !SCHEDULED) | RUNNING;
            // Acquire: sees what was written before each wake, and the stage as the last poll left
            // it. Release: the read-modify-write keeps the chain of wakes unbroken.
            match self.0.compare_exchange_weak(now, next, AcqRel, Acquire) {
                Ok(_) if now & ABORTED != 0 => return Start::Cancel,
                Ok(_) => return Start::Poll,
                Err(actual) => now = actual,
            }
        }
    }

    /// True if the task was woken or aborted during the poll: it will not be idle after it.
    #[inline]
    pub(super) fn is_scheduled(&self) -> bool {
        // Relaxed: a hint, `pause` decides.
        self.0.load(Relaxed) & SCHEDULED != 0
    }

    /// 3: gives the stage back after a pending poll, unless an abort came meanwhile, and the
    /// reference too, unless it is needed to schedule the task.
    #[inline]
    pub(super) fn pause(&self) -> Pause {
        let mut now = self.0.load(Acquire);
        loop {
            if now & ABORTED != 0 {
                return Pause::Cancel;
            }
            let again = now & SCHEDULED != 0;
            let given_up = if again { 0 } else { one_reference(now) };
            let next = (now & !(RUNNING | NEW)) - given_up;
            // Release: pairs with the Acquire of the next `start`, which owns the stage then.
            match self.0.compare_exchange_weak(now, next, AcqRel, Acquire) {
                Ok(_) if again => return Pause::Again,
                Ok(_) => {
                    let last = next < REFERENCE;
                    return Pause::Idle { last };
                }
                Err(actual) => now = actual,
            }
        }
    }

    /// True if the caller's reference is the only one. Then the caller may do with the task what it
    /// likes, for nobody can make another.
    #[inline]
    pub(super) fn is_sole(&self) -> bool {
        // Acquire: pairs with the Release of each `release`, `leave` and `pause` that left it so.
        self.0.load(Acquire) < 2 * REFERENCE
    }

    /// 4: the output is in its place.
    #[inline]
    pub(super) fn complete(&self) -> Complete {
        let mut now = self.0.load(Relaxed);
        loop {
            debug_assert!(now & RUNNING != 0 && now & COMPLETE == 0);
            let done = now & !(RUNNING | NEW) | COMPLETE;
            let (next, complete) = match (now & JOINER != 0, now & JOINABLE != 0) {
                (true, _) => (done, Complete::Joiner),
                // The handle's reference stays, so ours is not the last.
                (false, true) => (done - one_reference(now), Complete::Left),
                (false, false) => (done, Complete::Output),
            };
            // Release: pairs with the Acquire in `is_complete`. Acquire: sees the joiner that the
            // handle left, and the handle's `leave`.
            match self.0.compare_exchange_weak(now, next, AcqRel, Relaxed) {
                Ok(_) => return complete,
                Err(actual) => now = actual,
            }
        }
    }

    /// 1: true if the caller has to schedule the task.
    ///
    /// The word is written even if nothing changes, so that whatever the waker's thread did before
    /// is visible to the poll that an earlier wake has already ordered.
    pub(super) fn wake(&self) -> bool {
        // Release: pairs with the Acquire of the `start` that follows.
        let before = self.0.fetch_or(SCHEDULED, AcqRel);
        before & (SCHEDULED | RUNNING | COMPLETE) == 0
    }

    /// As `wake`, and the future will not be polled again.
    pub(super) fn abort(&self) -> bool {
        let before = self.0.fetch_or(ABORTED | SCHEDULED, AcqRel);
        before & (SCHEDULED | RUNNING | COMPLETE) == 0
    }

    /// The end of the runtime: aborts, and takes the stage at once if nobody runs the task, queued
    /// or not. True if the caller owns the stage now.
    pub(super) fn claim(&self) -> bool {
        self.0.fetch_or(ABORTED, AcqRel);
        matches!(self.start(), Start::Cancel)
    }

    /// The future was dropped and the output written.
    pub(super) fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release in `complete`; the output is visible.
        self.0.load(Acquire) & COMPLETE != 0
    }

    /// True if the joiner's waker is in its place.
    #[inline]
    pub(super) fn has_joiner(&self) -> bool {
        // Relaxed: the handle alone sets and clears the flag.
        self.0.load(Relaxed) & JOINER != 0
    }

    /// The handle has put the joiner's waker in its place. False if the task was complete by then:
    /// nobody looks at it, and it is the handle's again.
    pub(super) fn offer_joiner(&self) -> bool {
        // Release: pairs with the Acquire in `complete`. Acquire: as `is_complete`.
        self.0.fetch_or(JOINER, AcqRel) & COMPLETE == 0
    }

    /// The handle wants the place of the joiner's waker back. False if the task is complete: then
    /// what was there belongs to the thread that completed it.
    pub(super) fn withdraw_joiner(&self) -> bool {
        self.0.fetch_and(!JOINER, AcqRel) & COMPLETE == 0
    }

    /// The join handle goes; it has withdrawn the joiner.
    #[inline]
    pub(super) fn leave(&self) -> Leave {
        let mut now = self.0.load(Acquire);
        loop {
            if now & COMPLETE != 0 {
                return Leave::Output;
            }
            let next = now - JOINABLE - one_reference(now);
            // Release: pairs with the Acquire in `complete`, and with that of the last `release`.
            match self.0.compare_exchange_weak(now, next, AcqRel, Acquire) {
                Ok(_) => {
                    let last = next < REFERENCE;
                    return Leave::Left { last };
                }
                Err(actual) => now = actual,
            }
        }
    }

    /// One reference more, which others will run: the task is not new any more. The caller has the
    /// stage.
    pub(super) fn retain_to_keep(&self) {
        // Relaxed: only who has the stage clears the flag, and others meet the task only behind
        // that reference.
        let new = self.0.load(Relaxed) & NEW;
        self.count(REFERENCE - new);
    }

    /// One reference more.
    pub(super) fn retain(&self) {
        self.count(REFERENCE);
    }

    /// Adds to the word, unless it has a reference too many.
    fn count(&self, more: u32) {
        // Relaxed: who makes a reference has one.
        let before = self.0.fetch_add(more, Relaxed);
        if before >= MANY {
            self.do_not_count();
        }
    }

    /// Takes back a reference that was one too many, and says that nobody needs to count.
    #[cold]
    fn do_not_count(&self) {
        // Relaxed: what this thread has is a reference, whether or not it is counted.
        self.0.fetch_or(ETERNAL, Relaxed);
        self.0.fetch_sub(REFERENCE, Relaxed);
    }

    /// One reference less. True if it was the last, which need not be written down.
    #[inline]
    pub(super) fn release(&self) -> bool {
        // Acquire: as `is_sole`.
        let now = self.0.load(Acquire);
        if now < 2 * REFERENCE {
            return true;
        }
        // Release: what was done with this reference comes before the task is freed. Acquire: the
        // last one sees all of that.
        self.0.fetch_sub(one_reference(now), AcqRel) < 2 * REFERENCE
    }
}

/// What a reference is in a word that was `now`: nothing in an eternal task's.
#[inline]
fn one_reference(now: u32) -> u32 {
    if now & ETERNAL == 0 { REFERENCE } else { 0 }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    const N_MANY: u32 = MANY / REFERENCE;

    #[test]
    fn a_task_with_few_references_is_freed_with_the_last() {
        let state = State::new();
        assert_eq!(state.leave(), Leave::Left { last: false });
        (0..1000).for_each(|_| state.retain());
        assert!((0..1000).all(|_| !state.release()));
        assert!(state.is_sole() && state.release());
    }

    #[test]
    fn a_task_with_too_many_references_is_never_freed() {
        let state = State::new();
        (0..2 * N_MANY).for_each(|_| state.retain());
        assert!((0..4 * N_MANY).all(|_| !state.release()));
        // It lives on, and ends.
        assert_eq!(state.start(), Start::Poll);
        state.retain_to_keep();
        assert_eq!(state.pause(), Pause::Idle { last: false });
        assert!(state.wake() && !state.wake());
        assert_eq!(state.start(), Start::Poll);
        assert!(!state.is_sole());
        assert_eq!(state.complete(), Complete::Left);
        assert!((0..4 * N_MANY).all(|_| !state.release()));
        assert_eq!(state.leave(), Leave::Output);
    }
}
