//! Who waits on an object that is read and written: [`WaitPair`]. No lock, no user code.
//!
//! It is a [`WaitList`] for each direction, but small while at most one task waits, since most
//! objects never see a second: 32 bytes. Whoever holds it holds a lock; wakers come in cloned and
//! go out to be dropped or woken, as with the lists.

use std::fmt;
use std::num::NonZeroU32;
use std::task::Waker;

use anyrt_api::io::{Direction, Wait};

use super::{Displaced, WaitList, list::KEYS_MAX};

/// The waiters of both directions of one object. One of them has its place here; the others are in
/// lists on the heap, made for the first of them and kept.
#[derive(Default)]
pub struct WaitPair {
    first: Option<Waker>,
    rest: Option<Box<Rest>>,
    /// Counts those who were first, up to `KEYS_MAX`.
    n_first: u32,
    /// What the first waits for, and whether it has a key; else its waker tells it apart.
    reads: bool,
    is_named: bool,
}

#[derive(Default)]
struct Rest {
    read: WaitList,
    write: WaitList,
}

/// In the keys of those who are or were first, and in none that a list gives out.
const FIRST: u32 = KEYS_MAX + 1;

impl WaitPair {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        WaitPair {
            first: None,
            rest: None,
            n_first: 0,
            reads: false,
            is_named: false,
        }
    }

    /// Enters a waiter, or gives the one that is there another waker. What that puts out is
    /// returned, to be settled once the lock is released.
    ///
    /// A `Wait` is for one direction of one object.
    pub fn enter(&mut self, direction: Direction, wait: &mut Wait, waker: Waker) -> Displaced {
        if self.is_first(direction, wait, &waker) {
            let stale = self.first.replace(waker);
            return stale.map_or(Displaced::Nobody, Displaced::Stale);
        }
        // It may be in its list already, unless there is nobody in it.
        if self.first.is_some() || self.list(direction).is_some_and(|list| !list.is_empty()) {
            let rest = self.rest.get_or_insert_default();
            return rest.list_mut(direction).enter(wait, waker);
        }
        // The last number would make the key that says that there is none.
        let has_keys = self.n_first < KEYS_MAX - 1;
        self.n_first += u32::from(has_keys);
        wait.set_key(self.first_key().filter(|_| has_keys));
        self.first = Some(waker);
        self.reads = direction == Direction::Read;
        self.is_named = wait.key().is_some();
        Displaced::Nobody
    }

    /// Takes a waiter out, if it is there, and returns its waker, to be dropped once the lock is
    /// released. A waiter without a key stays until it is woken.
    #[must_use = "a waker is dropped after the lock"]
    pub fn leave(&mut self, direction: Direction, wait: &mut Wait) -> Option<Waker> {
        if self.first.is_some() && self.is_named && wait.key() == self.first_key() {
            wait.set_key(None);
            return self.first.take();
        }
        match &mut self.rest {
            Some(rest) => rest.list_mut(direction).leave(wait),
            None => {
                wait.set_key(None);
                None
            }
        }
    }

    /// Takes the wakers of all who wait for `direction`.
    pub fn take_into(&mut self, direction: Direction, wakers: &mut Vec<Waker>) {
        if self.reads == (direction == Direction::Read) {
            wakers.extend(self.first.take());
        }
        if let Some(rest) = &mut self.rest {
            rest.list_mut(direction).take_into(wakers);
        }
    }

    fn is_first(&self, direction: Direction, wait: &Wait, waker: &Waker) -> bool {
        let Some(first) = &self.first else {
            return false;
        };
        let same = match self.is_named {
            true => wait.key() == self.first_key(),
            false => wait.key().is_none() && first.will_wake(waker),
        };
        same && self.reads == (direction == Direction::Read)
    }

    /// The key of the last that was first.
    fn first_key(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(FIRST | self.n_first)
    }

    fn list(&self, direction: Direction) -> Option<&WaitList> {
        self.rest.as_ref().map(|rest| match direction {
            Direction::Read => &rest.read,
            Direction::Write => &rest.write,
        })
    }
}

