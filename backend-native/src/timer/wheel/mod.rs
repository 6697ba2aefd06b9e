//! A hierarchical timer wheel, as pure data.
//!
//! It asks nobody for the time and takes no lock: `now` is an argument, in ticks, and a waker is a
//! value that goes in and comes out. `shards.rs` calls it.
//!
//! There are seven levels. A slot of a level is as long as 64 of the level below, and a level has
//! twice that many, the first of which begins beyond the slot that time is in:
//!
//! ```text
//! level 0   one slot a tick            the next  127 ticks
//! level 1   one slot 64 ticks          the next  127 * 64 ticks, and a part of one
//! ..
//! level 6   one slot 64^6 ticks        the next  127 * 64^6 ticks, and everything later
//! ```
//!
//! An entry stands on the lowest level that reaches as far as its deadline, in the slot that its
//! deadline lies in. When time reaches a slot of level 0 its entries are due; those of a higher
//! level move down. So an insertion and a removal touch one list each, and an entry moves at most
//! six times. One beyond the top level stands in its last slot, again and again.
//!
//! # A crowd moves little by little
//!
//! The slot of a higher level may hold a crowd, and to move it takes longer than an entry may be
//! late. So the crowd sets out early: while time is in the slot before, each advance moves some
//! entries more. Each of them finds a place on the level below: the two slots together are 128 of
//! that level's, time is in one of these, and the other 127 are what the level reaches. Whatever
//! still stands in a slot when time comes to it moves then, so that nothing is late however few
//! the advances were. And as no entry lands in a slot that starts before the one it leaves, the
//! wheel's next tick is never too late.
//!
//! How many move goes with how many were due. Where a crowd is followed by one of the same size,
//! the second has moved when half of the first was due. The first of all is moved by as many
//! advances as come before it: if there are none, all at once.

#[cfg(all(test, not(anyrt_loom)))]
mod tests;

use std::{fmt, num::NonZeroU64, task::Waker};

const LEVELS: usize = 7;
/// A slot is as long as so many bits' worth of slots of the level below.
const SLOT_BITS: u32 = 6;
/// Two slots of the level above: see "little by little".
const SLOTS: usize = 2 << SLOT_BITS;
/// How far ahead the last slot is of the one that time is in.
const REACH: u64 = SLOTS as u64 - 1;
/// What an advance moves early on each level, besides twice what was due.
const EARLY: usize = 32;
/// The end of a list.
const NIL: u32 = u32::MAX;

/// Names an entry. It stays false for ever once the entry has fired or was removed.
///
/// It is two words of one size, so that it is passed in registers. What is written in pieces and
/// read as a whole a moment later has to wait until the pieces are in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The number of the wheel, and below it the index of the entry.
    place: u64,
    /// Never zero, so that a place for a key that may be missing is no larger.
    sequence: NonZeroU64,
}

impl Key {
    #[inline]
    fn new(wheel: u32, index: u32, sequence: NonZeroU64) -> Self {
        let place = u64::from(wheel) << 32 | u64::from(index);
        Self { place, sequence }
    }

    /// The number of the wheel that the entry is in.
    #[inline]
    pub(super) fn wheel(self) -> usize {
        (self.place >> 32) as usize
    }

    #[inline]
    fn index(self) -> u32 {
        self.place as u32
    }
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
    /// Stands in its keys, for those who have several.
    number: u32,
    elapsed: u64,
    entries: Vec<Entry>,
    /// The head of the list of free entries.
    free: u32,
    n_entries: usize,
    /// The sequence number of the last insertion.
    sequence: u64,
    heads: Box<[u32; LEVELS * SLOTS]>,
    /// One bit a slot that is not empty.
    occupied: [u128; LEVELS],
}

