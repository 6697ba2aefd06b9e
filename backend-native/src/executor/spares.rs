//! Threads that stand in for a worker that blocks, and cores that wait for one.
//!
//! A worker that is about to block gives its core away: its queue, its place in the idle protocol,
//! everything but its thread. A thread without a core waits here for a while before it ends. It
//! knows nothing of what a core is.

use std::{
    collections::VecDeque,
    io, mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[derive(Debug)]
pub(super) struct Spares<C> {
    inner: Mutex<Inner<C>>,
    offered: Condvar,
}

#[derive(Debug)]
struct Inner<C> {
    cores: VecDeque<C>,
    n_threads: usize,
    closed: bool,
}

impl<C> Spares<C> {
    pub(super) fn new() -> Self {
        let inner = Inner {
            cores: VecDeque::new(),
            n_threads: 0,
            closed: false,
        };
        Self {
            inner: Mutex::new(inner),
            offered: Condvar::new(),
        }
    }

    /// Leaves a core for a thread that waits, or else for the one that `start` starts.
    ///
    /// # Errors
    ///
    /// The core comes back if the runtime ends or no thread is to be had.
    pub(super) fn offer(&self, core: C, start: impl FnOnce() -> io::Result<()>) -> Result<(), C> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(core);
        }
        inner.cores.push_back(core);
        if inner.cores.len() <= inner.n_threads {
            drop(inner);
            self.offered.notify_one();
            return Ok(());
        }
        drop(inner);
        match start() {
            Ok(()) => Ok(()),
            // Another core than ours may come back; one is as good as the other to a thread.
            Err(_) => self.lock().cores.pop_back().map_or(Ok(()), Err),
        }
    }

    /// Leaves a core for a thread that waits.
    ///
    /// # Errors
    ///
    /// The core comes back if none waits.
    pub(super) fn hand_over(&self, core: C) -> Result<(), C> {
        let mut inner = self.lock();
        if inner.closed || inner.cores.len() >= inner.n_threads {
            return Err(core);
        }
        inner.cores.push_back(core);
        drop(inner);
        self.offered.notify_one();
        Ok(())
    }

    /// A core that nobody has fetched yet.
    pub(super) fn take_back(&self, is_it: impl Fn(&C) -> bool) -> Option<C> {
        let mut inner = self.lock();
        let position = inner.cores.iter().position(is_it)?;
        inner.cores.remove(position)
    }

    /// Waits for a core, at most `keep_alive`, which starts anew with each look.
    pub(super) fn wait(&self, keep_alive: Duration) -> Option<C> {
        let mut inner = self.lock();
        inner.n_threads += 1;
        loop {
            let core = inner.cores.pop_front();
            if core.is_some() || inner.closed {
                inner.n_threads -= 1;
                return core;
            }
            let waited = self.offered.wait_timeout(inner, keep_alive);
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            inner = guard;
            if result.timed_out() && inner.cores.is_empty() {
                inner.n_threads -= 1;
                return None;
            }
        }
    }

    /// Nobody waits from now on, and no core is taken in. Gives back those that are here.
    pub(super) fn close(&self) -> VecDeque<C> {
        let mut inner = self.lock();
        inner.closed = true;
        let cores = mem::take(&mut inner.cores);
        drop(inner);
        self.offered.notify_all();
        cores
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_comes_back_if_there_is_no_thread_for_it() {
        let spares = Spares::new();
        let none = || Err(io::Error::from(io::ErrorKind::OutOfMemory));
        assert_eq!(spares.offer(7, none), Err(7));
        assert_eq!(spares.wait(Duration::ZERO), None);
    }

    #[test]
    fn a_core_that_nobody_fetched_is_taken_back() {
        let spares = Spares::new();
        assert_eq!(spares.offer(7, || Ok(())), Ok(()));
        assert_eq!(spares.take_back(|&core| core == 8), None);
        assert_eq!(spares.take_back(|&core| core == 7), Some(7));
        assert_eq!(spares.take_back(|&core| core == 7), None);
    }

    #[test]
    fn after_the_end_nothing_is_kept() {
        let spares = Spares::new();
        assert_eq!(spares.offer(7, || Ok(())), Ok(()));
        assert_eq!(spares.close(), [7]);
        assert_eq!(spares.offer(8, || Ok(())), Err(8));
        assert_eq!(spares.wait(Duration::MAX), None);
    }
}
