//! A place for one thing, which its owner uses without a locked instruction, and which others can
//! claim if the owner does not come to use it.
//!
//! It is a worker's slot, passed once or twice for every task. Others come a few times a second, if
//! at all: the monitor, to a worker that is stuck, and the end of the runtime. It knows nothing of
//! tasks.
//!
//! # Protocol
//!
//! | word | written by | says |
//! |---|---|---|
//! | `busy` | the owner | it is using the place |
//! | `claimed` | a claimer, under `turn` | nobody but the claimer may use it |
//!
//! 1. The owner writes `busy`, passes the light side of the [`Barrier`], and reads `claimed`. If
//!    that is clear it uses the place and clears `busy`. Else it clears `busy`, waits for `turn`,
//!    and begins again.
//! 2. A claimer takes `turn`, writes `claimed`, passes the heavy side, and reads `busy`. If that is
//!    clear it uses the place. It clears `claimed` and leaves `turn` in every case.
//!
//! Of the two reads at least one sees the other's write, by the barrier. So never do both use the
//! place. A claimer that finds the owner busy goes away: an owner that uses its place is not stuck.
//! The owner is one thread at a time, since its half is used through `&mut`; so are claimers, by
//! `turn`. What one of them did is visible to the next: each clears its word with Release, and who
//! reads it as clear does so with Acquire.
//!
//! # Safety argument
//!
//! The content is touched between these steps alone, so by one thread at a time.
//! `tests/loom/claim.rs` explores them, and loom reports two threads that touch it at once.

#![allow(unsafe_code)]

use std::{
    fmt,
    sync::{
        Arc,
        atomic::Ordering::{Acquire, Relaxed, Release},
    },
};

use crate::{
    barrier::Barrier,
    sync::{AtomicUsize, Mutex, UnsafeCell, lock},
};

/// On cache lines of its own: two of 64 bytes, since processors fetch them in pairs.
#[repr(align(128))]
struct Shared<T> {
    busy: AtomicUsize,
    claimed: AtomicUsize,
    barrier: Barrier,
    content: UnsafeCell<Option<T>>,
    /// Held by a claimer.
    turn: Mutex<()>,
}

// SAFETY: a `T` is moved from thread to thread, and one thread at a time touches it, by the
// protocol.
unsafe impl<T: Send> Sync for Shared<T> {}

/// The half of the one who uses the place.
pub(crate) struct Owner<T>(Arc<Shared<T>>);

/// The half of those who look after it.
pub(crate) struct Claimer<T>(Arc<Shared<T>>);

impl<T> Owner<T> {
    /// An empty place.
    pub(crate) fn new(barrier: Barrier) -> Self {
        Self(Arc::new(Shared {
            busy: AtomicUsize::new(0),
            claimed: AtomicUsize::new(0),
            barrier,
            content: UnsafeCell::new(None),
            turn: Mutex::new(()),
        }))
    }

    /// The other half.
    pub(crate) fn claimer(&self) -> Claimer<T> {
        Claimer(self.0.clone())
    }

    /// Puts `thing` in, and gives back what was there.
    #[inline]
    pub(crate) fn put(&mut self, thing: T) -> Option<T> {
        self.with(|content| content.replace(thing))
    }

    /// Takes out what is there.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        self.with(Option::take)
    }

    /// True if there is nothing.
    #[inline]
    pub(crate) fn is_empty(&mut self) -> bool {
        self.with(|content| content.is_none())
    }

    #[inline]
    fn with<R>(&mut self, f: impl FnOnce(&mut Option<T>) -> R) -> R {
        let Shared {
            busy,
            claimed,
            barrier,
            content,
            ..
        } = &*self.0;
        busy.store(1, Relaxed);
        barrier.light(claimed);
        // Acquire: pairs with the Release of the claimer, whose use of the content is over.
        if claimed.load(Acquire) != 0 {
            self.wait();
        }
        // SAFETY: the owner is here, by `&mut`, and no claimer is, by the protocol.
        let result = content.with_mut(|content| f(unsafe { &mut *content }));
        // Release: pairs with the Acquire of a claimer.
        busy.store(0, Release);
        result
    }

    /// Step 1 again, until no claimer is there.
    #[cold]
    fn wait(&self) {
        let Shared {
            busy,
            claimed,
            barrier,
            turn,
            ..
        } = &*self.0;
        loop {
            // Release: as in `with`, for a claimer that reads this one.
            busy.store(0, Release);
            drop(lock(turn));
            busy.store(1, Relaxed);
            barrier.light(claimed);
            // Acquire: as in `with`.
            if claimed.load(Acquire) == 0 {
                return;
            }
        }
    }
}

impl<T> Claimer<T> {
    /// Takes out what is there, unless the owner is using the place at this moment.
    pub(crate) fn take(&self) -> Option<T> {
        let Shared {
            busy,
            claimed,
            barrier,
            content,
            turn,
        } = &*self.0;
        let _turn = lock(turn);
        claimed.store(1, Relaxed);
        // Acquire: pairs with the Release of the owner, whose use of the content is over.
        let is_mine = barrier.heavy(claimed) && busy.load(Acquire) == 0;
        let taken = is_mine.then(|| {
            // SAFETY: a claimer is here, alone by `turn`, and the owner is not, by the protocol.
            content.with_mut(|content| unsafe { &mut *content }.take())
        });
        // Release: pairs with the Acquire of the owner.
        claimed.store(0, Release);
        taken.flatten()
    }
}

impl<T> fmt::Debug for Owner<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owner")
    }
}

impl<T> fmt::Debug for Claimer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claimer")
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, AtomicUsize},
        thread,
    };

    use super::*;

    #[test]
    fn what_was_put_comes_out_of_either_half_once() {
        let mut owner = Owner::new(Barrier::new());
        let claimer = owner.claimer();
        assert_eq!(owner.put(1), None);
        assert_eq!(owner.put(2), Some(1));
        assert!(!owner.is_empty());
        assert_eq!(claimer.take(), Some(2));
        assert!(owner.is_empty());
        assert_eq!((owner.take(), claimer.take()), (None, None));
        drop(owner);
        assert_eq!(claimer.take(), None);
    }

    /// On the real machine, with the real barrier: each number is taken once, by either.
    #[test]
    fn beside_claimers_nothing_is_lost_and_nothing_comes_twice() {
        const N: usize = 200_000;
        let mut owner = Owner::<Box<usize>>::new(Barrier::new());
        let (done, sum) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            for claimer in [owner.claimer(), owner.claimer()] {
                let (done, sum) = (&done, &sum);
                scope.spawn(move || {
                    while !done.load(Acquire) {
                        sum.fetch_add(claimer.take().map_or(0, |boxed| *boxed), Relaxed);
                        thread::yield_now();
                    }
                });
            }
            let mut own = 0;
            for n in 1..=N {
                own += owner.put(Box::new(n)).map_or(0, |boxed| *boxed);
                if n % 3 == 0 {
                    own += owner.take().map_or(0, |boxed| *boxed);
                }
            }
            own += owner.take().map_or(0, |boxed| *boxed);
            sum.fetch_add(own, Relaxed);
            done.store(true, Release);
        });
        assert_eq!(sum.into_inner(), N * (N + 1) / 2);
    }
}
