//! Which runtimes there are in this process: how a task finds its own without holding it.
//!
//! The one global of this crate. A task names its runtime by an index with a generation, so that a
//! spawn shares no reference count, and a waker that outlives its runtime finds nothing in place of
//! something else. It knows nothing of what a runtime is but its [`Shared`].

use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::Shared;

static TABLE: RwLock<Table> = RwLock::new(Table {
    places: Vec::new(),
    free: Vec::new(),
});

/// Names a runtime of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    generation: u32,
}

struct Table {
    places: Vec<Place>,
    free: Vec<u32>,
}

struct Place {
    generation: u32,
    runtime: Weak<Shared>,
}

/// Makes a runtime that knows its own key.
pub(super) fn insert(make: impl FnOnce(Key) -> Shared) -> Arc<Shared> {
    let key = reserve();
    let shared = Arc::new(make(key));
    write(|table| table.places[key.index as usize].runtime = Arc::downgrade(&shared));
    shared
}

/// The runtime, if it is still there.
pub(super) fn find(key: Key) -> Option<Arc<Shared>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let place = &table.places[key.index as usize];
    if place.generation == key.generation {
        place.runtime.upgrade()
    } else {
        None
    }
}

/// Gives the place away to the next runtime. Called when the runtime is dropped.
pub(super) fn remove(key: Key) {
    write(|table| {
        let place = &mut table.places[key.index as usize];
        place.generation = place.generation.wrapping_add(1);
        place.runtime = Weak::new();
        table.free.push(key.index);
    });
}

fn reserve() -> Key {
    write(|table| {
        let index = table.free.pop().unwrap_or_else(|| {
            let index = u32::try_from(table.places.len()).expect("far fewer runtimes");
            table.places.push(Place {
                generation: 0,
                runtime: Weak::new(),
            });
            index
        });
        Key {
            index,
            generation: table.places[index as usize].generation,
        }
    })
}

fn write<T>(f: impl FnOnce(&mut Table) -> T) -> T {
    f(&mut TABLE.write().unwrap_or_else(PoisonError::into_inner))
}
