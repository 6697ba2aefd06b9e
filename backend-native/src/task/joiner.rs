//! The waker of whoever waits for a task, in one word.
//!
//! A waker is two: a pointer to data, and a table of functions. There are few tables in a process,
//! and data lies where the lowest bits of its address are free. So the first tables that are met
//! have a number, and a word is the data with the number of its table: 0 for a task of ours, the
//! most common. A waker with any other table, or with data that lies elsewhere, lies apart, in a
//! room of its own (`rooms/`). It knows the wakers of `header.rs`, which keeps it, and nothing of
//! when there is one.
//!
//! # Safety argument
//!
//! 1. A word with a number that is not `APART` is made of a waker with just that data and the table
//!    of that number, and owns the waker: the same two make it again.
//! 2. A word with `APART` is the address of a room that `rooms` gave for a [`Waker`], and owns the
//!    room and the waker in it.
//! 3. What a word owns is given up once: by [`Joiner::wake`], or by the drop.

#![allow(unsafe_code)]

use std::{
    mem::{ManuallyDrop, forget},
    ptr::{self, NonNull},
    sync::OnceLock,
    task::{RawWakerVTable, Waker},
};

use super::{
    header::{Header, WAKER, wake_by_value},
    rooms,
};
use crate::wake::wake;

/// The bits of a number: those that are free in the address of a word.
const NUMBER: usize = align_of::<usize>() - 1;
/// The number of what lies apart.
const APART: usize = NUMBER;
/// How many tables have a number beside that of tasks.
const N_MET: usize = NUMBER - 1;
const _: () = assert!(align_of::<Header>() > NUMBER && align_of::<Waker>() > NUMBER);

/// The tables that were met first: that of `block_on`, those of the combinators in use.
static MET: [OnceLock<&RawWakerVTable>; N_MET] = [const { OnceLock::new() }; N_MET];

/// A waker in one word.
pub(super) struct Joiner(NonNull<()>);

impl Joiner {
    /// A clone of `waker`.
    #[inline]
    pub(super) fn new(waker: &Waker) -> Self {
        let waker = waker.clone();
        match word_of(&waker) {
            Some(word) => {
                // The word owns it now.
                forget(waker);
                Self(word)
            }
            None => Self::apart(waker),
        }
    }

    #[cold]
    fn apart(waker: Waker) -> Self {
        let room = rooms::allocate::<Waker>();
        // SAFETY: the room is for a waker, and ours.
        unsafe { room.write(waker) };
        Self(room.cast().map_addr(|addr| addr | APART))
    }

    /// True if it is a clone of `waker`. It may say no of one that lies apart. Looks at the word
    /// and at nothing behind it.
    #[inline]
    pub(super) fn is_clone_of(&self, waker: &Waker) -> bool {
        word_of(waker) == Some(self.0)
    }

    /// Wakes it. A panic in a waker that is no task's is swallowed.
    #[inline]
    pub(super) fn wake(self) {
        let this = ManuallyDrop::new(self);
        if this.0.addr().get() & NUMBER == 0 {
            // SAFETY: rule 1: it is what a waker of a task has, and is given up here.
            return unsafe { wake_by_value(this.0.as_ptr()) };
        }
        // SAFETY: it is given up here: the drop does not run.
        wake(unsafe { this.take() });
    }

    /// # Safety
    ///
    /// - The word is given up: it is not used any more.
    unsafe fn take(&self) -> Waker {
        let data = self.0.as_ptr().map_addr(|addr| addr & !NUMBER);
        let table = match self.0.addr().get() & NUMBER {
            0 => &WAKER,
            // SAFETY: by this function's contract.
            APART => return unsafe { take_apart(data.cast()) },
            number => MET[number - 1].get().expect("it was met"),
        };
        // SAFETY: rule 1.
        unsafe { Waker::new(data, table) }
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        // SAFETY: nothing uses the word after its drop.
        drop(unsafe { self.take() });
    }
}

/// The waker of a room, which is freed.
///
/// # Safety
///
/// - It is the room of a word that is given up.
unsafe fn take_apart(room: *mut Waker) -> Waker {
    // SAFETY: rule 2.
    let waker = unsafe { room.read() };
    // SAFETY: rule 2: it is the address of a room.
    let room = unsafe { NonNull::new_unchecked(room) };
    // SAFETY: rule 2: `rooms` gave it for a waker, and it is empty now.
    unsafe { rooms::free(room) };
    waker
}

/// The word of which the same waker can be made; `None` if there is no such word.
#[inline]
fn word_of(waker: &Waker) -> Option<NonNull<()>> {
    let data = waker.data().cast_mut();
    if data.addr() & NUMBER != 0 {
        return None;
    }
    let number = number_of(waker.vtable())?;
    NonNull::new(data.map_addr(|addr| addr | number))
}

/// The number of a table, which is met by this if there is a number left.
#[inline]
fn number_of(table: &'static RawWakerVTable) -> Option<usize> {
    match ptr::eq(table, &raw const WAKER) {
        true => Some(0),
        false => number_of_met(table),
    }
}

fn number_of_met(table: &'static RawWakerVTable) -> Option<usize> {
    let is_it = |met: &OnceLock<_>| ptr::eq(*met.get_or_init(|| table), table);
    MET.iter().position(is_it).map(|place| place + 1)
}