impl Wheel {
    /// An empty wheel at tick 0.
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            elapsed: 0,
            entries: Vec::new(),
            free: NIL,
            n_entries: 0,
            sequence: 0,
            heads: Box::new([NIL; LEVELS * SLOTS]),
            occupied: [0; LEVELS],
        }
    }

    /// Adds an entry. One that is due already comes out at the next tick. The second result is the
    /// tick at which [`advance`](Self::advance) has something to do for it.
    #[inline]
    pub(super) fn insert(&mut self, deadline: u64, waker: Waker) -> (Key, u64) {
        self.sequence += 1;
        let deadline = deadline.max(self.elapsed + 1);
        let (level, slot) = self.place_of(deadline);
        let list = list_at(level, slot);
        let index = match self.free {
            NIL => self.push(),
            index => index,
        };
        let entry = &mut self.entries[index as usize];
        self.free = entry.next;
        // Field by field: one that is made elsewhere and copied here waits as well, see `Key`.
        entry.sequence = self.sequence;
        entry.deadline = deadline;
        entry.waker = Some(waker);
        entry.list = list as u16;
        entry.previous = NIL;
        entry.next = self.heads[list];
        self.n_entries += 1;
        self.lead(list, index);
        let sequence = NonZeroU64::new(self.sequence).expect("it counts from one");
        let key = Key::new(self.number, index, sequence);
        (key, start_of(level, slot))
    }

    /// The waker of a pending entry, to be replaced; `None` if it has fired or was removed.
    pub(super) fn waker_mut(&mut self, key: Key) -> Option<&mut Waker> {
        let entry = self.entries.get_mut(key.index() as usize)?;
        if entry.sequence == key.sequence.get() {
            entry.waker.as_mut()
        } else {
            None
        }
    }

    /// Removes an entry and gives its waker back; `None` if it has fired or was removed.
    #[inline]
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let entry = self.entries.get(key.index() as usize)?;
        if entry.sequence != key.sequence.get() {
            return None;
        }
        self.unlink(key.index());
        let waker = self.release(key.index());
        self.shrink();
        waker
    }

    /// The next tick at which [`advance`](Self::advance) has something to do. No entry is due
    /// before it; none need be due at it.
    pub(super) fn next_tick(&self) -> Option<u64> {
        (0..LEVELS).filter_map(|level| self.next_start(level)).min()
    }

    /// Moves time to `now` and takes the wakers of all entries that are due into `due`.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<Waker>) {
        let n_before = due.len();
        while let Some(start) = self.next_tick().filter(|&start| start <= now) {
            self.elapsed = start;
            for level in 0..LEVELS {
                let shift = shift_of(level);
                if start >> shift << shift != start {
                    break;
                }
                self.open(level, due);
            }
        }
        self.elapsed = self.elapsed.max(now);
        self.move_early(EARLY + 2 * (due.len() - n_before));
        self.shrink();
    }

    /// Moves time to `now`, up to which nothing is to be done: the next tick lies beyond it.
    pub(super) fn pass(&mut self, now: u64) {
        debug_assert!(self.next_tick().is_none_or(|next| now < next));
        self.elapsed = self.elapsed.max(now);
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
            ..Self::new(self.number)
        };
    }

    /// Empties the slot of `level` that time has come to just now.
    fn open(&mut self, level: usize, due: &mut Vec<Waker>) {
        let list = list_at(level, self.elapsed >> shift_of(level));
        let mut index = std::mem::replace(&mut self.heads[list], NIL);
        self.occupied[level] &= !(1 << (list % SLOTS));
        while index != NIL {
            let Entry { next, deadline, .. } = self.entries[index as usize];
            if deadline <= self.elapsed {
                due.extend(self.release(index));
            } else {
                self.link(index, deadline);
            }
            index = next;
        }
    }

    /// Of each level, moves at most `n_entries` out of the slot that time comes to next.
    fn move_early(&mut self, n_entries: usize) {
        // From above, so that what comes down may go on.
        for level in (1..LEVELS).rev() {
            let list = list_at(level, (self.elapsed >> shift_of(level)) + 1);
            for _ in 0..n_entries {
                let index = self.heads[list];
                if index == NIL {
                    break;
                }
                self.unlink(index);
                self.link(index, self.entries[index as usize].deadline);
            }
        }
    }

    /// The tick at which the first slot of `level` starts that is not empty.
    fn next_start(&self, level: usize) -> Option<u64> {
        let slots = self.occupied[level];
        if slots == 0 {
            return None;
        }
        let here = self.elapsed >> shift_of(level);
        let ahead = slots
            .rotate_right((here % SLOTS as u64) as u32)
            .trailing_zeros();
        debug_assert_ne!(ahead, 0, "the slot that time is in was emptied");
        Some(start_of(level, here + u64::from(ahead)))
    }

    /// The level for a deadline that lies ahead, and its slot there, counted from tick 0.
    fn place_of(&self, deadline: u64) -> (usize, u64) {
        let ticks = (deadline - self.elapsed) | REACH;
        let level = ((ticks.ilog2() - 1) / SLOT_BITS) as usize;
        // One level more if the slot is one too far, since time is at the end of its own.
        for level in level..LEVELS - 1 {
            let (here, slot) = (self.elapsed >> shift_of(level), deadline >> shift_of(level));
            if slot - here <= REACH {
                return (level, slot);
            }
        }
        let top = LEVELS - 1;
        let last = (self.elapsed >> shift_of(top)) + REACH;
        (top, last.min(deadline >> shift_of(top)))
    }

    /// Puts an entry, whose deadline lies ahead, into its list.
    fn link(&mut self, index: u32, deadline: u64) {
        let (level, slot) = self.place_of(deadline);
        let list = list_at(level, slot);
        let next = self.heads[list];
        let entry = &mut self.entries[index as usize];
        (entry.list, entry.previous, entry.next) = (list as u16, NIL, next);
        self.lead(list, index);
    }

    /// Makes an entry, which says so already, the first of a list.
    fn lead(&mut self, list: usize, index: u32) {
        let next = std::mem::replace(&mut self.heads[list], index);
        if next != NIL {
            self.entries[next as usize].previous = index;
        }
        self.occupied[list / SLOTS] |= 1 << (list % SLOTS);
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

    /// A free entry more, which is the last in the list of these.
    #[cold]
    fn push(&mut self) -> u32 {
        let index = self.entries.len();
        self.entries.push(Entry {
            sequence: 0,
            deadline: 0,
            waker: None,
            list: 0,
            previous: NIL,
            next: NIL,
        });
        u32::try_from(index).expect("memory ends before four billion timers")
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
    #[inline]
    fn shrink(&mut self) {
        const KEPT: usize = 1024;
        if self.n_entries == 0 && self.entries.capacity() > KEPT {
            self.give_back();
        }
    }

    #[cold]
    fn give_back(&mut self) {
        self.entries = Vec::new();
        self.free = NIL;
    }
}

/// A slot of `level` is two to this power of ticks.
fn shift_of(level: usize) -> u32 {
    SLOT_BITS * level as u32
}

/// The list of a slot, which is counted from tick 0.
fn list_at(level: usize, slot: u64) -> usize {
    level * SLOTS + (slot % SLOTS as u64) as usize
}

/// The first tick of a slot.
fn start_of(level: usize, slot: u64) -> u64 {
    slot.saturating_mul(1 << shift_of(level))
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("elapsed", &self.elapsed)
            .field("entries", &self.n_entries)
            .finish_non_exhaustive()
    }
}
