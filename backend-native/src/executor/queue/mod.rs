//! The queues of tasks: each worker's own, and the one that all share.
//!
//! It knows nothing of threads or of who sleeps. The worker's loop takes, whoever schedules puts.
//!
//! A worker's own queue is a slot for the task that was woken last (its data is in the cache, and
//! it is often the other half of a conversation) and a bounded ring, first in, first out, that
//! others steal from. The slot is its alone, so two tasks that wake each other could keep it for
//! ever: after [`STREAK_MAX`] tasks from the slot in a row the ring goes first.

use std::{
    collections::VecDeque,
    sync::atomic::Ordering::{Acquire, Release},
};

use st3::{StealError, fifo};

use crate::{
    sync::{AtomicUsize, Mutex, lock},
    task::Runnable,
};

/// Tasks in a worker's ring. More go to the shared queue, half a ring at once.
pub(super) const RING: usize = 256;
/// Tasks from the slot in a row.
const STREAK_MAX: u8 = 8;

/// A worker's own queue.
#[derive(Debug)]
pub(super) struct Local {
    slot: Option<Runnable>,
    streak: u8,
    ring: fifo::Worker<Runnable>,
}

impl Local {
    pub(super) fn new() -> Self {
        Self {
            slot: None,
            streak: 0,
            ring: fifo::Worker::new(RING),
        }
    }

    pub(super) fn stealer(&self) -> Stealer {
        Stealer(self.ring.stealer())
    }

    /// Puts a task in the slot, and the one that was there in the ring. True if there is something
    /// to steal now that was not there before.
    pub(super) fn push(&mut self, task: Runnable, injector: &Injector) -> bool {
        match self.slot.replace(task) {
            Some(displaced) => {
                self.push_back(displaced, injector);
                true
            }
            None => false,
        }
    }

    /// The next task of this worker's own.
    pub(super) fn pop(&mut self, injector: &Injector) -> Option<Runnable> {
        if self.slot.is_none() {
            self.streak = 0;
            return self.ring.pop();
        }
        if self.streak < STREAK_MAX {
            self.streak += 1;
            return self.slot.take();
        }
        self.streak = 0;
        match self.ring.pop() {
            None => self.slot.take(),
            next => {
                if let Some(task) = self.slot.take() {
                    self.push_back(task, injector);
                }
                next
            }
        }
    }

    /// True if others could steal from it.
    pub(super) fn has_surplus(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Takes a fair share of the shared queue: one to run now, the rest into the ring.
    pub(super) fn take_batch(&mut self, injector: &Injector, n_workers: usize) -> Option<Runnable> {
        if injector.is_empty() {
            return None;
        }
        let room = self.ring.spare_capacity().min(RING / 2);
        let mut inner = lock(&injector.tasks);
        let n_tasks = (inner.len() / n_workers + 1).min(room + 1).min(inner.len());
        let mut batch = inner.drain(..n_tasks);
        let first = batch.next();
        self.ring.extend(batch);
        injector.n_tasks.store(inner.len(), Release);
        first
    }

    fn push_back(&mut self, task: Runnable, injector: &Injector) {
        let Err(task) = self.ring.push(task) else {
            return;
        };
        // Half of the ring at once, so that the next pushes find room. If somebody steals from it
        // just now there is room soon, and one task alone goes over.
        let half = self.ring.drain(|n_tasks| n_tasks / 2);
        injector.push_all(half.into_iter().flatten().chain([task]));
    }
}

/// Takes tasks from another worker's ring.
#[derive(Debug)]
pub(super) struct Stealer(fifo::Stealer<Runnable>);

impl Stealer {
    /// Half of what is there, into the ring of `local`; one of them to be run now.
    ///
    /// # Errors
    ///
    /// `Busy` if another thread steals there at this moment: that is not the same as empty.
    pub(super) fn steal(&self, local: &Local) -> Result<Runnable, StealError> {
        let stolen = self
            .0
            .steal_and_pop(&local.ring, |n_tasks| n_tasks - n_tasks / 2);
        stolen.map(|(task, _)| task)
    }

    /// True if there is, or may be, something to steal; `local` is the asking worker's.
    pub(super) fn has_surplus(&self, local: &Local) -> bool {
        let mut n_tasks = 0;
        let nothing = self.0.steal(&local.ring, |n| {
            n_tasks = n;
            0
        });
        n_tasks > 0 || matches!(nothing, Err(StealError::Busy))
    }
}

/// The queue that all workers share: first in, first out, without a bound.
#[derive(Debug, Default)]
pub(super) struct Injector {
    tasks: Mutex<VecDeque<Runnable>>,
    /// Their number, so that an empty queue is seen without its lock.
    n_tasks: AtomicUsize,
}

impl Injector {
    pub(super) fn push(&self, task: Runnable) {
        self.push_all([task]);
    }

    fn push_all(&self, tasks: impl IntoIterator<Item = Runnable>) {
        let mut queue = lock(&self.tasks);
        queue.extend(tasks);
        // Release: pairs with the Acquire in `is_empty`.
        self.n_tasks.store(queue.len(), Release);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.n_tasks.load(Acquire) == 0
    }

    /// Drops what is left. Not the tasks: others keep them, and drop them in their own time.
    pub(super) fn clear(&self) {
        let left = std::mem::take(&mut *lock(&self.tasks));
        self.n_tasks.store(0, Release);
        drop(left);
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests;
