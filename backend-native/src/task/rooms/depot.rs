//! The depot of a runtime: batches of free rooms, from workers that free for workers that spawn.
//!
//! It knows nothing of threads and lists: it is given a batch and asked for one. A class has a
//! shelf with a lock, which is held for the few instructions that move a batch, and never waited
//! for: a worker that finds it taken goes to the allocator. So none waits for one that was put
//! aside, nor a forked child for a thread that it has not.
//!
//! It takes in no more than was asked for in vain. Where threads that are no workers spawn, the
//! workers only free, and nobody would ever take what they put here: memory that the allocator
//! could have given to those who spawn.
//!
//! Nothing is lost where [`clear`](Depot::clear) finds a lock taken: whoever has it is another
//! clear, which takes all, or a worker, which clears itself at its end.

#![allow(unsafe_code)]

use std::{fmt, mem, sync::atomic::Ordering::Relaxed};

use super::chain::{Chain, Chains, Class, N_CLASSES};
use crate::sync::{AtomicUsize, Mutex};

/// The most bytes in a depot: 10,000 tasks of 400 bytes that end at once, or 40,000 of 100. What a
/// larger crowd leaves goes to the allocator, which costs what it did before there was a depot.
pub(super) const BYTES_MAX: usize = 4 << 20;

/// Batches of free rooms.
pub(crate) struct Depot {
    /// Of all batches that are here, or are being put here.
    n_bytes: AtomicUsize,
    shelves: [Shelf; N_CLASSES],
}

/// The batches of one class.
struct Shelf {
    /// How many there are. A hint without the lock, exact with it.
    n_batches: AtomicUsize,
    /// How many rooms were asked for in vain since the depot was cleared, as far as it matters.
    n_wanted: AtomicUsize,
    batches: Mutex<Chains>,
}

impl Depot {
    pub(crate) fn new() -> Self {
        let shelf = || Shelf {
            n_batches: AtomicUsize::new(0),
            n_wanted: AtomicUsize::new(0),
            batches: Mutex::new(Chains::EMPTY),
        };
        Self {
            n_bytes: AtomicUsize::new(0),
            shelves: std::array::from_fn(|_| shelf()),
        }
    }

    /// A batch, if one is here; else one room is wanted.
    pub(super) fn take(&self, class: Class) -> Option<Chain> {
        let shelf = &self.shelves[class.index()];
        let Some(batch) = shelf.take() else {
            shelf.want(BYTES_MAX / class.batch_bytes() * class.n_batch());
            return None;
        };
        self.n_bytes.fetch_sub(class.batch_bytes(), Relaxed);
        Some(batch)
    }

    /// Puts a full batch here.
    ///
    /// # Errors
    ///
    /// It comes back if there is no place for it.
    pub(super) fn give(&self, class: Class, batch: Chain) -> Result<(), Chain> {
        let shelf = &self.shelves[class.index()];
        let (n_bytes, most) = (class.batch_bytes(), BYTES_MAX - class.batch_bytes());
        // Read first: where the depot is full, nobody writes.
        if !shelf.wants(class.n_batch()) || self.n_bytes.load(Relaxed) > most {
            return Err(batch);
        }
        let before = self.n_bytes.fetch_add(n_bytes, Relaxed);
        if before <= most
            && let Ok(mut batches) = shelf.batches.try_lock()
        {
            batches.push(batch);
            shelf.n_batches.fetch_add(1, Relaxed);
            return Ok(());
        }
        self.n_bytes.fetch_sub(n_bytes, Relaxed);
        Err(batch)
    }

    /// Gives all that is here back to the allocator.
    pub(crate) fn clear(&self) {
        for class in Class::all() {
            let shelf = &self.shelves[class.index()];
            let mut batches = match shelf.batches.try_lock() {
                Ok(mut batches) => {
                    shelf.n_batches.store(0, Relaxed);
                    shelf.n_wanted.store(0, Relaxed);
                    mem::take(&mut *batches)
                }
                Err(_) => continue,
            };
            while let Some(batch) = batches.pop() {
                // SAFETY: rule 2 of `mod.rs`.
                unsafe { batch.free(class) };
                self.n_bytes.fetch_sub(class.batch_bytes(), Relaxed);
            }
        }
    }

    /// Holds the lock of a shelf, for a test.
    #[cfg(test)]
    pub(super) fn lock(&self, class: Class) -> crate::sync::MutexGuard<'_, Chains> {
        crate::sync::lock(&self.shelves[class.index()].batches)
    }

    /// Bytes in all batches that are here.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes.load(Relaxed)
    }
}

impl Shelf {
    fn take(&self) -> Option<Chain> {
        // Relaxed here and below: what a batch is made of, the lock orders.
        if self.n_batches.load(Relaxed) == 0 {
            return None;
        }
        let mut batches = self.batches.try_lock().ok()?;
        let batch = batches.pop()?;
        self.n_batches.fetch_sub(1, Relaxed);
        Some(batch)
    }

    /// A room was asked for in vain. No more than `most` are counted: from there on nobody writes.
    fn want(&self, most: usize) {
        if self.n_wanted.load(Relaxed) < most {
            self.n_wanted.fetch_add(1, Relaxed);
        }
    }

    /// True if fewer rooms are here than are wanted; a batch has `n_rooms`.
    fn wants(&self, n_rooms: usize) -> bool {
        self.n_batches.load(Relaxed) * n_rooms < self.n_wanted.load(Relaxed)
    }
}

impl Drop for Depot {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Depot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Depot")
            .field("n_bytes", &self.n_bytes())
            .finish_non_exhaustive()
    }
}
