//! A thread that waits, and the crew of those that wait beside the driver's seat.
//!
//! It knows nothing of events: `mod.rs` decides who drives and who sleeps.

use std::sync::{
    Arc, PoisonError,
    atomic::Ordering::{AcqRel, Acquire, Relaxed},
};

use crate::sync::{AtomicU8, Condvar, Mutex, MutexGuard, lock};

/// Neither notified nor waiting.
const EMPTY: u8 = 0;
/// There is something to do; the next wait ends at once.
const NOTIFIED: u8 = 1;
/// In the seat: a notice has to end the poller's wait.
const DRIVING: u8 = 2;
/// Beside the seat, on the condition variable.
const ASLEEP: u8 = 3;

/// Who parks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A worker: it can run what an event wakes.
    Worker,
    /// A thread in `block_on`: it runs one future.
    Guest,
}

/// Why a sleep ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is something to do.
    Notified,
    /// The seat is to be taken.
    Appointed,
}

/// The place where a thread waits. A notice is never lost: it is kept until the thread looks.
#[derive(Debug)]
pub(crate) struct Parker {
    state: AtomicU8,
    kind: Kind,
    /// The thread was appointed and has not seen it yet. The lock of the condition variable.
    appointed: Mutex<bool>,
    condvar: Condvar,
}

impl Parker {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            kind,
            appointed: Mutex::new(false),
            condvar: Condvar::new(),
        }
    }

    /// Ends the thread's wait, or its next one. `wake_driver` is called if it waits in the poller.
    pub(crate) fn notify(&self, wake_driver: impl FnOnce()) {
        // Release: what the notice is about is visible to the thread that takes it.
        match self.state.swap(NOTIFIED, AcqRel) {
            DRIVING => wake_driver(),
            ASLEEP => {
                // The thread is between its look at the state and its wait only with the lock.
                drop(self.lock());
                self.condvar.notify_one();
            }
            _ => {}
        }
    }

    /// True if the thread waits in the poller now: to end that costs a system call, and somebody
    /// else has to take the seat.
    pub(crate) fn is_driving(&self) -> bool {
        self.state.load(Relaxed) == DRIVING
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// True if there was a notice; it is taken.
    pub(super) fn take_notice(&self) -> bool {
        // Acquire: pairs with the Release in `notify`.
        self.state.load(Relaxed) == NOTIFIED && self.state.swap(EMPTY, AcqRel) == NOTIFIED
    }

    /// From now on a notice ends the poller's wait. False if there was one already; it is taken.
    pub(super) fn start_driving(&self) -> bool {
        let started = self
            .state
            .compare_exchange(EMPTY, DRIVING, AcqRel, Acquire)
            .is_ok();
        if !started {
            self.stop();
        }
        started
    }

    /// The wait is over; a notice is taken.
    pub(super) fn stop(&self) {
        self.state.swap(EMPTY, AcqRel);
    }

    /// Sleeps until there is a notice, which is not taken, or an appointment, which is.
    pub(super) fn sleep(&self) -> Reason {
        let mut appointed = self.lock();
        if self
            .state
            .compare_exchange(EMPTY, ASLEEP, AcqRel, Acquire)
            .is_err()
        {
            return Reason::Notified;
        }
        loop {
            if std::mem::take(&mut *appointed) {
                let still_asleep = self
                    .state
                    .compare_exchange(ASLEEP, EMPTY, AcqRel, Acquire)
                    .is_ok();
                return if still_asleep {
                    Reason::Appointed
                } else {
                    Reason::Notified
                };
            }
            appointed = self
                .condvar
                .wait(appointed)
                .unwrap_or_else(PoisonError::into_inner);
            if self.state.load(Acquire) == NOTIFIED {
                return Reason::Notified;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        lock(&self.appointed)
    }
}

/// The threads beside the seat, and which of them is on its way to it.
#[derive(Debug, Default)]
pub(super) struct Crew {
    members: Vec<Arc<Parker>>,
    appointed: Option<Arc<Parker>>,
}

impl Crew {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn join(&mut self, parker: &Arc<Parker>) {
        self.members.push(parker.clone());
    }

    /// Takes a member out, with its appointment.
    pub(super) fn leave(&mut self, parker: &Arc<Parker>) {
        self.members.retain(|member| !Arc::ptr_eq(member, parker));
        *parker.lock() = false;
        self.arrived(parker);
    }

    /// A member that was appointed has looked at the seat.
    pub(super) fn arrived(&mut self, parker: &Arc<Parker>) {
        let appointed = self.appointed.as_ref();
        if appointed.is_some_and(|appointed| Arc::ptr_eq(appointed, parker)) {
            self.appointed = None;
        }
    }

    /// True if somebody is on the way to the seat.
    pub(super) fn is_awaited(&self) -> bool {
        self.appointed.is_some()
    }

    /// Sends a member to the seat: a worker rather than a guest, and nobody but `only`. False if
    /// there is no such member or one is on the way already.
    pub(super) fn appoint(&mut self, only: Option<Kind>) -> bool {
        if self.is_awaited() {
            return false;
        }
        let with = |kind| {
            self.members
                .iter()
                .rev()
                .find(move |member| member.kind == kind)
        };
        let member = match only {
            Some(kind) => with(kind),
            None => with(Kind::Worker).or_else(|| with(Kind::Guest)),
        };
        let Some(member) = member.cloned() else {
            return false;
        };
        *member.lock() = true;
        member.condvar.notify_one();
        self.appointed = Some(member);
        true
    }
}
