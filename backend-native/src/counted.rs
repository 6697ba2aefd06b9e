//! The primitives of `sync.rs` in a build that counts who writes what: `--cfg anyrt_counted`.
//!
//! What several cores write, their caches hand from one to the other, and that is what bounds a
//! runtime on many cores. So each write to an atomic, and each lock taken, is noted with the file
//! that asks for it, and whether another thread was the last that wrote there. It knows nothing of
//! what the words mean. `examples/writes.rs` reads the counts; in any other build there is nothing
//! here.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{
        self, Arc, LockResult, MutexGuard, OnceLock, PoisonError, TryLockResult,
        atomic::{
            self,
            Ordering::{self, Relaxed},
        },
    },
};

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A plain store.
    Store,
    /// A read-modify-write, also one that changed nothing.
    Update,
    /// A lock that was taken: it is written twice.
    Lock,
}

/// Writes of one kind that one file asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writes {
    /// All of them.
    pub n: u64,
    /// Those to a word that another thread had written last.
    pub n_crossed: u64,
}

type Counts = BTreeMap<(&'static str, Kind), Writes>;

/// What all threads have written since the last call.
pub fn take() -> BTreeMap<(&'static str, Kind), Writes> {
    let mut sum = Counts::new();
    for counts in unpoisoned(all().lock()).iter() {
        for (place, writes) in std::mem::take(&mut *unpoisoned(counts.lock())) {
            let sum = sum.entry(place).or_default();
            sum.n += writes.n;
            sum.n_crossed += writes.n_crossed;
        }
    }
    sum
}

/// Of each thread that there was; each locks its own.
fn all() -> &'static sync::Mutex<Vec<Arc<sync::Mutex<Counts>>>> {
    static ALL: OnceLock<sync::Mutex<Vec<Arc<sync::Mutex<Counts>>>>> = OnceLock::new();
    ALL.get_or_init(sync::Mutex::default)
}

/// A thread's number, from 1, and its counts.
struct Here {
    number: u32,
    counts: Arc<sync::Mutex<Counts>>,
}

thread_local! {
    static HERE: Here = {
        let counts = Arc::<sync::Mutex<Counts>>::default();
        let mut all = unpoisoned(all().lock());
        all.push(counts.clone());
        let number = all.len().try_into().expect("fewer threads than four billion");
        Here { number, counts }
    };
}

fn unpoisoned<T>(locked: LockResult<T>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// Who has written a word last: a thread's number, 0 is nobody.
#[derive(Debug, Default)]
struct Last(atomic::AtomicU32);

impl Last {
    #[track_caller]
    fn note(&self, kind: Kind) {
        let file = Location::caller().file();
        // A thread that ends has no counts any more.
        let _ = HERE.try_with(|here| {
            let last = self.0.swap(here.number, Relaxed);
            let mut counts = unpoisoned(here.counts.lock());
            let writes = counts.entry((file, kind)).or_default();
            writes.n += 1;
            writes.n_crossed += u64::from(last != 0 && last != here.number);
        });
    }
}

/// Methods of std that write a word: noted, then done.
macro_rules! noted {
    ($of:ty: $kind:ident $name:ident($($argument:ident: $type:ty),*) -> $output:ty) => {
        #[track_caller]
        pub(crate) fn $name(&self, $($argument: $type),*) -> $output {
            self.last.note(Kind::$kind);
            self.word.$name($($argument),*)
        }
    };
}

macro_rules! atomic {
    ($name:ident, $of:ty) => {
        /// std's, with its writes noted.
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            word: atomic::$name,
            last: Last,
        }

        #[allow(dead_code)] // each width has what some word needs
        impl $name {
            pub(crate) const fn new(value: $of) -> Self {
                let (word, last) = (atomic::$name::new(value), Last(atomic::AtomicU32::new(0)));
                Self { word, last }
            }

            pub(crate) fn load(&self, order: Ordering) -> $of {
                self.word.load(order)
            }

            pub(crate) fn get_mut(&mut self) -> &mut $of {
                self.word.get_mut()
            }

            noted!($of: Store store(value: $of, order: Ordering) -> ());
            noted!($of: Update swap(value: $of, order: Ordering) -> $of);
            noted!($of: Update fetch_add(value: $of, order: Ordering) -> $of);
            noted!($of: Update fetch_sub(value: $of, order: Ordering) -> $of);
            noted!($of: Update fetch_and(value: $of, order: Ordering) -> $of);
            noted!($of: Update fetch_or(value: $of, order: Ordering) -> $of);
            noted!($of: Update fetch_max(value: $of, order: Ordering) -> $of);
            noted!($of: Update compare_exchange(
                from: $of, to: $of, done: Ordering, failed: Ordering
            ) -> Result<$of, $of>);
            noted!($of: Update compare_exchange_weak(
                from: $of, to: $of, done: Ordering, failed: Ordering
            ) -> Result<$of, $of>);
        }
    };
}

atomic!(AtomicU8, u8);
atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
atomic!(AtomicUsize, usize);

/// std's, with its locks noted.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    inner: sync::Mutex<T>,
    last: Last,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(content: T) -> Self {
        Self {
            inner: sync::Mutex::new(content),
            last: Last(atomic::AtomicU32::new(0)),
        }
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.last.note(Kind::Lock);
        self.inner.lock()
    }

    #[track_caller]
    pub(crate) fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        self.last.note(Kind::Lock);
        self.inner.try_lock()
    }
}
