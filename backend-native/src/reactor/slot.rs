//! The place of one source: what is known of each direction, and who waits for it.
//!
//! It knows neither descriptors nor the table that it lies in. The source in it adds and removes
//! waiters, the reactor notes events.
//!
//! The readiness words are written without the lock. An event sets its flags first and takes the
//! waiters then; who waits joins them first and looks at the flags then: one sees the other.

use std::{sync::atomic::Ordering::Relaxed, task::Waker};

use anyrt_api::io::{
    Direction::{self, Read, Write},
    Wait,
};
use anyrt_kit::wait::WaitPair;

use super::{event::Ready, readiness::Readiness};
use crate::sync::{AtomicU32, Mutex, lock};

/// One cache line of its own, so that neighbours do not disturb each other.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    /// Of the source that is here; written under the lock of the table.
    generation: AtomicU32,
    read: Readiness,
    write: Readiness,
    /// One lock for both directions, only ever held for a few moves of memory.
    waiters: Mutex<WaitPair>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            generation: AtomicU32::new(0),
            read: Readiness::new(),
            write: Readiness::new(),
            waiters: Mutex::default(),
        }
    }

    /// For a source that has just got this place, under the lock of the table.
    pub(super) fn reset(&self, generation: u32, is_writable: bool) {
        // Relaxed: read under the same lock, or by the source.
        self.generation.store(generation, Relaxed);
        self.read.reset(true);
        self.write.reset(is_writable);
    }

    pub(super) fn generation(&self) -> u32 {
        // Relaxed: it does not change while there is a source here.
        self.generation.load(Relaxed)
    }

    #[inline]
    pub(super) fn readiness(&self, direction: Direction) -> &Readiness {
        match direction {
            Read => &self.read,
            Write => &self.write,
        }
    }

    /// An event: the wakers of all who wait for it.
    pub(super) fn set(&self, ready: Ready, wakers: &mut Vec<Waker>) {
        if ready.contains(Ready::READ) {
            self.read.set(ready.contains(Ready::READ_CLOSED));
        }
        if ready.contains(Ready::WRITE) {
            self.write.set(ready.contains(Ready::WRITE_CLOSED));
        }
        let mut waiters = lock(&self.waiters);
        if ready.contains(Ready::READ) {
            waiters.take_into(Read, wakers);
        }
        if ready.contains(Ready::WRITE) {
            waiters.take_into(Write, wakers);
        }
    }

    /// The runtime ends.
    pub(super) fn set_gone(&self, wakers: &mut Vec<Waker>) {
        self.read.set_gone();
        self.write.set_gone();
        self.clear(wakers);
    }

    /// Takes everybody out.
    pub(super) fn clear(&self, wakers: &mut Vec<Waker>) {
        let mut waiters = lock(&self.waiters);
        waiters.take_into(Read, wakers);
        waiters.take_into(Write, wakers);
    }

    pub(super) fn add(&self, direction: Direction, wait: &mut Wait, waker: Waker) {
        let displaced = lock(&self.waiters).enter(direction, wait, waker);
        displaced.settle();
    }

    #[inline]
    pub(super) fn remove(&self, direction: Direction, wait: &mut Wait) {
        if wait.key().is_some() {
            let waker = lock(&self.waiters).leave(direction, wait);
            drop(waker);
        }
    }
}
