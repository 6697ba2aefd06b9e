//! The wheel against its deadlines, and against a sorted set.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Wake,
};

use super::*;

/// As many ticks as the levels span together.
const SPAN: u64 = (SLOTS as u64) << (SLOT_BITS * (LEVELS as u32 - 1));

#[derive(Default)]
struct Count(AtomicU64);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Advances `wheel` to `now` and returns how many entries came out.
fn advance(wheel: &mut Wheel, now: u64) -> usize {
    let mut due = Vec::new();
    wheel.advance(now, &mut due);
    due.len()
}

#[test]
fn each_entry_is_due_at_its_tick_and_not_before() {
    for deadline in [
        1,
        63,
        64,
        65,
        127,
        128,
        129,
        4096,
        8191,
        8192,
        8193,
        1 << 20,
        SPAN - 1,
        SPAN,
        1 << 50,
    ] {
        let mut wheel = Wheel::new(0);
        wheel.insert(deadline, Waker::noop().clone());
        assert_eq!(advance(&mut wheel, deadline - 1), 0, "early for {deadline}");
        assert!(wheel.next_tick().is_some_and(|tick| tick <= deadline));
        assert_eq!(advance(&mut wheel, deadline), 1, "late for {deadline}");
        assert_eq!(wheel.next_tick(), None);
    }
}

#[test]
fn an_entry_for_ever_away_never_comes_and_overflows_nothing() {
    let mut wheel = Wheel::new(0);
    advance(&mut wheel, 12_345);
    let (key, _) = wheel.insert(u64::MAX, Waker::noop().clone());
    assert_eq!(advance(&mut wheel, 1 << 60), 0);
    assert!(wheel.remove(key).is_some());
    assert_eq!(wheel.next_tick(), None);
}

#[test]
fn a_key_is_false_once_its_entry_has_gone() {
    let mut wheel = Wheel::new(0);
    let (first, _) = wheel.insert(10, Waker::noop().clone());
    assert!(wheel.remove(first).is_some());
    let (second, _) = wheel.insert(10, Waker::noop().clone());
    assert!(wheel.remove(first).is_none(), "the place was used again");
    assert!(wheel.waker_mut(first).is_none());
    assert!(wheel.waker_mut(second).is_some());
    assert_eq!(advance(&mut wheel, 10), 1);
    assert!(wheel.remove(second).is_none());
}

#[test]
fn drained_wakers_are_all_of_them() {
    let mut wheel = Wheel::new(0);
    let (key, _) = wheel.insert(5, Waker::noop().clone());
    wheel.insert(1 << 30, Waker::noop().clone());
    let mut wakers = Vec::new();
    wheel.drain(&mut wakers);
    assert_eq!(wakers.len(), 2);
    assert!(wheel.remove(key).is_none());
    assert_eq!(wheel.next_tick(), None);
}

#[test]
fn it_agrees_with_a_sorted_set() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut wheel = Wheel::new(0);
    let mut model = BTreeSet::new();
    let mut keys = Vec::new();
    let mut now = 0;
    for _ in 0..50_000 {
        match random.u32(0..10) {
            0..5 => {
                let bits = random.u32(1..36);
                let deadline = now + 1 + random.u64(0..1 << bits);
                let (key, start) = wheel.insert(deadline, Waker::noop().clone());
                assert!(now < start && start <= deadline);
                assert!(wheel.next_tick().is_some_and(|next| next <= start));
                assert!(model.insert((deadline, key.sequence.get())));
                keys.push((deadline, key));
            }
            5..8 if !keys.is_empty() => {
                let (deadline, key) = keys.swap_remove(random.usize(0..keys.len()));
                let pending = model.remove(&(deadline, key.sequence.get()));
                assert_eq!(wheel.remove(key).is_some(), pending);
            }
            _ => {
                let bits = random.u32(1..34);
                now += random.u64(0..1 << bits);
                let later = model.split_off(&(now + 1, 0));
                assert_eq!(advance(&mut wheel, now), model.len());
                model = later;
                let first = model.first().map(|&(deadline, _)| deadline);
                assert_eq!(wheel.next_tick().is_some(), first.is_some());
                assert!(wheel.next_tick().is_none_or(|tick| now < tick));
                assert!(wheel.next_tick() <= first);
            }
        }
        if random.u32(0..50) == 0 {
            check(&wheel);
        }
    }
}

