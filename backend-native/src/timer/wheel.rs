//! A hierarchical timer wheel, as pure data.
//!
//! It asks nobody for the time and takes no lock: `now` is an argument, in ticks, and a waker is a
//! value that goes in and comes out. `timer/mod.rs` calls it.
//!
//! There are seven levels of 64 slots. An entry stands on the level of the highest group of six
//! bits in which its deadline differs from `elapsed`, in the slot that the group names:
//!
//! ```text
//! level 0   one slot a tick            the next      64 ticks
//! level 1   one slot 64 ticks          the next    4096 ticks
//! ..
//! level 6   one slot 64^6 ticks        the next  64^7 ticks, and everything later
//! ```
//!
//! When time reaches a slot of level 0 its entries are due; of a higher level, they move down. So
//! an insertion and a removal touch one list each, and an entry moves at most six times. An entry
//! beyond the top level moves around in it until its deadline is in reach.

use std::task::Waker;

const LEVELS: usize = 7;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// The number of ticks that the levels span together.
const SPAN: u64 = 1 << (SLOT_BITS * LEVELS as u32);
/// The end of a list.
const NIL: u32 = u32::MAX;

/// Names an entry. It stays false for ever once the entry has fired or was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    sequence: u64,
}

struct Entry {
    /// Zero in a free entry.
    sequence: u64,
    deadline: u64,
    waker: Option<Waker>,
    /// The list that holds it: `level * SLOTS + slot`.
    list: u16,
    previous: u32,
    next: u32,
}

/// Deadlines in ticks, each with a waker.
pub(super) struct Wheel {
    elapsed: u64,
    entries: Vec<Entry>,
    /// The head of the list of free entries.
    free: u32,
    n_entries: usize,
    /// The sequence number of the last insertion.
    sequence: u64,
    heads: Box<[u32; LEVELS * SLOTS]>,
    /// One bit a slot that is not empty.
    occupied: [u64; LEVELS],
}

impl Wheel {
    /// An empty wheel at tick 0.
    pub(super) fn new() -> Self {
        Self {
            elapsed: 0,
            entries: Vec::new(),
            free: NIL,
            n_entries: 0,
            sequence: 0,
            heads: Box::new([NIL; LEVELS * SLOTS]),
            occupied: [0; LEVELS],
        }
    }

