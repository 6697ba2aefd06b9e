//! Which runtimes there are in this process: how a task finds its own without holding it.
//!
//! The one global of this crate. A task names its runtime by a number that is never given again, so
//! that a spawn shares no reference count, and a waker that outlives its runtime finds nothing in
//! place of something else. It knows nothing of what a runtime is but its [`Shared`].

use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::Shared;

static TABLE: RwLock<Table> = RwLock::new(Table {
    next: Key(0),
    runtimes: Vec::new(),
});

/// Names a runtime of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u32);

impl Key {
    #[inline]
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The key with this number, which is one's.
    #[inline]
    pub(super) fn of_number(number: u32) -> Self {
        Self(number)
    }
}

struct Table {
    next: Key,
    /// Those that are there, by their keys.
    runtimes: Vec<(Key, Weak<Shared>)>,
}

/// Makes a runtime that knows its own key.
///
/// # Panics
///
/// After four billion runtimes.
pub(super) fn insert(make: impl FnOnce(Key) -> Shared) -> Arc<Shared> {
    let key = write(|table| {
        let key = table.next;
        table.next = Key(key.0.checked_add(1).expect("far fewer runtimes"));
        key
    });
    let shared = Arc::new(make(key));
    write(|table| {
        // Two may be made at once.
        let place = table.place(key).unwrap_or_else(|place| place);
        table.runtimes.insert(place, (key, Arc::downgrade(&shared)));
    });
    shared
}

/// The runtime, if it is still there. A look among those that are, halved at each step.
pub(super) fn find(key: Key) -> Option<Arc<Shared>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let place = table.place(key).ok()?;
    table.runtimes[place].1.upgrade()
}

/// Forgets a runtime. Called when it is dropped.
pub(super) fn remove(key: Key) {
    write(|table| {
        if let Ok(place) = table.place(key) {
            table.runtimes.remove(place);
        }
    });
}

impl Table {
    /// Where a runtime is, or else where it would have to be.
    fn place(&self, key: Key) -> Result<usize, usize> {
        self.runtimes.binary_search_by_key(&key, |&(key, _)| key)
    }
}

fn write<T>(f: impl FnOnce(&mut Table) -> T) -> T {
    f(&mut TABLE.write().unwrap_or_else(PoisonError::into_inner))
}
