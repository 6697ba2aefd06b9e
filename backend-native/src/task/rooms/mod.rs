//! Rooms of task cells, used again: what a worker frees it takes for its next spawn.
//!
//! Cells come and go at a high rate, in few sizes, and often one thread takes what another frees:
//! what a general allocator is slowest at. So the threads of workers keep free rooms, by size. It
//! knows nothing of what is in a room. `raw.rs` takes and frees rooms; the worker's loop says which
//! threads keep any, and the monitor when nothing runs.
//!
//! ```text
//!             take, free                  one batch at a time
//!   cell  <---------------->  a thread's  <----------------->  the runtime's  ---> the allocator
//!              one room         lists                             depot
//!                                 |         nothing is there, or all is full          ^
//!                                 +---------------------------------------------------+
//! ```
//!
//! - A *class* is a size of rooms. Up to 128 bytes it goes in steps of 8, since small tasks are
//!   those of which a million may wait. From there to 512 it goes in cache lines, at whose
//!   beginning the rooms are, so that two tasks which two workers run share no line: that took four
//!   tasks of 144 bytes a seventh to a third more of their time. Larger cells, and those that want
//!   to lie on more bytes than the rooms of their size do, are the allocator's alone.
//! - A thread has one *list* a class, with at most two *batches* of rooms: one that it uses and a
//!   full one. So it goes to the depot after as many takes or frees as a batch has rooms, and not
//!   at each at the border of one.
//! - The depot (`depot.rs`) has full batches, from threads that free more than they spawn, for
//!   those that spawn more.
//!
//! What it costs: a worker keeps at most two batches a class, 8 KiB, and the runtime what its
//! depot may hold. Of that an idle runtime keeps the lists alone, and one that has ended nothing. A
//! thread that is no worker keeps nothing; a cell costs it what the allocator takes, and a look.
//! glibc's takes longer for cache lines: such a thread spawns a task of 144 bytes in 98 ns in place
//! of 60.
//!
//! # Safety argument
//!
//! 1. A room of a class is memory that the allocator gave for the class's layout, and goes back to
//!    it with that layout; a cell of the class has room in it and lies as it wants to. A [`Room`]
//!    owns it while no cell lies there. There is one at a time: [`allocate`] uses it up, [`free`]
//!    makes it again.
//! 2. What is in the list or on the shelf of a class is of that class: it came there from `free`,
//!    which knows the type, or from another of these.
//! 3. The lists are one thread's. Nothing foreign is called while one is changed.
//!
//! Nothing is lost. A thread keeps rooms while it is in [`keeping`], at whose end all of them go to
//! the allocator; so do those in the depot, then and when it is dropped. Which thread a room was
//! taken by, and of which runtime, does not matter to the one that frees it.

#![allow(unsafe_code)]

mod chain;
mod depot;
#[cfg(test)]
mod tests;

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::{Cell, RefCell},
    ptr::NonNull,
    sync::Arc,
};

use self::chain::{Chain, Class, N_CLASSES, Room};
pub(crate) use self::depot::Depot;

/// Memory for a `C`, whose size is not 0, in which nothing was written.
#[inline]
pub(super) fn allocate<C>() -> NonNull<C> {
    allocate_layout(Layout::new::<C>()).cast()
}

/// Frees what [`allocate`] gave.
///
/// # Safety
///
/// - `memory` is from `allocate::<C>`, and nobody uses it any more; what is in it is not dropped.
#[inline]
pub(super) unsafe fn free<C>(memory: NonNull<C>) {
    // SAFETY: by this function's contract.
    unsafe { free_layout(memory.cast(), Layout::new::<C>()) };
}

/// Memory of a layout, whose size is not 0, in which nothing was written.
#[inline]
pub(super) fn allocate_layout(layout: Layout) -> NonNull<u8> {
    match class_of_layout(layout) {
        Some(class) => take(class).into_memory(),
        None => allocate_alone(layout),
    }
}