impl Rest {
    fn list_mut(&mut self, direction: Direction) -> &mut WaitList {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

impl fmt::Debug for WaitPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitPair")
            .field("first", &self.first.is_some())
            .field("read", &self.list(Direction::Read))
            .field("write", &self.list(Direction::Write))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Wake;

    use Direction::{Read, Write};

    use super::*;

    struct Task;

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    fn task() -> (Arc<Task>, Waker) {
        let task = Arc::new(Task);
        (Arc::clone(&task), Waker::from(task))
    }

    fn enter(pair: &mut WaitPair, direction: Direction, wait: &mut Wait) -> Waker {
        let (_, waker) = task();
        let displaced = pair.enter(direction, wait, waker.clone());
        assert!(matches!(displaced, Displaced::Nobody));
        waker
    }

    /// The wakers taken out are these, in any order.
    fn takes(pair: &mut WaitPair, direction: Direction, expected: &[&Waker]) {
        let mut wakers = Vec::new();
        pair.take_into(direction, &mut wakers);
        assert_eq!(wakers.len(), expected.len());
        for waker in expected {
            assert!(wakers.iter().any(|taken| taken.will_wake(waker)));
        }
    }

    #[test]
    fn each_direction_has_its_own_waiters() {
        let mut pair = WaitPair::new();
        let mut waits: [Wait; 5] = Default::default();
        let wakers: Vec<_> = (waits.iter_mut().zip([Read, Write, Read, Write, Write]))
            .map(|(wait, direction)| enter(&mut pair, direction, wait))
            .collect();
        takes(&mut pair, Write, &[&wakers[1], &wakers[3], &wakers[4]]);
        takes(&mut pair, Write, &[]);
        takes(&mut pair, Read, &[&wakers[0], &wakers[2]]);
        takes(&mut pair, Read, &[]);
    }

    #[test]
    fn one_waiter_allocates_nothing_and_a_second_one_does() {
        let (mut pair, mut wait) = (WaitPair::new(), Wait::new());
        for direction in [Read, Write] {
            enter(&mut pair, direction, &mut wait);
            assert!(pair.rest.is_none());
            assert!(pair.leave(direction, &mut wait).is_some() && wait.key().is_none());
        }
        enter(&mut pair, Read, &mut Wait::new());
        enter(&mut pair, Write, &mut wait);
        assert!(pair.rest.is_some());
    }

    #[test]
    fn a_waiter_keeps_its_one_place_wherever_it_is() {
        let (mut pair, mut first, mut second) = (WaitPair::new(), Wait::new(), Wait::new());
        let mut wakers = [
            enter(&mut pair, Read, &mut first),
            enter(&mut pair, Read, &mut second),
        ];
        for (wait, waker) in [&mut first, &mut second].into_iter().zip(&mut wakers) {
            let (_, new) = task();
            match pair.enter(Read, wait, new.clone()) {
                Displaced::Stale(stale) => assert!(stale.will_wake(waker)),
                other => panic!("{other:?}"),
            }
            *waker = new;
        }
        assert!(pair.leave(Read, &mut first).is_some());
        // The first place is free, and the second waiter has one already.
        let (_, new) = task();
        let displaced = pair.enter(Read, &mut second, new.clone());
        assert!(matches!(displaced, Displaced::Stale(_)));
        takes(&mut pair, Read, &[&new]);
    }

    #[test]
    fn a_key_of_one_who_was_woken_takes_out_nobody_else() {
        let (mut pair, mut old, mut new) = (WaitPair::new(), Wait::new(), Wait::new());
        enter(&mut pair, Read, &mut old);
        pair.take_into(Read, &mut Vec::new());
        let waker = enter(&mut pair, Read, &mut new);
        assert!(pair.leave(Read, &mut old).is_none() && old.key().is_none());
        // In a list as well, with the key that it had in the first place.
        takes(&mut pair, Read, &[&waker]);
        enter(&mut pair, Write, &mut old);
        let waker = enter(&mut pair, Read, &mut new);
        let left = pair.leave(Read, &mut new).expect("it is there");
        assert!(left.will_wake(&waker) && new.key().is_none());
        assert!(pair.leave(Write, &mut old).is_some());
    }

    #[test]
    fn the_first_place_without_a_key_left_gives_none_out_twice() {
        let (mut pair, mut last, mut unnamed) = (WaitPair::new(), Wait::new(), Wait::new());
        pair.n_first = KEYS_MAX - 2;
        enter(&mut pair, Read, &mut last);
        assert!(last.key().is_some() && !last.is_by_waker());
        pair.take_into(Read, &mut Vec::new());
        let waker = enter(&mut pair, Read, &mut unnamed);
        assert!(unnamed.key().is_none());
        assert!(
            pair.leave(Read, &mut last).is_none(),
            "it has left long ago"
        );
        let displaced = pair.enter(Read, &mut unnamed, waker.clone());
        assert!(matches!(displaced, Displaced::Stale(_)));
        takes(&mut pair, Read, &[&waker]);
    }

    #[test]
    fn waiters_without_a_key_are_told_apart_by_waker_and_direction() {
        let (mut pair, (_, waker)) = (WaitPair::new(), task());
        for direction in [Read, Write] {
            let displaced = pair.enter(direction, &mut Wait::by_waker(), waker.clone());
            assert!(matches!(displaced, Displaced::Nobody));
        }
        for direction in [Read, Write] {
            let displaced = pair.enter(direction, &mut Wait::by_waker(), waker.clone());
            assert!(matches!(displaced, Displaced::Stale(_)));
        }
        assert!(pair.leave(Read, &mut Wait::by_waker()).is_none());
        takes(&mut pair, Write, &[&waker]);
        takes(&mut pair, Read, &[&waker]);
    }
}
