//! What a worker shows of itself: whether it is in a poll, and what it has done.
//!
//! Written by the thread that has the station's core, with plain stores; read by the monitor and by
//! whoever asks for metrics. It knows nothing of tasks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::monitor::Thread;
use crate::sync::AtomicUsize;

/// Looks at a worker before tasks that are few in its ring are fetched.
const LINGER_LOOKS: u32 = 8;
/// Pauses of the processor from one to the next: 13 to 25 ns each by the AMD EPYC, up to 50 on some
/// Intel.
const LINGER_PAUSES: u32 = 12;

/// The public side of one worker.
#[derive(Debug, Default)]
pub(super) struct Station {
    /// Twice the number of polls, and one more while in a poll.
    word: AtomicUsize,
    /// The thread that has the core.
    thread: AtomicU32,
    n_steals: AtomicU64,
    n_parks: AtomicU64,
}

impl Station {
    /// A poll begins; if another has just ended, that is said by the same store.
    #[inline]
    pub(super) fn begin_poll(&self) {
        self.word.store((self.word() | 1).wrapping_add(2), Relaxed);
    }

    /// No poll is going on.
    #[inline]
    pub(super) fn end_poll(&self) {
        self.word.store(self.word() & !1, Relaxed);
    }

    /// Odd in a poll, and another for each poll.
    #[inline]
    pub(super) fn word(&self) -> usize {
        self.word.load(Relaxed)
    }

    /// Looks on for one to three microseconds: true if no poll begins or ends meanwhile, so that a
    /// task which waits there had better be fetched. Go's scheduler waits 3 us for the same reason
    /// (`runqgrab` in `runtime/proc.go`).
    pub(super) fn lingers(&self) -> bool {
        let word = self.word();
        (0..LINGER_LOOKS).all(|_| {
            // Seldom: each look takes the word's cache line from the worker that writes it.
            (0..LINGER_PAUSES).for_each(|_| std::hint::spin_loop());
            self.word() == word
        })
    }

    /// The calling thread has the station's core from now on.
    pub(super) fn occupy(&self) {
        self.thread.store(Thread::this().to_u32(), Relaxed);
    }

    /// The thread that has the station's core, or had it last.
    pub(super) fn thread(&self) -> Thread {
        Thread::from_u32(self.thread.load(Relaxed))
    }

    /// A task was found at another worker's.
    pub(super) fn count_steal(&self) {
        bump(&self.n_steals);
    }

    /// The worker goes to sleep.
    pub(super) fn count_park(&self) {
        bump(&self.n_parks);
    }

    pub(super) fn n_polls(&self) -> u64 {
        (self.word() / 2) as u64
    }

    pub(super) fn n_steals(&self) -> u64 {
        self.n_steals.load(Relaxed)
    }

    pub(super) fn n_parks(&self) -> u64 {
        self.n_parks.load(Relaxed)
    }
}

/// One writer at a time, so no read-modify-write.
fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_begins_polls_does_not_linger() {
        let station = Station::default();
        assert!(station.lingers());
        station.begin_poll();
        assert!(station.lingers(), "it is the same poll");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    station.begin_poll();
                }
            });
            // One of them at least has both threads on a processor.
            let sees_it = (0..1_000_000).any(|_| !station.lingers());
            stop.store(true, Relaxed);
            assert!(sees_it);
        });
    }

    #[test]
    fn the_word_is_odd_in_a_poll_and_changes_with_each() {
        let station = Station::default();
        station.end_poll();
        assert_eq!(station.word(), 0);
        station.begin_poll();
        let first = station.word();
        station.begin_poll();
        assert!(first % 2 == 1 && station.word() % 2 == 1 && station.word() != first);
        station.end_poll();
        assert_eq!((station.word() % 2, station.n_polls()), (0, 2));
    }
}
