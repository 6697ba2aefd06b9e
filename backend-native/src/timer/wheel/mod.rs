//! A hierarchical timer wheel, as pure data.
//!
//! It asks nobody for the time and takes no lock: `now` is an argument, in ticks, and a waker is a
//! value that goes in and comes out. `shards.rs` calls it.
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

#[cfg(all(test, not(anyrt_loom)))]
mod tests;

use std::{fmt, num::NonZeroU64, task::Waker};

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
    wheel: u32,
    /// Never zero, so that a place for a key that may be missing is no larger.
    sequence: NonZeroU64,
}

impl Key {
    /// The number of the wheel that the entry is in.
    pub(super) fn wheel(self) -> usize {
        self.wheel as usize
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
    occupied: [u64; LEVELS],
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
    pub(super) fn insert(&mut self, deadline: u64, waker: Waker) -> (Key, u64) {
        self.sequence += 1;
        let deadline = deadline.max(self.elapsed + 1);
        let list = self.list_of(deadline);
        let entry = Entry {
            sequence: self.sequence,
            deadline,
            waker: Some(waker),
            list: list as u16,
            previous: NIL,
            next: self.heads[list],
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
        self.lead(list, index);
        let key = Key {
            index,
            wheel: self.number,
            sequence: NonZeroU64::new(self.sequence).expect("it counts from one"),
        };
        (key, self.start_of(list))
    }

    /// The waker of a pending entry, to be replaced; `None` if it has fired or was removed.
    pub(super) fn waker_mut(&mut self, key: Key) -> Option<&mut Waker> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.sequence == key.sequence.get() {
            entry.waker.as_mut()
        } else {
            None
        }
    }

    /// Removes an entry and gives its waker back; `None` if it has fired or was removed.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let entry = self.entries.get(key.index as usize)?;
        if entry.sequence != key.sequence.get() {
            return None;
        }
        self.unlink(key.index);
        let waker = self.release(key.index);
        self.shrink();
        waker
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
                let Entry { next, deadline, .. } = self.entries[index as usize];
                if deadline <= start {
                    due.extend(self.release(index));
                } else {
                    self.link(index, deadline);
                }
                index = next;
            }
        }
        self.elapsed = self.elapsed.max(now);
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

    /// The first slot that is not empty, as the index of its list, and the tick at which it starts.
    fn next_slot(&self) -> Option<(usize, u64)> {
        // A lower level lies wholly before the next slot of a higher one.
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        let shift = SLOT_BITS * level as u32;
        // The slot that time is in comes last: what stands in it comes a whole turn later.
        let after = ((self.elapsed >> shift) as u32 + 1) % SLOTS as u32;
        let ahead = self.occupied[level].rotate_right(after).trailing_zeros();
        let slot = (after + ahead) % SLOTS as u32;
        let list = level * SLOTS + slot as usize;
        Some((list, self.start_of(list)))
    }

    /// The tick at which time comes to a list's slot, for the first time from now on.
    fn start_of(&self, list: usize) -> u64 {
        let (level, slot) = (list / SLOTS, list % SLOTS);
        let shift = SLOT_BITS * level as u32;
        let range = 1u64 << (shift + SLOT_BITS);
        let start = (self.elapsed & !(range - 1)) + ((slot as u64) << shift);
        if start <= self.elapsed {
            // Only the top level wraps around.
            return start.saturating_add(range);
        }
        start
    }

    /// The list for a deadline that lies ahead: that of its level and slot.
    fn list_of(&self, deadline: u64) -> usize {
        let differing = ((self.elapsed ^ deadline) | (SLOTS as u64 - 1)).min(SPAN - 1);
        let level = ((u64::BITS - 1 - differing.leading_zeros()) / SLOT_BITS) as usize;
        let slot = (deadline >> (SLOT_BITS * level as u32)) as usize % SLOTS;
        level * SLOTS + slot
    }

    /// Puts an entry, whose deadline lies ahead, into its list.
    fn link(&mut self, index: u32, deadline: u64) {
        let list = self.list_of(deadline);
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

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("elapsed", &self.elapsed)
            .field("entries", &self.n_entries)
            .finish_non_exhaustive()
    }
}
