//! The list of waiters of one direction of one object: [`WaitList`]. No lock, no user code.
//!
//! Whoever holds it holds a lock, so nothing here clones, wakes or drops a waker: wakers come in
//! cloned, and go out to be dropped or woken once the lock is released.
//!
//! # Waiters without a place
//!
//! A waiter that has no place for a key ([`Wait::by_waker`]) cannot take itself out, so its waker
//! stays until it is woken. An object where nothing happens, and that is polled with ever new
//! wakers, would collect them without end (`L008`). So there are [`UNNAMED_MAX`] of them at most:
//! one more puts out another, as a rule the one that has waited longest, which is woken. Its task,
//! if it still waits, polls again and is in the list again; nobody loses a wake-up.

use std::fmt;
use std::num::NonZeroU32;
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
    keys: u32,
}

struct Entry {
    /// `None` for a waiter that has no key: its waker tells it apart.
    key: Option<NonZeroU32>,
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
    /// when it is woken meanwhile. None for a waiter without a place for a key, and once all keys
    /// have been given out.
    pub fn key(&mut self, wait: &mut Wait) -> Option<NonZeroU32> {
        if wait.key().is_none() && !wait.is_by_waker() && self.keys < KEYS_MAX {
            self.keys += 1;
            wait.set_key(NonZeroU32::new(self.keys));
        }
        wait.key()
    }

    /// Enters a waiter, or gives the one that is there another waker. What that puts out of the
    /// list is returned, to be settled once the lock is released.
    pub fn enter(&mut self, wait: &mut Wait, waker: Waker) -> Displaced {
        if let Some(entry) = self.entries_mut().find(|entry| entry.is(wait, &waker)) {
            return Displaced::Stale(std::mem::replace(&mut entry.waker, waker));
        }
        let key = self.key(wait);
        let surplus = if key.is_none() { self.surplus() } else { None };
        let entry = Entry { key, waker };
        if self.first.is_none() {
            self.first = Some(entry);
        } else {
            self.rest.push(entry);
        }
        surplus.map_or(Displaced::Nobody, Displaced::Surplus)
    }

    /// Takes out a waiter without a key, if there is no room for another.
    fn surplus(&mut self) -> Option<Waker> {
        let n_unnamed = self.entries().filter(|entry| entry.key.is_none()).count();
        if n_unnamed < UNNAMED_MAX {
            return None;
        }
        if let Some(first) = self.first.take_if(|entry| entry.key.is_none()) {
            return Some(first.waker);
        }
        let at = self.rest.iter().position(|entry| entry.key.is_none())?;
        Some(self.rest.remove(at).waker)
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

    /// Takes everybody's waker out, for a caller that collects those of several lists.
    pub fn take_into(&mut self, wakers: &mut Vec<Waker>) {
        let rest = std::mem::take(&mut self.rest);
        let all = self.first.take().into_iter().chain(rest);
        wakers.extend(all.map(|entry| entry.waker));
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
            None => wait.key().is_none() && self.waker.will_wake(waker),
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

/// Keys that one list gives out, each once: one of somebody who was woken, and has yet to notice,
/// must take out nobody else. Above them are those of [`WaitPair`](super::WaitPair).
pub(super) const KEYS_MAX: u32 = u32::MAX >> 1;

/// Waiters without a key that one list keeps. Each is a task that polls through a shared reference,
/// on one object, in one direction: above this number they keep waking each other.
const UNNAMED_MAX: usize = 256;

/// The waker that an entry put out of the list.
#[must_use = "it is settled once the lock is released"]
#[derive(Debug)]
pub enum Displaced {
    /// There was room.
    Nobody,
    /// The waiter's own, from an earlier poll.
    Stale(Waker),
    /// Of a waiter for which there is no room any more, and which must poll again.
    Surplus(Waker),
}

impl Displaced {
    /// Drops a stale waker, wakes a surplus one.
    pub fn settle(self) {
        if let Displaced::Surplus(waker) = self {
            wake(waker);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn task() -> (Arc<Task>, Waker) {
        let task = Arc::new(Task::default());
        (Arc::clone(&task), Waker::from(task))
    }

    fn len(list: &WaitList) -> usize {
        list.entries().count()
    }

    #[test]
    fn a_waiter_keeps_its_place_and_its_latest_waker() {
        let (mut list, mut wait) = (WaitList::new(), Wait::new());
        let ((_, old), (_, new)) = (task(), task());
        assert!(matches!(
            list.enter(&mut wait, old.clone()),
            Displaced::Nobody
        ));
        match list.enter(&mut wait, new.clone()) {
            Displaced::Stale(stale) => assert!(stale.will_wake(&old)),
            other => panic!("{other:?}"),
        }
        let left = list.leave(&mut wait).expect("it is there");
        assert!(left.will_wake(&new) && wait.key().is_none() && list.is_empty());
    }

    #[test]
    fn one_that_leaves_takes_nobody_with_it() {
        let mut list = WaitList::new();
        let mut waits: Vec<_> = (0..4).map(|_| Wait::new()).collect();
        for wait in &mut waits {
            list.enter(wait, task().1).settle();
        }
        assert!(list.leave(&mut waits[0]).is_some());
        assert!(list.leave(&mut waits[2]).is_some());
        assert!(list.leave(&mut waits[0]).is_none());
        let mut wakers = Vec::new();
        list.take_into(&mut wakers);
        assert_eq!((wakers.len(), len(&list)), (2, 0));
    }

    #[test]
    fn a_list_without_a_key_left_gives_none_out_twice_and_wakes_all() {
        let mut list = WaitList::new();
        list.keys = KEYS_MAX - 1;
        let mut waits: [Wait; 3] = Default::default();
        let tasks: Vec<_> = (0..3).map(|_| task()).collect();
        for (wait, (_, waker)) in waits.iter_mut().zip(&tasks) {
            list.enter(wait, waker.clone()).settle();
        }
        let keys = waits.each_ref().map(Wait::key);
        assert_eq!(keys, [NonZeroU32::new(KEYS_MAX), None, None]);
        assert!(list.leave(&mut waits[1]).is_none());
        list.take().wake();
        assert!(
            tasks
                .iter()
                .all(|(task, _)| task.0.load(Ordering::Relaxed) == 1)
        );
    }

    #[test]
    fn waiters_without_a_key_are_bounded_and_those_put_out_are_woken() {
        let (mut list, mut named) = (WaitList::new(), Wait::new());
        let (keeps, waker) = task();
        list.enter(&mut named, waker).settle();
        let tasks: Vec<_> = (0..10 * UNNAMED_MAX).map(|_| task()).collect();
        for (_, waker) in &tasks {
            list.enter(&mut Wait::by_waker(), waker.clone()).settle();
            assert!(len(&list) <= UNNAMED_MAX + 1);
        }
        let woken = |(task, _): &(Arc<Task>, Waker)| task.0.load(Ordering::Relaxed) == 1;
        let (old, young) = tasks.split_at(tasks.len() - UNNAMED_MAX);
        assert!(old.iter().all(woken), "one that was put out was not woken");
        assert!(
            !young.iter().any(woken),
            "the one that waited longest goes first"
        );
        list.take().wake();
        assert!(tasks.iter().all(woken));
        assert_eq!(keeps.0.load(Ordering::Relaxed), 1);
    }
}
