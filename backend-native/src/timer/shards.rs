//! The wheels of a runtime, each with its lock, and the one alarm over all of them.
//!
//! It counts in ticks and knows no clock and no thread. `mod.rs` calls it; why no insertion is
//! slept through stands in `ALARM.md`.
//!
//! A shard's next tick stands beside its lock as well, so that one with nothing to do costs whoever
//! goes around one load. It is never later than the wheel's: an insertion lowers it, a removal
//! leaves it, and firing, or a driver that is about to sleep for it, reads it anew from the wheel.

use std::{sync::atomic::Ordering::Relaxed, task::Waker};

use super::{
    alarm::{Alarm, NEVER},
    wheel::{Key, Wheel},
};
use crate::sync::{AtomicU64, Mutex, MutexGuard, lock};

/// All wheels of a runtime.
#[derive(Debug)]
pub(crate) struct Shards {
    alarm: Alarm,
    shards: Box<[Shard]>,
}

/// One wheel. It has its cache lines for itself, so that those who use different ones do not meet.
#[derive(Debug)]
#[repr(align(128))]
struct Shard {
    /// Not after the wheel's next tick. Written under the lock.
    next: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    wheel: Wheel,
    closed: bool,
}

impl Shards {
    pub(crate) fn new(n_shards: u32) -> Self {
        Self {
            alarm: Alarm::new(),
            shards: (0..n_shards).map(Shard::new).collect(),
        }
    }

    /// Adds an entry to shard `home`; if there are fewer, to the last. `now` is the present tick.
    ///
    /// The second result: the driver sleeps for too long and has to be woken. `Err` gives the waker
    /// back: the end has come.
    // Or else what it returns is written in pieces and read as a whole: see `Key`.
    #[inline(always)]
    pub(super) fn insert(
        &self,
        home: usize,
        now: u64,
        deadline: u64,
        waker: Waker,
    ) -> Result<(Key, bool), Waker> {
        let shard = &self.shards[home.min(self.shards.len() - 1)];
        let mut inner = lock(&shard.inner);
        if inner.closed {
            drop(inner);
            return Err(waker);
        }
        let next = shard.next.load(Relaxed);
        if now < next {
            inner.wheel.pass(now);
        }
        let (key, tick) = inner.wheel.insert(deadline, waker);
        // Whoever is not the first has one before it that the alarm is set for.
        if tick >= next {
            return Ok((key, false));
        }
        shard.next.store(tick, Relaxed);
        let too_late = self.alarm.forestall(tick);
        Ok((key, too_late))
    }

    /// True if the entry is still there and has a waker as good as `waker`.
    pub(super) fn wakes(&self, key: Key, waker: &Waker) -> bool {
        let mut inner = self.of(key);
        let kept = inner.wheel.waker_mut(key);
        kept.is_some_and(|kept| kept.will_wake(waker))
    }

    /// Puts `waker` in the place of an entry's waker, and gives back the one that is not needed:
    /// the displaced one, or, with `Err`, the new one because the entry has gone.
    pub(super) fn replace(&self, key: Key, waker: Waker) -> Result<Waker, Waker> {
        match self.of(key).wheel.waker_mut(key) {
            Some(place) => Ok(std::mem::replace(place, waker)),
            None => Err(waker),
        }
    }

    /// Removes an entry and gives its waker back, if it is still there.
    pub(super) fn remove(&self, key: Key) -> Option<Waker> {
        self.of(key).wheel.remove(key)
    }

    /// The driver goes to sleep: until which tick? That is at the earliest `not_before`, and
    /// [`NEVER`] if there is nothing to wait for. `None`: it has to look again instead.
    ///
    /// From now on until it fires, an insertion before that asks to wake it.
    pub(super) fn set_alarm(&self, not_before: u64) -> Option<u64> {
        self.alarm.begin();
        let least = self.next_tick();
        let is_soon = least < not_before;
        let set = self.alarm.set((!is_soon).then_some(least));
        set.then_some(least.max(not_before))
    }

    /// True if nothing is in any wheel, or was since a driver last looked.
    pub(super) fn are_empty(&self) -> bool {
        let is_empty = |shard: &Shard| shard.next.load(Relaxed) == NEVER;
        self.shards.iter().all(is_empty)
    }

    /// Takes the wakers of all that is due by `now` into `due`. From the driver alone.
    pub(super) fn fire(&self, now: u64, due: &mut Vec<Waker>) {
        self.alarm.wake();
        for shard in &self.shards {
            if shard.next.load(Relaxed) <= now {
                shard.fire(now, due);
            }
        }
    }

    /// The end: no timer fires any more. Takes all wakers.
    pub(super) fn close(&self, wakers: &mut Vec<Waker>) {
        for shard in &self.shards {
            let mut inner = lock(&shard.inner);
            inner.closed = true;
            inner.wheel.drain(wakers);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.shards
            .first()
            .is_none_or(|shard| lock(&shard.inner).closed)
    }

    fn of(&self, key: Key) -> MutexGuard<'_, Inner> {
        lock(&self.shards[key.wheel()].inner)
    }

