//! The list of waiters of one direction of one object: [`WaitList`]. No lock, no user code.
//!
//! Whoever holds it holds a lock, so nothing here clones, wakes or drops a waker: wakers come in
//! cloned, and go out to be dropped or woken once the lock is released.

use std::fmt;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use anyrt_api::io::Wait;

/// Who waits. The first waiter has its place in the list itself, so that an object on which one
/// task waits allocates nothing.
#[derive(Default)]
pub struct WaitList {
    first: Option<Entry>,
    rest: Vec<Entry>,
    /// The key given out last.
    keys: u64,
}

struct Entry {
    /// `None` for a waiter that has no place for a key: its waker tells it apart.
    key: Option<NonZeroU64>,
    waker: Waker,
}

impl WaitList {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        WaitList {
            first: None,
            rest: Vec::new(),
            keys: 0,
        }
    }

    /// True if nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    /// True if this waiter is in the list with this very waker, so that there is nothing to enter.
    #[must_use]
    pub fn has(&self, wait: &Wait, waker: &Waker) -> bool {
        self.entries()
            .any(|entry| entry.is(wait, waker) && entry.waker.will_wake(waker))
    }

    /// The key that names a waiter here, given now if it has none; it keeps it till it leaves, also
    /// when it is woken meanwhile. None for a waiter without a place for a key.
    pub fn key(&mut self, wait: &mut Wait) -> Option<NonZeroU64> {
        if wait.key().is_none() && !wait.is_by_waker() {
            self.keys += 1;
            wait.set_key(NonZeroU64::new(self.keys));
        }
        wait.key()
    }

    /// Enters a waiter, or gives the one that is there another waker, and returns the one it had,
    /// to be dropped once the lock is released.
    #[must_use = "a waker is dropped after the lock"]
    pub fn enter(&mut self, wait: &mut Wait, waker: Waker) -> Option<Waker> {
        if let Some(entry) = self.entries_mut().find(|entry| entry.is(wait, &waker)) {
            return Some(std::mem::replace(&mut entry.waker, waker));
        }
        let key = self.key(wait);
        let entry = Entry { key, waker };
        if self.first.is_none() {
            self.first = Some(entry);
        } else {
            self.rest.push(entry);
        }
        None
    }

    /// Takes a waiter out, if it is there, and returns its waker, to be dropped once the lock is
    /// released. A waiter without a key stays until it is woken.
    #[must_use = "a waker is dropped after the lock"]
    pub fn leave(&mut self, wait: &mut Wait) -> Option<Waker> {
        let key = wait.key()?;
        wait.set_key(None);
        if self.first.as_ref().is_some_and(|e| e.key == Some(key)) {
            return self.first.take().map(|entry| entry.waker);
        }
        let at = self.rest.iter().position(|e| e.key == Some(key))?;
        Some(self.rest.swap_remove(at).waker)
    }

    /// Takes everybody out, to be woken once the lock is released.
    pub fn take(&mut self) -> Woken {
        Woken {
            first: self.first.take(),
            rest: std::mem::take(&mut self.rest),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.first.iter().chain(&self.rest)
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.first.iter_mut().chain(&mut self.rest)
    }
}

impl Entry {
    fn is(&self, wait: &Wait, waker: &Waker) -> bool {
        match self.key {
            Some(key) => wait.key() == Some(key),
            None => wait.is_by_waker() && self.waker.will_wake(waker),
        }
    }
}

impl fmt::Debug for WaitList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitList")
            .field("n_waiters", &self.entries().count())
            .finish()
    }
}

/// Waiters that were taken out of a list and are still to be woken.
#[must_use = "they wait until `wake` is called"]
pub struct Woken {
    first: Option<Entry>,
    rest: Vec<Entry>,
}

impl Woken {
    /// Wakes all of them.
    ///
    /// `L011` A waker that panics costs no other waiter its wake-up, and not the thread either.
    pub fn wake(self) {
        for entry in self.first.into_iter().chain(self.rest) {
            wake(entry.waker);
        }
    }
}

/// Wakes; a panic of the waker is swallowed after the panic hook ran (`L011`).
pub fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

impl fmt::Debug for Woken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_waiters = usize::from(self.first.is_some()) + self.rest.len();
        f.debug_struct("Woken")
            .field("n_waiters", &n_waiters)
            .finish()
    }
}
