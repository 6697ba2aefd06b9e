//! The waker of whoever waits for a task, in one word.
//!
//! Mostly that is another task of ours, whose waker is its pointer and a table that is always the
//! same. Any other waker lies apart, in a room of its own (`rooms/`), which costs an allocation
//! where a thread that is no worker waits, and little on a worker. It knows the wakers of
//! `header.rs`, which keeps it, and nothing of when there is one.
//!
//! # Safety argument
//!
//! A word without `APART` in it is what a waker with the table `WAKER` has, and owns that waker's
//! reference. A word with it is the address of a room that `rooms` gave for a [`Waker`], and owns
//! the room and the waker in it. Both are given up once: by [`Joiner::into_waker`], or by the drop.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr::{self, NonNull},
    task::Waker,
};

use super::{
    header::{Header, WAKER},
    rooms,
};

/// A waker in one word.
pub(super) struct Joiner(NonNull<()>);

/// The waker lies apart.
const APART: usize = 1;
const _: () = assert!(align_of::<Header>() > APART && align_of::<Waker>() > APART);

impl Joiner {
    /// A clone of `waker`.
    pub(super) fn new(waker: &Waker) -> Self {
        let waker = waker.clone();
        let word = match task_of(&waker) {
            Some(task) => {
                // Its reference is the word's.
                let _ = ManuallyDrop::new(waker);
                task
            }
            None => {
                let room = rooms::allocate::<Waker>();
                // SAFETY: the room is for a waker, and ours.
                unsafe { room.write(waker) };
                room.cast().map_addr(|addr| addr | APART)
            }
        };
        Self(word)
    }

    /// Becomes a clone of `waker`, in the room that it has, if it has one and needs one.
    pub(super) fn renew(&mut self, waker: &Waker) {
        match self.room() {
            Some(room) if task_of(waker).is_none() => {
                // SAFETY: a waker lies there, and is borrowed with the word.
                let known = unsafe { &mut *room.as_ptr() };
                known.clone_from(waker);
            }
            _ => *self = Self::new(waker),
        }
    }

    /// True if it is the waker of a task of ours, and `waker` is of the same. Looks at the word and
    /// at nothing behind it.
    pub(super) fn is_of_task(&self, waker: &Waker) -> bool {
        task_of(waker) == Some(self.0)
    }

    pub(super) fn into_waker(self) -> Waker {
        // SAFETY: it is given up here: the drop does not run.
        unsafe { ManuallyDrop::new(self).take() }
    }

    /// # Safety
    ///
    /// - The word is given up: it is not used any more.
    unsafe fn take(&self) -> Waker {
        let Some(room) = self.room() else {
            // SAFETY: `WAKER` keeps the contract of wakers, and the reference is this word's.
            return unsafe { Waker::new(self.0.as_ptr(), &WAKER) };
        };
        // SAFETY: a waker lies there, and is moved out once.
        let waker = unsafe { room.read() };
        // SAFETY: `rooms` gave it for a waker, and it is empty now.
        unsafe { rooms::free(room) };
        waker
    }

    /// Where the waker lies, if it lies apart.
    fn room(&self) -> Option<NonNull<Waker>> {
        if self.0.addr().get() & APART == 0 {
            return None;
        }
        let room = self.0.as_ptr().map_addr(|addr| addr & !APART);
        NonNull::new(room.cast())
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        // SAFETY: nothing uses the word after its drop.
        drop(unsafe { self.take() });
    }
}

/// What a waker of a task of ours has for its data.
fn task_of(waker: &Waker) -> Option<NonNull<()>> {
    match ptr::eq(waker.vtable(), &raw const WAKER) {
        true => NonNull::new(waker.data().cast_mut()),
        false => None,
    }
}