/// Memory of a layout without a class.
fn allocate_alone(layout: Layout) -> NonNull<u8> {
    assert!(layout.size() > 0, "there is always something to be kept");
    // SAFETY: the size is not 0.
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Frees what [`allocate_layout`] gave.
///
/// # Safety
///
/// - `memory` is from there for this layout, and nobody uses it any more; what is in it is not
///   dropped.
#[inline]
pub(super) unsafe fn free_layout(memory: NonNull<u8>, layout: Layout) {
    match class_of_layout(layout) {
        Some(class) => {
            // SAFETY: rule 1, by this function's contract: the class is that of this layout.
            let room = unsafe { Room::from_memory(memory) };
            put(class, room);
        }
        // SAFETY: by this function's contract; without a class it is from the allocator.
        None => unsafe { dealloc(memory.as_ptr(), layout) },
    }
}

/// A room of this thread's. Of two parts, or it is not inlined where the class is not known.
#[inline]
fn take(class: Class) -> Room {
    match HERE.with(|here| here.classes[class.index()].take()) {
        Some(room) => room,
        None => HERE.with(|here| here.take_new(class)),
    }
}

/// Gives this thread a room. Of two parts, as [`take`].
#[inline]
fn put(class: Class, room: Room) {
    if let Err(room) = HERE.with(|here| here.classes[class.index()].put(room)) {
        HERE.with(|here| here.put_away(class, room));
    }
}

/// The class of the rooms of a layout. None in a build that looks for the use of memory that was
/// freed: it would not find it in a room that is used again.
#[inline]
const fn class_of_layout(layout: Layout) -> Option<Class> {
    match cfg!(any(anyrt_plain_rooms, miri)) {
        true => None,
        false => Class::of(layout),
    }
}

/// Runs `body`, a worker's: meanwhile this thread keeps rooms, and shares them in `depot`.
pub(crate) fn keeping<T>(depot: &Arc<Depot>, body: impl FnOnce() -> T) -> T {
    /// Gives all of it back, also if the body panics.
    struct Keeper;

    impl Drop for Keeper {
        fn drop(&mut self) {
            HERE.with(Lists::end);
            if let Some(depot) = DEPOT.with(RefCell::take) {
                depot.clear();
            }
        }
    }

    DEPOT.with(|here| here.replace(Some(depot.clone())));
    let _keeper = Keeper;
    HERE.with(Lists::begin);
    body()
}

/// The free rooms of a thread.
struct Lists {
    keeps: Cell<bool>,
    classes: [List; N_CLASSES],
}

/// The free rooms of one class.
struct List {
    /// Those in use.
    rooms: Cell<Chain>,
    /// How many more of them there may be: none on a thread that keeps none.
    n_left: Cell<usize>,
    /// A batch, or nothing.
    full: Cell<Chain>,
}

thread_local! {
    /// Without a destructor, so that it is reached by an address alone: `Keeper` sees to the rooms.
    static HERE: Lists = const { Lists::new() };
    /// Where this thread's batches come from and go to, while it keeps any.
    static DEPOT: RefCell<Option<Arc<Depot>>> = const { RefCell::new(None) };
}

impl Lists {
    const fn new() -> Self {
        Self {
            keeps: Cell::new(false),
            classes: [const { List::new() }; N_CLASSES],
        }
    }

    /// A room where the list in use has none.
    #[cold]
    fn take_new(&self, class: Class) -> Room {
        match self.keeps.get() {
            true => self.fetch(class),
            false => Room::new(class),
        }
    }

    /// Puts a room where the list in use has no place.
    #[cold]
    fn put_away(&self, class: Class, room: Room) {
        match self.keeps.get() {
            true => self.make_place(class, room),
            // SAFETY: rule 2.
            false => unsafe { room.free(class) },
        }
    }

    /// A room where the list in use has none, on a thread that keeps some.
    fn fetch(&self, class: Class) -> Room {
        let list = &self.classes[class.index()];
        let mut batch = list.full.take();
        if batch.is_empty() {
            batch = with_depot(|depot| depot.take(class)).unwrap_or_default();
        }
        let Some(room) = batch.pop() else {
            return Room::new(class);
        };
        list.rooms.set(batch);
        list.n_left.set(1);
        room
    }

    /// Puts a room where the list in use has no place, on a thread that keeps some.
    fn make_place(&self, class: Class, room: Room) {
        let list = &self.classes[class.index()];
        let full = list.full.replace(list.rooms.take());
        let mut rooms = Chain::EMPTY;
        rooms.push(room);
        list.rooms.set(rooms);
        list.n_left.set(class.n_batch() - 1);
        if !full.is_empty()
            && let Err(full) = with_depot(|depot| depot.give(class, full))
        {
            // SAFETY: rule 2.
            unsafe { full.free(class) };
        }
    }

    fn begin(&self) {
        debug_assert!(!self.keeps.get(), "a thread is one worker");
        self.keeps.set(true);
        for class in Class::all() {
            self.classes[class.index()].n_left.set(class.n_batch());
        }
    }

    fn end(&self) {
        self.keeps.set(false);
        for class in Class::all() {
            let list = &self.classes[class.index()];
            list.n_left.set(0);
            for chain in [list.rooms.take(), list.full.take()] {
                // SAFETY: rule 2.
                unsafe { chain.free(class) };
            }
        }
    }
}

impl List {
    const fn new() -> Self {
        Self {
            rooms: Cell::new(Chain::EMPTY),
            n_left: Cell::new(0),
            full: Cell::new(Chain::EMPTY),
        }
    }

    #[inline]
    fn take(&self) -> Option<Room> {
        let mut rooms = self.rooms.take();
        let room = rooms.pop()?;
        self.rooms.set(rooms);
        self.n_left.set(self.n_left.get() + 1);
        Some(room)
    }

    #[inline]
    fn put(&self, room: Room) -> Result<(), Room> {
        match self.n_left.get() {
            0 => Err(room),
            n_left => {
                self.n_left.set(n_left - 1);
                let mut rooms = self.rooms.take();
                rooms.push(room);
                self.rooms.set(rooms);
                Ok(())
            }
        }
    }
}

/// Lends this thread's depot to `f`.
fn with_depot<T>(f: impl FnOnce(&Depot) -> T) -> T {
    DEPOT.with(|here| {
        let here = here.borrow();
        f(here
            .as_ref()
            .expect("a thread that keeps rooms has a depot"))
    })
}
