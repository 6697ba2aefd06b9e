//! The tasks that wait for one direction of a source: any number of them.
//!
//! Plain data without a lock: whoever calls it holds one, and drops or wakes what it gives back
//! after releasing it. It knows nothing of readiness.

use std::{mem, num::NonZeroU64, task::Waker};

use anyrt_api::io::Wait;

/// A list of wakers. The first has its place in the list itself: there is seldom a second.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    first: Option<Waiter>,
    others: Vec<Waiter>,
    /// The last key that was given.
    last_key: u64,
}

#[derive(Debug)]
struct Waiter {
    /// `None`: told apart by its waker.
    key: Option<NonZeroU64>,
    waker: Waker,
}

impl Waiters {
    /// Puts `waker` in the list, in the place that `wait` names if it has one. Gives back a waker
    /// to be dropped.
    pub(crate) fn add(&mut self, wait: &mut Wait, waker: Waker) -> Option<Waker> {
        let known = match wait.key() {
            Some(key) => self.iter_mut().find(|waiter| waiter.key == Some(key)),
            None if wait.is_by_waker() => self
                .iter_mut()
                .find(|waiter| waiter.key.is_none() && waiter.waker.will_wake(&waker)),
            None => None,
        };
        if let Some(waiter) = known {
            return Some(mem::replace(&mut waiter.waker, waker));
        }
        let key = if wait.is_by_waker() {
            None
        } else {
            Some(self.new_key())
        };
        wait.set_key(key);
        let waiter = Waiter { key, waker };
        match &mut self.first {
            first @ None => *first = Some(waiter),
            Some(_) => self.others.push(waiter),
        }
        None
    }

    /// Takes the waiter out. Gives back a waker to be dropped.
    pub(crate) fn remove(&mut self, wait: &mut Wait) -> Option<Waker> {
        let key = Some(wait.key()?);
        wait.set_key(None);
        if let Some(waiter) = self.first.take_if(|waiter| waiter.key == key) {
            return Some(waiter.waker);
        }
        let position = self.others.iter().position(|waiter| waiter.key == key)?;
        Some(self.others.swap_remove(position).waker)
    }

    /// Takes all of them, to be woken.
    pub(crate) fn take_all(&mut self, wakers: &mut Vec<Waker>) {
        let others = mem::take(&mut self.others);
        wakers.extend(
            self.first
                .take()
                .into_iter()
                .chain(others)
                .map(|waiter| waiter.waker),
        );
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Waiter> {
        self.first.iter_mut().chain(&mut self.others)
    }

    /// A key that no waiter of this list has had before.
    fn new_key(&mut self) -> NonZeroU64 {
        self.last_key += 1;
        NonZeroU64::new(self.last_key).expect("a counter of 64 bits does not wrap")
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Wake};

    use super::*;

    struct Idle;

    impl Wake for Idle {
        fn wake(self: Arc<Self>) {}
    }

    fn waker() -> Waker {
        Waker::from(Arc::new(Idle))
    }

    fn len(waiters: &mut Waiters) -> usize {
        waiters.iter_mut().count()
    }

    #[test]
    fn a_waiter_keeps_its_place_and_its_latest_waker() {
        let (mut waiters, mut wait) = (Waiters::default(), Wait::new());
        let (old, new) = (waker(), waker());
        assert!(waiters.add(&mut wait, old.clone()).is_none());
        let displaced = waiters.add(&mut wait, new.clone()).expect("it was there");
        assert!(displaced.will_wake(&old));
        let removed = waiters.remove(&mut wait).expect("it is there");
        assert!(removed.will_wake(&new) && wait.key().is_none());
        assert_eq!(len(&mut waiters), 0);
    }

    #[test]
    fn one_that_leaves_takes_nobody_with_it() {
        let mut waiters = Waiters::default();
        let mut waits: Vec<_> = (0..4).map(|_| Wait::new()).collect();
        for wait in &mut waits {
            waiters.add(wait, waker());
        }
        waiters.remove(&mut waits[0]);
        waiters.remove(&mut waits[2]);
        assert!(waiters.remove(&mut waits[0]).is_none());
        assert_eq!(len(&mut waiters), 2);
        let mut wakers = Vec::new();
        waiters.take_all(&mut wakers);
        assert_eq!((wakers.len(), len(&mut waiters)), (2, 0));
        // The key is out of date, and is replaced.
        let stale = waits[1].key();
        waiters.add(&mut waits[1], waker());
        assert_ne!(waits[1].key(), stale);
    }

    #[test]
    fn a_waiter_without_a_place_is_known_by_its_waker() {
        let (mut waiters, mut wait) = (Waiters::default(), Wait::by_waker());
        let (one, two) = (waker(), waker());
        waiters.add(&mut wait, one.clone());
        waiters.add(&mut wait, one);
        waiters.add(&mut wait, two);
        assert_eq!(len(&mut waiters), 2);
        assert!(waiters.remove(&mut wait).is_none());
    }
}