    /// The least next tick of all shards, as their wheels have it.
    fn next_tick(&self) -> u64 {
        loop {
            let next = |shard: &&Shard| shard.next.load(Relaxed);
            let Some(first) = self.shards.iter().min_by_key(next) else {
                return NEVER;
            };
            let expected = next(&first);
            if expected == NEVER {
                return NEVER;
            }
            // What was removed since must not wake the driver.
            let tick = first.look();
            if tick <= expected {
                return tick;
            }
        }
    }
}

impl Shard {
    fn new(number: u32) -> Self {
        let wheel = Wheel::new(number);
        Self {
            next: AtomicU64::new(NEVER),
            inner: Mutex::new(Inner {
                wheel,
                closed: false,
            }),
        }
    }

    /// The wheel's next tick, which is the shard's from now on.
    fn look(&self) -> u64 {
        self.note(&lock(&self.inner))
    }

    fn fire(&self, now: u64, due: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        inner.wheel.advance(now, due);
        self.note(&inner);
    }

    fn note(&self, inner: &Inner) -> u64 {
        let next = inner.wheel.next_tick().unwrap_or(NEVER).min(NEVER);
        self.next.store(next, Relaxed);
        next
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    fn insert(shards: &Shards, home: usize, deadline: u64) -> (Key, bool) {
        let inserted = shards.insert(home, 0, deadline, Waker::noop().clone());
        inserted.expect("it is open")
    }

    fn fire(shards: &Shards, now: u64) -> usize {
        let mut due = Vec::new();
        shards.fire(now, &mut due);
        due.len()
    }

    #[test]
    fn the_alarm_is_for_the_first_of_all_shards() {
        let shards = Shards::new(3);
        assert_eq!(shards.set_alarm(0), Some(NEVER));
        assert!(insert(&shards, 2, 50).1, "the driver sleeps for ever");
        assert!(!insert(&shards, 1, 40).1, "it is woken already");
        assert_eq!(shards.set_alarm(0), Some(40));
        assert!(!insert(&shards, 0, 45).1);
        assert!(insert(&shards, 7, 30).1, "another runtime's home");
        assert_eq!(fire(&shards, 45), 3);
        assert_eq!(shards.set_alarm(0), Some(50));
        assert!(!shards.are_empty());
        assert_eq!(fire(&shards, 50), 1);
        assert_eq!(shards.set_alarm(0), Some(NEVER));
        assert!(shards.are_empty());
    }

    #[test]
    fn no_alarm_is_set_for_what_was_removed() {
        let shards = Shards::new(2);
        let (first, _) = insert(&shards, 0, 10);
        let (second, _) = insert(&shards, 1, 20);
        assert!(shards.remove(first).is_some());
        assert_eq!(shards.set_alarm(0), Some(20));
        assert!(shards.remove(second).is_some());
        assert_eq!(shards.set_alarm(0), Some(NEVER));
    }

    #[test]
    fn an_alarm_that_is_put_off_is_not_moved_by_an_insertion() {
        let shards = Shards::new(1);
        insert(&shards, 0, 10);
        assert_eq!(shards.set_alarm(12), Some(12));
        assert!(!insert(&shards, 0, 5).1, "it rings at 12");
        assert_eq!(fire(&shards, 12), 2);
        assert_eq!(shards.set_alarm(12), Some(NEVER));
    }

    /// A shard in which nothing was due for long does not send the driver through its past.
    #[test]
    fn time_passes_in_a_shard_that_is_left_alone() {
        let shards = Shards::new(2);
        let now = 1_000_000;
        assert_eq!(fire(&shards, now), 0);
        let (_, _) = shards
            .insert(1, now, now + 20, Waker::noop().clone())
            .expect("it is open");
        assert_eq!(shards.set_alarm(0), Some(now + 20));
    }

    #[test]
    fn an_entry_wakes_by_its_waker_until_it_has_gone() {
        struct Bell;
        impl std::task::Wake for Bell {
            fn wake(self: std::sync::Arc<Self>) {}
        }
        let shards = Shards::new(1);
        let (key, _) = insert(&shards, 0, 10);
        let other = Waker::from(std::sync::Arc::new(Bell));
        assert!(shards.wakes(key, Waker::noop()));
        assert!(!shards.wakes(key, &other));
        assert!(shards.replace(key, other.clone()).is_ok());
        assert!(shards.wakes(key, &other) && !shards.wakes(key, Waker::noop()));
        assert_eq!(fire(&shards, 10), 1);
        assert!(!shards.wakes(key, &other));
    }

    #[test]
    fn after_the_end_wakers_come_back() {
        let shards = Shards::new(2);
        insert(&shards, 0, 10);
        insert(&shards, 1, 10);
        let mut wakers = Vec::new();
        shards.close(&mut wakers);
        assert!(shards.is_closed());
        assert_eq!(wakers.len(), 2);
        for home in 0..2 {
            assert!(shards.insert(home, 0, 10, Waker::noop().clone()).is_err());
        }
    }
}
