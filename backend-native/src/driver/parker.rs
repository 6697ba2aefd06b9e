//! A thread that waits, and the crew of those that wait beside the driver's seat.
//!
//! It knows nothing of events: `mod.rs` decides who drives, who watches and who sleeps.

use std::{
    sync::{
        Arc, Condvar, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU8,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    time::Duration,
};

use std::sync::Mutex;

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

/// What a thread beside the seat does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Post {
    /// It sleeps until it is notified.
    Off,
    /// It looks now and then whether the seat was left.
    Watch,
    /// It takes the seat at once.
    Drive,
}

/// Why a sleep ended.
#[derive(Debug)]
pub(super) enum Reason {
    Notified,
    Appointed(Post),
    TimedOut,
}

/// The place where a thread waits. A notice is never lost: it is kept until the thread looks.
#[derive(Debug)]
pub(crate) struct Parker {
    state: AtomicU8,
    kind: Kind,
    /// An appointment that the thread has not seen yet. The lock of the condition variable.
    post: Mutex<Option<Post>>,
    condvar: Condvar,
}

impl Parker {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            kind,
            post: Mutex::new(None),
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
        self.state
            .compare_exchange(NOTIFIED, EMPTY, AcqRel, Acquire)
            .is_ok()
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

    /// Sleeps until there is a notice, which is not taken, or an appointment, which is, or for
    /// `timeout`.
    pub(super) fn sleep(&self, timeout: Option<Duration>) -> Reason {
        let mut post = self.lock();
        if self
            .state
            .compare_exchange(EMPTY, ASLEEP, AcqRel, Acquire)
            .is_err()
        {
            return Reason::Notified;
        }
        let mut timed_out = timeout == Some(Duration::ZERO);
        loop {
            let appointed = post.take();
            if appointed.is_some() || timed_out {
                if self
                    .state
                    .compare_exchange(ASLEEP, EMPTY, AcqRel, Acquire)
                    .is_err()
                {
                    return Reason::Notified;
                }
                return appointed.map_or(Reason::TimedOut, Reason::Appointed);
            }
            (post, timed_out) = self.wait(post, timeout);
            if self.state.load(Acquire) == NOTIFIED {
                return Reason::Notified;
            }
        }
    }

    fn wait<'a>(
        &self,
        post: MutexGuard<'a, Option<Post>>,
        timeout: Option<Duration>,
    ) -> (MutexGuard<'a, Option<Post>>, bool) {
        match timeout {
            None => (
                self.condvar
                    .wait(post)
                    .unwrap_or_else(PoisonError::into_inner),
                false,
            ),
            Some(timeout) => {
                let waited = self.condvar.wait_timeout(post, timeout);
                let (post, result) = waited.unwrap_or_else(PoisonError::into_inner);
                (post, result.timed_out())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Post>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads beside the seat, and which of them has an eye on it.
#[derive(Debug, Default)]
pub(super) struct Crew {
    members: Vec<Arc<Parker>>,
    watcher: Option<Arc<Parker>>,
}

impl Crew {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn join(&mut self, parker: &Arc<Parker>) {
        self.members.push(parker.clone());
    }

    /// Takes a member out, with its post.
    pub(super) fn leave(&mut self, parker: &Arc<Parker>, watched: &AtomicBool) {
        self.members.retain(|member| !Arc::ptr_eq(member, parker));
        *parker.lock() = None;
        if self
            .watcher
            .as_ref()
            .is_some_and(|watcher| Arc::ptr_eq(watcher, parker))
        {
            self.set_watcher(None, watched);
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    pub(super) fn set_watcher(&mut self, watcher: Option<&Arc<Parker>>, watched: &AtomicBool) {
        self.watcher = watcher.cloned();
        watched.store(watcher.is_some(), Relaxed);
    }

    /// Gives `post` to a member, to a worker rather than a guest, and to nobody but `only`. False
    /// if there is no such member or the seat is watched already.
    pub(super) fn appoint(&mut self, post: Post, only: Option<Kind>, watched: &AtomicBool) -> bool {
        if self.is_watched() {
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
        *member.lock() = Some(post);
        member.condvar.notify_one();
        self.set_watcher(Some(&member), watched);
        true
    }
}
