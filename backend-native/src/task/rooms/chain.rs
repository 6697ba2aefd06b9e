//! Free rooms, and chains of them: a room's first words say which comes next.
//!
//! It knows the allocator, and nothing of threads. The lists and the depot are made of it.
//!
//! # Safety argument
//!
//! The rules are those of `mod.rs`. A chain owns its rooms: each is in one chain, and its first
//! word is the rest of it, or nothing. A [`Chains`] owns its chains: the second word of each one's
//! first room is the rest of them. So what a chain says is next is a free room, and may be read.

#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

/// The step from one class of small rooms to the next, and what these are aligned to.
const STEP: usize = 8;
/// A cache line: the step and the alignment of rooms that are not small.
const LINE: usize = 64;
/// Rooms of up to so many bytes are small.
const SMALL: usize = 128;
/// The largest rooms: a future that is larger takes longer to be written than to be allocated.
const SIZE_MAX: usize = 512;
/// A class's batches have so many bytes, or a little less.
const BATCH_BYTES: usize = 4096;
/// Room for the two words of a chain.
const SIZE_MIN: usize = 2 * size_of::<Link>();
/// How many classes there are; the first few have no rooms.
pub(super) const N_CLASSES: usize = SIZE_MAX / STEP + 1;

/// A size of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// The class of what has this layout, if there is one.
    #[inline]
    pub(super) const fn of(layout: Layout) -> Option<Self> {
        let (size, step) = (layout.size(), step_of(layout.size()));
        let is_known = size >= SIZE_MIN && size <= SIZE_MAX && size.is_multiple_of(STEP);
        if is_known && layout.align() <= step {
            return Some(Self(size.next_multiple_of(step) / STEP));
        }
        None
    }

    /// Those that have rooms.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (SIZE_MIN / STEP..N_CLASSES).map(Self)
    }

    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0
    }

    /// How many rooms a batch has.
    pub(super) const fn n_batch(self) -> usize {
        BATCH_BYTES / self.size()
    }

    /// How many bytes a batch has.
    pub(super) const fn batch_bytes(self) -> usize {
        self.n_batch() * self.size()
    }

    const fn size(self) -> usize {
        self.0 * STEP
    }

    #[inline]
    fn layout(self) -> Layout {
        Layout::from_size_align(self.size(), step_of(self.size())).expect("a class is small")
    }
}

/// What the size of a room is a multiple of, and its alignment.
const fn step_of(size: usize) -> usize {
    if size <= SMALL { STEP } else { LINE }
}

/// The memory of a room, in which no cell lies.
pub(super) struct Room(NonNull<Link>);

/// A word of a free room.
#[derive(Clone, Copy)]
struct Link(Option<NonNull<Link>>);

impl Room {
    /// A room from the allocator.
    #[inline]
    pub(super) fn new(class: Class) -> Self {
        let layout = class.layout();
        // SAFETY: no class has the size 0.
        let memory = unsafe { alloc(layout) };
        let memory = NonNull::new(memory.cast()).unwrap_or_else(|| handle_alloc_error(layout));
        Self(memory)
    }

    /// A room whose cell is gone.
    ///
    /// # Safety
    ///
    /// - The memory is from [`into_memory`](Self::into_memory), and nobody else uses it.
    #[inline]
    pub(super) unsafe fn from_memory(memory: NonNull<u8>) -> Self {
        Self(memory.cast())
    }

    /// The memory, as large as the class says, and the caller's.
    #[inline]
    pub(super) fn into_memory(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// Gives the room back to the allocator.
    ///
    /// # Safety
    ///
    /// - It is of this class.
    #[inline]
    pub(super) unsafe fn free(self, class: Class) {
        // SAFETY: rule 1, by this function's contract.
        unsafe { dealloc(self.0.as_ptr().cast(), class.layout()) };
    }
}

/// Free rooms of one class.
#[derive(Default)]
pub(super) struct Chain(Option<NonNull<Link>>);

// SAFETY: a chain is memory that nobody else uses.
unsafe impl Send for Chain {}

impl Chain {
    pub(super) const EMPTY: Self = Self(None);

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    pub(super) fn push(&mut self, room: Room) {
        // SAFETY: the room is free, and large enough for two words.
        unsafe { room.0.write(Link(self.0)) };
        self.0 = Some(room.0);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Room> {
        let first = self.0?;
        // SAFETY: it is a free room of this chain, in which `push` has written.
        self.0 = unsafe { first.read() }.0;
        Some(Room(first))
    }

    /// Gives all rooms back to the allocator.
    ///
    /// # Safety
    ///
    /// - They are of this class.
    pub(super) unsafe fn free(mut self, class: Class) {
        while let Some(room) = self.pop() {
            // SAFETY: by this function's contract.
            unsafe { room.free(class) };
        }
    }
}

/// Chains of rooms of one class; none of them is empty.
#[derive(Default)]
pub(super) struct Chains(Option<NonNull<Link>>);

// SAFETY: as a chain.
unsafe impl Send for Chains {}

impl Chains {
    pub(super) const EMPTY: Self = Self(None);

    /// Takes a chain in; an empty one is nothing.
    pub(super) fn push(&mut self, chain: Chain) {
        let Some(first) = chain.0 else { return };
        // SAFETY: a room has two words.
        let second = unsafe { first.add(1) };
        // SAFETY: the room is free, and this word is not the chain's.
        unsafe { second.write(Link(self.0)) };
        self.0 = Some(first);
    }

    pub(super) fn pop(&mut self) -> Option<Chain> {
        let first = self.0?;
        // SAFETY: a room has two words.
        let second = unsafe { first.add(1) };
        // SAFETY: it is a free room, in whose second word `push` has written.
        self.0 = unsafe { second.read() }.0;
        Some(Chain(Some(first)))
    }
}
