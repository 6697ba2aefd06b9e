//! The queues of tasks: each worker's own, and the one that all share.
//!
//! It knows nothing of threads or of who sleeps. The worker's loop takes, whoever schedules puts.
//!
//! A worker's own queue is a slot for the task that was woken last (its data is in the cache, and
//! it is often the other half of a conversation) and a bounded ring, first in, first out, that
//! others steal from. The slot is not stolen from, but by the monitor from a worker that is stuck.
//! Two tasks that wake each other could keep it for ever: after [`STREAK_MAX`] tasks from the slot
//! in a row the ring goes first.
//!
//! What becomes visible to other workers is said by a result of `true`, and has to be announced:
//! see `IDLE.md`. Not so a task that is alone in the ring after it has just run, or was in the
//! slot: its worker comes to it next, and a thief leaves such a one where it is.

mod place;

use std::{
    collections::VecDeque,
    sync::atomic::Ordering::{Acquire, Release},
};

use st3::{StealError, fifo};

use self::place::{Claimer, Owner};
use crate::{
    barrier::Barrier,
    sync::{AtomicUsize, Mutex, lock},
    task::Runnable,
};

/// Tasks in a worker's ring. More go to the shared queue, half a ring at once.
pub(super) const RING: usize = 256;
/// So many tasks in a ring are worth a theft at once. For fewer a thief looks on first: see "Few"
/// in `IDLE.md`.
const FEW: usize = RING / 2;
/// Tasks from the slot in a row.
const STREAK_MAX: u8 = 8;

/// A worker's own queue.
#[derive(Debug)]
pub(super) struct Local {
    slot: Owner<Runnable>,
    streak: u8,
    ring: fifo::Worker<Runnable>,
}

impl Local {
    pub(super) fn new(barrier: Barrier) -> Self {
        Self {
            slot: Owner::new(barrier),
            streak: 0,
            ring: fifo::Worker::new(RING),
        }
    }

    pub(super) fn stealer(&self) -> Stealer {
        Stealer {
            slot: self.slot.claimer(),
            ring: self.ring.stealer(),
        }
    }

    /// Puts a task in the slot, and the one that was there in the ring. True if there is something
    /// to steal now that was not there before.
    #[inline]
    pub(super) fn push(&mut self, task: Runnable, injector: &Injector) -> bool {
        match self.slot.put(task) {
            Some(displaced) => {
                self.push_back(displaced, injector);
                true
            }
            None => false,
        }
    }

    /// Puts a task that has just run behind all others. True as for [`push`](Self::push), but not
    /// if it is the only one in the ring: its own worker comes to it before it could be fetched.
    #[inline]
    pub(super) fn push_again(&mut self, task: Runnable, injector: &Injector) -> bool {
        let is_alone = self.ring.is_empty();
        if is_alone && self.slot.is_empty() {
            // It is the next one, wherever it stands.
            return self.push(task, injector);
        }
        self.push_back(task, injector);
        !is_alone
    }

    /// The next task of this worker's own. True as for [`push_again`](Self::push_again).
    #[inline]
    pub(super) fn pop(&mut self, injector: &Injector) -> (Option<Runnable>, bool) {
        if self.streak < STREAK_MAX
            && let next @ Some(_) = self.slot.take()
        {
            self.streak += 1;
            return (next, false);
        }
        let after_streak = std::mem::take(&mut self.streak) == STREAK_MAX;
        match self.ring.pop() {
            None => (self.slot.take(), false),
            next if after_streak && let Some(task) = self.slot.take() => {
                let is_alone = self.ring.is_empty();
                self.push_back(task, injector);
                (next, !is_alone)
            }
            next => (next, false),
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
        let mut inner = lock(&injector.inner);
        let n_tasks = inner.tasks.len();
        let n_taken = (n_tasks / n_workers + 1).min(room + 1).min(n_tasks);
        let mut batch = inner.tasks.drain(..n_taken);
        let first = batch.next();
        self.ring.extend(batch);
        injector.n_tasks.store(n_tasks - n_taken, Release);
        first
    }

    fn push_back(&mut self, task: Runnable, injector: &Injector) {
        if let Err(task) = self.ring.push(task) {
            self.overflow(task, injector);
        }
    }

    /// Half of the ring at once, so that the next pushes find room. If somebody steals from it just
    /// now there is room soon, and one task alone goes over.
    #[cold]
    fn overflow(&mut self, task: Runnable, injector: &Injector) {
        let half = self.ring.drain(|n_tasks| n_tasks / 2);
        injector.push_all(half.into_iter().flatten().chain([task]));
    }
}

/// Takes tasks from another worker's queue.
#[derive(Debug)]
pub(super) struct Stealer {
    slot: Claimer<Runnable>,
    ring: fifo::Stealer<Runnable>,
}

impl Stealer {
    /// Half of what is in the ring, into the ring of `local`; one of them to be run now. If that is
    /// few, `lingers` looks on first and says whether their worker goes on with one poll: then more
    /// may have come, and if not, one that is alone there is left to its worker.
    ///
    /// # Errors
    ///
    /// `Busy` if another thread steals there at this moment: that is not the same as empty.
    pub(super) fn steal(
        &self,
        local: &Local,
        lingers: impl FnOnce() -> bool,
    ) -> Result<Runnable, StealError> {
        let half = |n_tasks| n_tasks - n_tasks / 2;
        let steal = |least| {
            let mut n_found = 0;
            let stolen = self.ring.steal_and_pop(&local.ring, |n_tasks| {
                n_found = n_tasks;
                if n_tasks < least { 0 } else { half(n_tasks) }
            });
            (stolen, n_found)
        };
        let (mut stolen, n_found) = steal(FEW);
        if (1..FEW).contains(&n_found) {
            (stolen, _) = steal(if lingers() { 1 } else { 2 });
        }
        stolen.map(|(task, _)| task)
    }