    /// Adds an entry. One that is due already comes out at the next tick.
    pub(super) fn insert(&mut self, deadline: u64, waker: Waker) -> Key {
        self.sequence += 1;
        let entry = Entry {
            sequence: self.sequence,
            deadline: deadline.max(self.elapsed + 1),
            waker: Some(waker),
            list: 0,
            previous: NIL,
            next: NIL,
        };
        let index = self.free;
        let index = if index == NIL {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).expect("memory ends before four billion timers")
        } else {
            let slot = &mut self.entries[index as usize];
            self.free = slot.next;
            *slot = entry;
            index
        };
        self.n_entries += 1;
        self.link(index);
        Key {
            index,
            sequence: self.sequence,
        }
    }

    /// The waker of a pending entry, to be replaced; `None` if it has fired or was removed.
    pub(super) fn waker_mut(&mut self, key: Key) -> Option<&mut Waker> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.sequence == key.sequence {
            entry.waker.as_mut()
        } else {
            None
        }
    }

    /// Removes an entry and gives its waker back; `None` if it has fired or was removed.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let entry = self.entries.get(key.index as usize)?;
        if entry.sequence != key.sequence {
            return None;
        }
        self.unlink(key.index);
        self.release(key.index)
    }

    /// The next tick at which [`advance`](Self::advance) has something to do. No entry is due
    /// before it; none need be due at it.
    pub(super) fn next_tick(&self) -> Option<u64> {
        self.next_slot().map(|(_, start)| start)
    }

    /// Moves time to `now` and takes the wakers of all entries that are due into `due`.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<Waker>) {
        while let Some((list, start)) = self.next_slot() {
            if start > now {
                break;
            }
            self.elapsed = start;
            let mut index = self.heads[list];
            self.heads[list] = NIL;
            self.occupied[list / SLOTS] &= !(1 << (list % SLOTS));
            while index != NIL {
                let next = self.entries[index as usize].next;
                if self.entries[index as usize].deadline <= start {
                    due.extend(self.release(index));
                } else {
                    self.link(index);
                }
                index = next;
            }
        }
        self.elapsed = self.elapsed.max(now);
        self.shrink();
    }

    /// Takes the wakers of all entries, due or not.
    pub(super) fn drain(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(
            self.entries
                .iter_mut()
                .filter_map(|entry| entry.waker.take()),
        );
        let (elapsed, sequence) = (self.elapsed, self.sequence);
        *self = Self {
            elapsed,
            sequence,
            ..Self::new()
        };
    }

    /// The first slot that is not empty, as the index of its list, and the tick at which it starts.
    fn next_slot(&self) -> Option<(usize, u64)> {
        // A lower level lies wholly before the next slot of a higher one.
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        let shift = SLOT_BITS * level as u32;
        // The slot that time is in comes last: what stands in it comes a whole turn later.
        let after = ((self.elapsed >> shift) as u32 + 1) % SLOTS as u32;
        let ahead = self.occupied[level].rotate_right(after).trailing_zeros();
        let slot = (after + ahead) % SLOTS as u32;
        let range = 1u64 << (shift + SLOT_BITS);
        let mut start = (self.elapsed & !(range - 1)) + (u64::from(slot) << shift);
        if start <= self.elapsed {
            // Only the top level wraps around.
            start = start.saturating_add(range);
        }
        Some((level * SLOTS + slot as usize, start))
    }

    /// Puts an entry, whose deadline lies ahead, into its list.
    fn link(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let differing = ((self.elapsed ^ entry.deadline) | (SLOTS as u64 - 1)).min(SPAN - 1);
        let level = ((u64::BITS - 1 - differing.leading_zeros()) / SLOT_BITS) as usize;
        let slot = (entry.deadline >> (SLOT_BITS * level as u32)) as usize % SLOTS;
        let list = level * SLOTS + slot;
        entry.list = list as u16;
        entry.previous = NIL;
        entry.next = self.heads[list];
        let next = entry.next;
        if next != NIL {
            self.entries[next as usize].previous = index;
        }
        self.heads[list] = index;
        self.occupied[level] |= 1 << slot;
    }

    fn unlink(&mut self, index: u32) {
        let Entry {
            list,
            previous,
            next,
            ..
        } = self.entries[index as usize];
        let list = usize::from(list);
        if next != NIL {
            self.entries[next as usize].previous = previous;
        }
        if previous != NIL {
            self.entries[previous as usize].next = next;
        } else {
            self.heads[list] = next;
            if next == NIL {
                self.occupied[list / SLOTS] &= !(1 << (list % SLOTS));
            }
        }
    }

    /// Frees an entry that is in no list.
    fn release(&mut self, index: u32) -> Option<Waker> {
        let entry = &mut self.entries[index as usize];
        entry.sequence = 0;
        entry.next = self.free;
        self.free = index;
        self.n_entries -= 1;
        entry.waker.take()
    }

    /// Gives memory back once a crowd of timers has gone.
    fn shrink(&mut self) {
        const KEPT: usize = 1024;
        if self.n_entries == 0 && self.entries.capacity() > KEPT {
            self.entries = Vec::new();
            self.free = NIL;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering::Relaxed},
        },
        task::Wake,
    };

    use super::*;

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
            4095,
            4096,
            4097,
            1 << 20,
            (1 << 42) - 1,
            1 << 42,
            1 << 50,
        ] {
            let mut wheel = Wheel::new();
            wheel.insert(deadline, Waker::noop().clone());
            assert_eq!(advance(&mut wheel, deadline - 1), 0, "early for {deadline}");
            assert!(wheel.next_tick().is_some_and(|tick| tick <= deadline));
            assert_eq!(advance(&mut wheel, deadline), 1, "late for {deadline}");
            assert_eq!(wheel.next_tick(), None);
        }
    }

    #[test]
    fn an_entry_for_ever_away_never_comes_and_overflows_nothing() {
        let mut wheel = Wheel::new();
        advance(&mut wheel, 12_345);
        let key = wheel.insert(u64::MAX, Waker::noop().clone());
        assert_eq!(advance(&mut wheel, 1 << 60), 0);
        assert!(wheel.remove(key).is_some());
        assert_eq!(wheel.next_tick(), None);
    }

    #[test]
    fn a_key_is_false_once_its_entry_has_gone() {
        let mut wheel = Wheel::new();
        let first = wheel.insert(10, Waker::noop().clone());
        assert!(wheel.remove(first).is_some());
        let second = wheel.insert(10, Waker::noop().clone());
        assert!(wheel.remove(first).is_none(), "the place was used again");
        assert!(wheel.waker_mut(first).is_none());
        assert!(wheel.waker_mut(second).is_some());
        assert_eq!(advance(&mut wheel, 10), 1);
        assert!(wheel.remove(second).is_none());
    }

    #[test]
    fn drained_wakers_are_all_of_them() {
        let mut wheel = Wheel::new();
        let key = wheel.insert(5, Waker::noop().clone());
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
        let mut wheel = Wheel::new();
        let mut model = BTreeSet::new();
        let mut keys = Vec::new();
        let mut now = 0;
        for _ in 0..50_000 {
            match random.u32(0..10) {
                0..5 => {
                    let bits = random.u32(1..36);
                    let deadline = now + 1 + random.u64(0..1 << bits);
                    let key = wheel.insert(deadline, Waker::noop().clone());
                    assert!(model.insert((deadline, key.sequence)));
                    keys.push((deadline, key));
                }
                5..8 if !keys.is_empty() => {
                    let (deadline, key) = keys.swap_remove(random.usize(0..keys.len()));
                    let pending = model.remove(&(deadline, key.sequence));
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
        }
    }

    /// Law `L078`, whose backend has to have a clock of its own: time goes from one entry to the
    /// next, near ones and such as lie several times beyond all levels.
    #[test]
    fn entries_beyond_the_top_level_come_exactly_then() {
        let mut random = fastrand::Rng::with_seed(78);
        for _ in 0..200 {
            let mut wheel = Wheel::new();
            let mut model = BTreeSet::new();
            let mut now = random.u64(0..SPAN * 2);
            advance(&mut wheel, now);
            for _ in 0..20 {
                let bits = random.u32(1..46);
                let deadline = now + 1 + random.u64(0..1 << bits);
                let key = wheel.insert(deadline, Waker::noop().clone());
                model.insert((deadline, key.sequence));
            }
            while let Some(&(deadline, _)) = model.first() {
                // The driver sleeps no longer than this, again and again.
                now = wheel.next_tick().expect("an entry is there");
                assert!(now <= deadline);
                let later = model.split_off(&(now + 1, 0));
                assert_eq!(advance(&mut wheel, now), model.len());
                model = later;
            }
            assert_eq!(wheel.next_tick(), None);
        }
    }

    #[test]
    fn a_crowd_leaves_no_memory_behind() {
        let mut wheel = Wheel::new();
        let count = Arc::new(Count::default());
        for n in 0..100_000 {
            wheel.insert(1 + n % 1000, Waker::from(count.clone()));
        }
        assert_eq!(advance(&mut wheel, 1000), 100_000);
        assert_eq!(wheel.entries.capacity(), 0);
        assert_eq!(Arc::strong_count(&count), 1);
    }
}
