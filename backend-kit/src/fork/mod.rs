//! Whether this process is the one in which something was made: [`Process`], and [`Held`] for what
//! a forked child must leave alone.
//!
//! `fork` copies one thread of many. A runtime's workers are not in the child, its locks are as
//! they were at that moment, and its poller is shared with the parent: a child that takes a socket
//! out of it takes it from the parent. So a runtime is of no use in a child of its process, and
//! says so (`L057`) in place of waiting for threads that are not there.
//!
//! To ask costs two loads and no system call. Children that `exec` at once, as `std::process` makes
//! them, are none of this.

#[cfg(not(unix))]
mod disabled;
#[cfg(unix)]
mod unix;

use std::fmt;
use std::mem;
use std::ops::Deref;

#[cfg(not(unix))]
use disabled::{generation, watch};
#[cfg(unix)]
use unix::{generation, watch};

/// The process in which this was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// This process.
    #[must_use]
    pub fn this() -> Self {
        watch();
        Process(generation())
    }

    /// False in a forked child of the process that made it.
    #[inline]
    #[must_use]
    pub fn is_this(self) -> bool {
        self.0 == generation()
    }
}

/// What is registered with a poller: dropped in the process that made it, left alone in a child.
///
/// There it stays open, until the child ends or replaces itself; to close it properly would take
/// it out of the parent's poller.
pub struct Held<T> {
    /// `None` once it was taken.
    object: Option<T>,
    process: Process,
}

impl<T> Held<T> {
    /// Holds an object of this process.
    #[must_use]
    pub fn new(object: T) -> Self {
        Held {
            object: Some(object),
            process: Process::this(),
        }
    }

    /// The object itself.
    #[must_use]
    pub fn into_inner(mut self) -> T {
        self.object.take().expect("it is taken once")
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object.as_ref().expect("it is there until it is taken")
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if !self.process.is_this() {
            mem::forget(self.object.take());
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use super::*;

    #[test]
    fn this_process_is_this() {
        assert!(Process::this().is_this());
        assert_eq!(Process::this(), Process::this());
        assert!(!Process(Process::this().0.wrapping_add(1)).is_this());
    }

    #[test]
    fn what_another_process_made_is_left_alone() {
        // What is left alone is never dropped: a static keeps it from being lost.
        static OBJECT: LazyLock<Arc<()>> = LazyLock::new(Arc::default);
        let object = &*OBJECT;
        drop(Held::new(object.clone()));
        assert_eq!(Arc::strong_count(object), 1);
        let mut held = Held::new(object.clone());
        held.process.0 = held.process.0.wrapping_add(1);
        drop(held);
        assert_eq!(Arc::strong_count(object), 2);
    }
}