/// Each entry is in the list that it says, of a slot that is ahead and in reach; and a slot has its
/// bit if it is not empty.
fn check(wheel: &Wheel) {
    let mut n_entries = 0;
    for (list, &head) in wheel.heads.iter().enumerate() {
        let (level, bit) = (list / SLOTS, list % SLOTS);
        assert_eq!(wheel.occupied[level] >> bit & 1 == 1, head != NIL);
        let (mut previous, mut index) = (NIL, head);
        while index != NIL {
            let entry = &wheel.entries[index as usize];
            assert_eq!((usize::from(entry.list), entry.previous), (list, previous));
            assert!(entry.waker.is_some() && entry.deadline > wheel.elapsed);
            let here = wheel.elapsed >> shift_of(level);
            let ahead = (list as u64).wrapping_sub(here) % SLOTS as u64;
            let slot = entry.deadline >> shift_of(level);
            assert!(ahead > 0 && here + ahead <= slot);
            assert!(here + ahead == slot || level == LEVELS - 1);
            (previous, index) = (index, entry.next);
            n_entries += 1;
        }
    }
    assert_eq!(n_entries, wheel.n_entries);
}

/// True if time comes to a slot of a higher level by `now` that is not empty.
fn has_to_move_at_once(wheel: &Wheel, now: u64) -> bool {
    let mut starts = (1..LEVELS).filter_map(|level| wheel.next_start(level));
    starts.any(|start| start <= now)
}

/// Deadlines as dense for long, so that a slot of the third level holds thousands: none of these
/// is left for the tick at which time comes to it.
#[test]
fn a_crowd_has_moved_when_time_comes_to_it() {
    let mut random = fastrand::Rng::with_seed(13);
    let mut wheel = Wheel::new(0);
    let mut model = BTreeSet::new();
    let end = 8 * 4096;
    for _ in 0..end * 3 {
        let deadline = 3000 + random.u64(0..end);
        let (key, _) = wheel.insert(deadline, Waker::noop().clone());
        model.insert((deadline, key.sequence.get()));
    }
    let mut now = 0;
    while let Some(&(first, _)) = model.first() {
        // As the driver, which sleeps until there is something to do, and then a little more.
        let next = wheel.next_tick().expect("an entry is there");
        assert!(now < next && next <= first);
        now = next + random.u64(0..3);
        let is_first = now < 3000 + 64;
        assert!(is_first || !has_to_move_at_once(&wheel, now), "at {now}");
        let later = model.split_off(&(now + 1, 0));
        assert_eq!(advance(&mut wheel, now), model.len());
        model = later;
        if now % 512 < 2 {
            check(&wheel);
        }
    }
}

/// Law `L078`, whose backend has to have a clock of its own: time goes from one entry to the
/// next, near ones and such as lie several times beyond all levels.
#[test]
fn entries_beyond_the_top_level_come_exactly_then() {
    let mut random = fastrand::Rng::with_seed(78);
    for _ in 0..200 {
        let mut wheel = Wheel::new(0);
        let mut model = BTreeSet::new();
        let mut now = random.u64(0..SPAN * 2);
        advance(&mut wheel, now);
        for _ in 0..20 {
            let bits = random.u32(1..47);
            let deadline = now + 1 + random.u64(0..1 << bits);
            let (key, _) = wheel.insert(deadline, Waker::noop().clone());
            model.insert((deadline, key.sequence.get()));
        }
        while let Some(&(deadline, _)) = model.first() {
            // The driver sleeps no longer than this, again and again.
            now = wheel.next_tick().expect("an entry is there");
            assert!(now <= deadline);
            let later = model.split_off(&(now + 1, 0));
            assert_eq!(advance(&mut wheel, now), model.len());
            model = later;
            check(&wheel);
        }
        assert_eq!(wheel.next_tick(), None);
    }
}

#[test]
fn a_crowd_leaves_no_memory_behind() {
    let mut wheel = Wheel::new(0);
    let count = Arc::new(Count::default());
    for n in 0..100_000 {
        wheel.insert(1 + n % 1000, Waker::from(count.clone()));
    }
    assert_eq!(advance(&mut wheel, 1000), 100_000);
    assert_eq!(wheel.entries.capacity(), 0);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn a_crowd_that_is_removed_leaves_no_memory_behind() {
    let mut wheel = Wheel::new(0);
    let insert = |n| wheel.insert(1 + n, Waker::noop().clone()).0;
    let keys: Vec<_> = (0..10_000_u64).map(insert).collect();
    for key in keys {
        assert!(wheel.remove(key).is_some());
    }
    assert_eq!(wheel.entries.capacity(), 0);
    assert_eq!(wheel.next_tick(), None);
}