    /// The task in the slot, which its own worker does not come to take; if it just does, nothing.
    pub(super) fn take_slot(&self) -> Option<Runnable> {
        self.slot.take()
    }

    /// True if there is, or may be, something to steal; `local` is the asking worker's.
    pub(super) fn has_surplus(&self, local: &Local) -> bool {
        self.is_filled(&local.ring)
    }

    /// The same for one who has no queue.
    pub(super) fn has_any(&self, probe: &Probe) -> bool {
        self.is_filled(&probe.0)
    }

    /// Nothing is moved to `ring`: a stealer is asked by way of a steal of nothing.
    fn is_filled(&self, ring: &fifo::Worker<Runnable>) -> bool {
        let mut n_tasks = 0;
        let nothing = self.ring.steal(ring, |n| {
            n_tasks = n;
            0
        });
        n_tasks > 0 || matches!(nothing, Err(StealError::Busy))
    }

    /// All that is there, the slot too: the runtime ends.
    pub(super) fn take_all(&self) -> Vec<Runnable> {
        let room = fifo::Worker::new(RING);
        let mut tasks = Vec::from_iter(self.slot.take());
        // Whoever steals at this moment has the rest.
        while self.ring.steal(&room, |n_tasks| n_tasks).is_ok() {
            tasks.extend(std::iter::from_fn(|| room.pop()));
        }
        tasks
    }
}

/// A ring that stays empty, since a stealer is asked by way of one: for whoever has no queue.
#[derive(Debug)]
pub(super) struct Probe(fifo::Worker<Runnable>);

impl Probe {
    pub(super) fn new() -> Self {
        Self(fifo::Worker::new(1))
    }
}

/// The queue that all workers share: first in, first out, without a bound.
#[derive(Debug, Default)]
pub(super) struct Injector {
    inner: Mutex<Inner>,
    /// The number of tasks, so that an empty queue is seen without its lock.
    n_tasks: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    tasks: VecDeque<Runnable>,
    closed: bool,
}

impl Injector {
    /// # Errors
    ///
    /// The task comes back if the queue was closed.
    pub(super) fn push(&self, task: Runnable) -> Result<(), Runnable> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(task);
        }
        inner.tasks.push_back(task);
        // Release: pairs with the Acquire in `is_empty`.
        self.n_tasks.store(inner.tasks.len(), Release);
        Ok(())
    }

    /// From a worker, which empties the queue once more when it ends: never refused.
    fn push_all(&self, tasks: impl IntoIterator<Item = Runnable>) {
        let mut inner = lock(&self.inner);
        inner.tasks.extend(tasks);
        // Release: pairs with the Acquire in `is_empty`.
        self.n_tasks.store(inner.tasks.len(), Release);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.n_tasks.load(Acquire) == 0
    }

    /// Takes nothing more from outside, and gives up all that is there.
    pub(super) fn close(&self) -> VecDeque<Runnable> {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        self.n_tasks.store(0, Release);
        std::mem::take(&mut inner.tasks)
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests;
