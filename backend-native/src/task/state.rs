//! The one atomic word of a task, and its transitions.
//!
//! Pure: no pointer, no future, no waker. It knows nothing of what it guards; `raw.rs` calls it
//! and does what it answers. The picture of the states is in `mod.rs`.

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::sync::AtomicUsize;

/// In a queue, or to be put there by the thread that polls it.
const SCHEDULED: usize = 1;
/// Being polled or dropped; the thread that set it owns the stage.
const RUNNING: usize = 1 << 1;
/// The future was dropped and the output is in its place.
const COMPLETE: usize = 1 << 2;
/// Not to be polled again.
const ABORTED: usize = 1 << 3;
/// The join handle is alive: a finished output is its property.
const JOINABLE: usize = 1 << 4;

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
    /// Nothing: the next wake schedules it.
    Idle,
    /// Schedule it again: it was woken during the poll.
    Again,
    /// Drop its future: it was aborted during the poll. The stage is still ours.
    Cancel,
}

pub(super) struct State(AtomicUsize);

impl State {
    /// A new task: scheduled, with a join handle.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(SCHEDULED | JOINABLE))
    }

    /// 2 and 5: takes the stage if it is free.
    pub(super) fn start(&self) -> Start {
        let mut now = self.0.load(Acquire);
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

    /// 3: gives the stage back after a pending poll, unless an abort came meanwhile.
    pub(super) fn pause(&self) -> Pause {
        let mut now = self.0.load(Acquire);
        loop {
            if now & ABORTED != 0 {
                return Pause::Cancel;
            }
            // Release: pairs with the Acquire of the next `start`, which owns the stage then.
            match self
                .0
                .compare_exchange_weak(now, now & !RUNNING, AcqRel, Acquire)
            {
                Ok(_) if now & SCHEDULED != 0 => return Pause::Again,
                Ok(_) => return Pause::Idle,
                Err(actual) => now = actual,
            }
        }
    }

    /// 4: the output is in its place. True if a join handle is there to take it; else it is ours.
    pub(super) fn complete(&self) -> bool {
        // Release: pairs with the Acquire in `is_complete`. Acquire: sees the handle's `forget`.
        let before = self.0.fetch_xor(RUNNING | COMPLETE, AcqRel);
        debug_assert!(before & RUNNING != 0 && before & COMPLETE == 0);
        before & JOINABLE != 0
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

    /// The join handle goes. True if it has to drop the output.
    pub(super) fn forget(&self) -> bool {
        self.0.fetch_and(!JOINABLE, AcqRel) & COMPLETE != 0
    }
}
