//! Who sleeps, who searches, and whom to wake: the protocol of `IDLE.md`.
//!
//! It knows workers by their index and nothing of queues or threads: the caller does what it is
//! told. The worker's loop and whoever makes work call it.

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use crate::sync::{AtomicUsize, Mutex, full_fence, lock};

/// Somebody holds the search token.
const SEARCHING: usize = 1;
/// One parked worker.
const PARKED: usize = 1 << 1;

/// The search token and the parked workers.
#[derive(Debug)]
pub(crate) struct Idle {
    /// The number of parked workers above the bit of the token.
    state: AtomicUsize,
    /// The same workers by name, in the order in which they parked.
    parked: Mutex<Vec<usize>>,
}

impl Idle {
    pub(crate) fn new(n_workers: usize) -> Self {
        Self {
            state: AtomicUsize::new(0),
            parked: Mutex::new(Vec::with_capacity(n_workers)),
        }
    }

    /// Takes the search token, if it is free.
    pub(crate) fn try_search(&self) -> bool {
        self.state.load(Relaxed) & SEARCHING == 0
            && self.state.fetch_or(SEARCHING, AcqRel) & SEARCHING == 0
    }

    /// Gives the search token back after something was found. The caller looks now whether there is
    /// more, and if so calls [`pick`](Self::pick): pushes meanwhile have relied on it.
    pub(crate) fn found(&self) {
        self.state.fetch_and(!SEARCHING, AcqRel);
        // Pairs with the fence in `pick`: the pusher sees the token free, or we see the push.
        full_fence(&self.state);
    }

    /// Worker `index` is about to sleep and gives the token back, if it has it. The caller looks
    /// into every queue once more before it does.
    pub(crate) fn park(&self, index: usize, searching: bool) {
        let mut parked = lock(&self.parked);
        parked.push(index);
        let token = if searching { SEARCHING } else { 0 };
        self.state.fetch_add(PARKED - token, AcqRel);
        drop(parked);
        // Pairs with the fence in `pick`: the pusher sees us parked, or we see the push.
        full_fence(&self.state);
    }

    /// Worker `index` does not sleep any more. True if it was picked meanwhile: then it holds the
    /// search token.
    pub(crate) fn unpark(&self, index: usize) -> bool {
        let mut parked = lock(&self.parked);
        let Some(position) = parked.iter().position(|&worker| worker == index) else {
            return true;
        };
        parked.remove(position);
        self.state.fetch_sub(PARKED, AcqRel);
        false
    }

    /// The number of parked workers, as it was just now.
    pub(crate) fn n_parked(&self) -> usize {
        self.state.load(Relaxed) / PARKED
    }

    /// Work was put where all can take it. The worker to be woken for it, if any has to be; it
    /// holds the search token from now on. One of which `avoid` is true is picked last.
    #[inline]
    pub(crate) fn pick(&self, avoid: impl Fn(usize) -> bool) -> Option<usize> {
        // Pairs with the fences in `park` and `found`.
        full_fence(&self.state);
        let state = self.state.load(Relaxed);
        if state & SEARCHING != 0 || state < PARKED {
            return None;
        }
        self.pick_parked(avoid)
    }

    #[cold]
    fn pick_parked(&self, avoid: impl Fn(usize) -> bool) -> Option<usize> {
        let mut parked = lock(&self.parked);
        // With nobody parked the token must not be taken, not for a moment.
        let last = parked.len().checked_sub(1)?;
        if self.state.fetch_or(SEARCHING, AcqRel) & SEARCHING != 0 {
            return None;
        }
        let position = parked
            .iter()
            .rposition(|&worker| !avoid(worker))
            .unwrap_or(last);
        let index = parked.remove(position);
        self.state.fetch_sub(PARKED, AcqRel);
        Some(index)
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn one_is_picked_at_a_time_and_holds_the_token() {
        let idle = Idle::new(2);
        assert_eq!(idle.pick(|_| false), None, "nobody is parked");
        assert!(idle.try_search() && !idle.try_search());
        idle.park(0, true);
        idle.park(1, false);
        assert_eq!(idle.pick(|_| false), Some(1));
        assert_eq!(idle.pick(|_| false), None, "one searches");
        assert!(!idle.try_search());
        assert!(idle.unpark(1), "it was picked");
        idle.found();
        assert_eq!(
            idle.pick(|worker| worker == 0),
            Some(0),
            "there is no other"
        );
    }

    #[test]
    fn one_that_wakes_by_itself_was_not_picked() {
        let idle = Idle::new(1);
        idle.park(0, false);
        assert!(!idle.unpark(0));
        assert_eq!(idle.pick(|_| false), None);
        assert!(idle.try_search());
    }

    #[test]
    fn one_in_the_poller_is_picked_last() {
        let idle = Idle::new(3);
        (0..3).for_each(|worker| idle.park(worker, false));
        assert_eq!(idle.pick(|worker| worker == 2), Some(1));
    }
}
