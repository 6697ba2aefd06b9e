//! A mutex and a condition that know nothing of panics: [`Lock`] and [`Condition`].
//!
//! No user code runs under a lock of ours, so what a panic leaves behind one is whole. Know nothing
//! of what they guard.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A mutex that a panic does not poison: [`std::sync::Mutex`].
#[derive(Debug, Default)]
pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    /// An unlocked mutex.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Lock(Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is inside, which nobody else can have locked.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread waits for under a [`Lock`]: [`std::sync::Condvar`]. While nobody waits, telling it
/// is no system call.
///
/// What is waited for is changed under the lock.
#[derive(Debug, Default)]
pub struct Condition {
    condvar: Condvar,
    // Counted under the lock, and so seen by whoever changes something under it later.
    n_waiting: AtomicUsize,
}

impl Condition {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Condition {
            condvar: Condvar::new(),
            n_waiting: AtomicUsize::new(0),
        }
    }

    /// Waits, perhaps for nothing: ask again afterwards.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let woken = self.counted(|| self.condvar.wait(guard));
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `limit`, perhaps for nothing; true if the time is over.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let woken = self.counted(|| self.condvar.wait_timeout(guard, limit));
        let (guard, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
        (guard, timeout.timed_out())
    }

    /// Waits as long as `waits` says so, at most `limit`.
    pub fn wait_timeout_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
        waits: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        let woken = self.counted(|| self.condvar.wait_timeout_while(guard, limit, waits));
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes one that waits.
    pub fn notify_one(&self) {
        if self.n_waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_one();
        }
    }

    /// Wakes everybody who waits.
    pub fn notify_all(&self) {
        if self.n_waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_all();
        }
    }

    /// Both the beginning and the end of `wait` have the lock.
    fn counted<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        let woken = wait();
        self.n_waiting.fetch_sub(1, Ordering::Relaxed);
        woken
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    use super::*;

    #[test]
    fn a_panic_under_the_lock_costs_nobody_else_the_lock() {
        let (mut lock, condition) = (Lock::new(1), Condition::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut guard = lock.lock();
            *guard = 2;
            panic!("under the lock");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 2);
        let limit = Duration::from_millis(1);
        let guard = condition.wait_timeout_while(lock.lock(), limit, |value| *value == 2);
        assert_eq!(*guard, 2);
        drop(guard);
        assert_eq!(*lock.get_mut(), 2);
    }

    #[test]
    fn who_waits_is_told() {
        let (lock, condition) = (Lock::new(0), Condition::new());
        condition.notify_all();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut n_seen = lock.lock();
                    *n_seen += 1;
                    condition.notify_all();
                    while *n_seen < 3 {
                        n_seen = condition.wait(n_seen);
                    }
                });
            }
        });
        assert_eq!(condition.n_waiting.load(Ordering::Relaxed), 0);
    }
}
