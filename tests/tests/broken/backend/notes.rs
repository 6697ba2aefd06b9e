//! What a mutant notes about one task, alarm or object: [`Notes`]; and wakers of its own. The
//! healthy backend notes nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// A counter, a mark, some bytes and a waker: what defects need to remember.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    count: AtomicUsize,
    mark: AtomicBool,
    bytes: Mutex<Vec<u8>>,
    waker: Mutex<Option<Waker>>,
}

impl Notes {
    /// Counts one more, and says how many there were before.
    pub(crate) fn count_one(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Sets the counter, and says where it stood.
    pub(crate) fn set_count(&self, count: usize) -> usize {
        self.count.swap(count, Ordering::SeqCst)
    }

    /// Counts one less.
    pub(crate) fn uncount_one(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Sets the mark, and says whether it was set before.
    pub(crate) fn mark(&self) -> bool {
        self.mark.swap(true, Ordering::SeqCst)
    }

    /// Takes the mark away, and says whether it was set.
    pub(crate) fn unmark(&self) -> bool {
        self.mark.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn is_marked(&self) -> bool {
        self.mark.load(Ordering::SeqCst)
    }

    pub(crate) fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        locked(&self.bytes)
    }

    /// Keeps a waker; what was kept is the caller's to drop.
    pub(crate) fn keep_waker(&self, waker: &Waker) -> Option<Waker> {
        let waker = waker.clone();
        locked(&self.waker).replace(waker)
    }

    /// The waker that is kept; this one if none is.
    pub(crate) fn first_waker(&self, waker: &Waker) -> Waker {
        locked(&self.waker)
            .get_or_insert_with(|| waker.clone())
            .clone()
    }

    pub(crate) fn take_waker(&self) -> Option<Waker> {
        locked(&self.waker).take()
    }

    /// Wakes the one that is kept.
    pub(crate) fn wake(&self) {
        self.take_waker().into_iter().for_each(Waker::wake);
    }
}

/// Locks ignore poisoning.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A waker that calls `wake`.
pub(crate) fn waker(wake: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Calls<F>(F);
    impl<F: Fn() + Send + Sync> Wake for Calls<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }

        fn wake_by_ref(self: &Arc<Self>) {
            (self.0)();
        }
    }
    Waker::from(Arc::new(Calls(wake)))
}
