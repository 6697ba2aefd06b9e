//! Rooms without tasks: what a thread keeps, what the depot does, and that all of it goes back.
//!
//! In a build where every room is the allocator's there is nothing to be seen here.
#![cfg(not(any(anyrt_plain_rooms, miri)))]

use std::{
    sync::{Mutex, mpsc},
    thread,
};

use super::{depot::BYTES_MAX, *};

type Small = [u64; 8];
type Large = [u64; 64];
type TooLarge = [u64; 65];

type Aligned = [u128; 4];

fn class_of<C>() -> Option<Class> {
    class_of_layout(Layout::new::<C>())
}

fn class<C>() -> Class {
    class_of::<C>().expect("it has a class")
}

/// A room for a `C`, as memory that can go to another thread.
struct Taken<C>(NonNull<C>);

// SAFETY: it is memory that nobody else uses.
unsafe impl<C> Send for Taken<C> {}

impl<C> Taken<C> {
    fn new() -> Self {
        Self(allocate())
    }

    fn address(&self) -> usize {
        self.0.addr().get()
    }

    fn free(self) {
        // SAFETY: it is from `allocate`, and used up here.
        unsafe { free(self.0) };
    }
}

fn take<C>(n: usize) -> Vec<Taken<C>> {
    (0..n).map(|_| Taken::new()).collect()
}

fn free_all<C>(rooms: Vec<Taken<C>>) {
    rooms.into_iter().for_each(Taken::free);
}

/// Rooms of the class that this thread keeps.
fn n_kept<C>() -> usize {
    let class = class::<C>();
    HERE.with(|here| {
        let list = &here.classes[class.index()];
        [&list.rooms, &list.full]
            .map(|cell| {
                let (mut chain, mut n) = (cell.take(), 0);
                let mut again = Vec::new();
                while let Some(room) = chain.pop() {
                    again.push(room);
                    n += 1;
                }
                let mut chain = Chain::EMPTY;
                again.into_iter().rev().for_each(|room| chain.push(room));
                cell.set(chain);
                n
            })
            .iter()
            .sum()
    })
}

fn depot() -> Arc<Depot> {
    Arc::new(Depot::new())
}

#[test]
fn small_cells_have_a_class_of_their_size() {
    assert_eq!(class_of::<Small>(), Class::of(Layout::new::<[u64; 8]>()));
    assert_ne!(class_of::<Small>(), class_of::<[u64; 7]>());
    assert!(class_of::<Large>().is_some());
    for none in [
        class_of::<TooLarge>(),
        class_of::<Aligned>(),
        class_of::<[u8; 60]>(),
        class_of::<u64>(),
    ] {
        assert_eq!(none, None);
    }
    for class in Class::all() {
        assert!(class.n_batch() >= 8 && class.batch_bytes() <= 4096);
    }
}

#[test]
fn rooms_of_more_than_two_cache_lines_share_none() {
    assert_eq!(class_of::<[u64; 17]>(), class_of::<[u64; 24]>());
    assert_ne!(class_of::<[u64; 16]>(), class_of::<[u64; 15]>());
    assert!(class_of::<[u128; 9]>().is_some(), "it lies on 64 bytes");
    let rooms = take::<[u64; 17]>(8);
    let addresses: Vec<_> = rooms.iter().map(Taken::address).collect();
    free_all(rooms);
    assert!(addresses.iter().all(|address| address.is_multiple_of(64)));
    let apart = |a: &usize, b: &usize| a == b || a.abs_diff(*b) >= 192;
    let all_apart = |a| addresses.iter().all(|b| apart(a, b));
    assert!(addresses.iter().all(all_apart), "{addresses:x?}");
}

#[test]
fn the_room_that_was_freed_last_is_taken_first() {
    keeping(&depot(), || {
        let rooms = take::<Small>(3);
        let mut addresses: Vec<_> = rooms.iter().map(Taken::address).collect();
        free_all(rooms);
        assert_eq!(n_kept::<Small>(), 3);
        let again = take::<Small>(3);
        addresses.reverse();
        assert!(again.iter().map(Taken::address).eq(addresses));
        assert_eq!(n_kept::<Small>(), 0);
        free_all(again);
    });
    assert_eq!(n_kept::<Small>(), 0, "at the end nothing is kept");
}

#[test]
fn who_is_no_worker_keeps_nothing() {
    free_all(take::<Small>(500));
    assert_eq!(n_kept::<Small>(), 0);
    // Freed by one who keeps none, and the other way around.
    let depot = depot();
    let rooms = keeping(&depot, || {
        free_all(take::<Small>(500));
        take::<Small>(10)
    });
    free_all(rooms);
    let rooms = take::<Small>(10);
    keeping(&depot, || free_all(rooms));
    assert_eq!((n_kept::<Small>(), depot.n_bytes()), (0, 0));
}

#[test]
fn what_is_too_large_or_aligned_is_the_allocators() {
    keeping(&depot(), || {
        free_all(take::<TooLarge>(100));
        let rooms = take::<Aligned>(100);
        assert!(rooms.iter().all(|room| room.address().is_multiple_of(16)));
        free_all(rooms);
    });
}

#[test]
fn a_thread_keeps_two_batches_and_the_depot_the_rest() {
    let depot = depot();
    let (n, bytes) = (class::<Small>().n_batch(), class::<Small>().batch_bytes());
    keeping(&depot, || {
        free_all(take::<Small>(2 * n));
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (2 * n, 0));
        free_all(take::<Small>(2 * n + 1));
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (n + 1, bytes));
        // Back and forth at the border nothing moves.
        let one = take::<Small>(2);
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (n - 1, bytes));
        free_all(one);
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (n + 1, bytes));
        let all = take::<Small>(2 * n + 1);
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (0, 0));
        free_all(all);
    });
    assert_eq!(depot.n_bytes(), 0, "the end of the thread clears the depot");
}

#[test]
fn the_depot_is_bounded() {
    let depot = depot();
    keeping(&depot, || {
        let n = BYTES_MAX / size_of::<Large>() + 1000;
        let (large, small) = (take::<Large>(n), take::<Small>(1000));
        free_all(large);
        let full = depot.n_bytes();
        assert!(full <= BYTES_MAX && full > BYTES_MAX - 4096, "{full}");
        // It is the bound of all classes.
        free_all(small);
        assert!(depot.n_bytes() <= BYTES_MAX);
        let n = class::<Small>().n_batch();
        assert_eq!(
            n_kept::<Small>(),
            1000 % n + n,
            "nor does a thread keep more"
        );
        // What is there can still be taken.
        let large = take::<Large>(n);
        assert!(depot.n_bytes() < full);
        free_all(large);
        depot.clear();
        assert_eq!(depot.n_bytes(), 0);
        assert_eq!(
            n_kept::<Small>(),
            1000 % n + n,
            "the lists are the thread's"
        );
    });
}

#[test]
fn what_another_thread_frees_feeds_the_spawner() {
    let depot = depot();
    let n = class::<Small>().n_batch();
    let (to_other, other) = mpsc::channel::<Vec<Taken<Small>>>();
    let (freed, is_freed) = mpsc::channel();
    thread::scope(|scope| {
        let depot = &depot;
        scope.spawn(move || {
            keeping(depot, || {
                let rooms = other.recv().expect("the spawner sends");
                let addresses: Vec<_> = rooms.iter().map(Taken::address).collect();
                free_all(rooms);
                freed.send(addresses).expect("it waits");
                // Until the spawner has what it wants: an end would clear the depot.
                assert!(other.recv().is_err());
            });
        });
        keeping(depot, || {
            to_other
                .send(take(4 * n))
                .expect("the other thread receives");
            let freed = is_freed.recv().expect("the other thread frees");
            assert_eq!(n_kept::<Small>(), 0);
            let again = take::<Small>(2 * n);
            assert!(again.iter().all(|room| freed.contains(&room.address())));
            free_all(again);
            drop(to_other);
        });
    });
    assert_eq!(depot.n_bytes(), 0);
}

/// Whoever spawns is no worker: what the workers free, the allocator gets back.
#[test]
fn the_depot_takes_nothing_that_nobody_wants() {
    let depot = depot();
    let n = class::<Small>().n_batch();
    let rooms = take::<Small>(10 * n);
    keeping(&depot, || {
        free_all(rooms);
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (2 * n, 0));
        // Two batches are the thread's, and one room is wanted: a batch, then.
        let rooms = take::<Small>(2 * n + 1);
        free_all(rooms);
        free_all(take::<Small>(2 * n));
        assert_eq!(n_kept::<Small>(), n + 1);
        assert_eq!(depot.n_bytes(), class::<Small>().batch_bytes());
    });
}

#[test]
fn a_lock_that_is_taken_is_not_waited_for() {
    let depot = depot();
    let n = class::<Small>().n_batch();
    keeping(&depot, || {
        let locked = depot.lock(class::<Small>());
        free_all(take::<Small>(4 * n));
        assert_eq!((n_kept::<Small>(), depot.n_bytes()), (2 * n, 0));
        depot.clear();
        drop(locked);
        free_all(take::<Small>(4 * n));
        assert_eq!(depot.n_bytes(), 2 * class::<Small>().batch_bytes());
    });
}

#[test]
fn a_body_that_panics_gives_all_back() {
    let depot = depot();
    let body = || {
        keeping(&depot, || {
            free_all(take::<Small>(1000));
            panic!("a worker's body panics");
        })
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_err());
    assert_eq!((n_kept::<Small>(), depot.n_bytes()), (0, 0));
}

fn check_and_free((room, mark): (Taken<Small>, u64)) {
    // SAFETY: it is ours, and was written when it was taken.
    assert_eq!(unsafe { room.0.read() }, [mark; 8]);
    room.free();
}

/// Threads take, write, pass on and free rooms of two sizes, and the depot is cleared meanwhile: no
/// room is two's at a time, and in the end none is left.
#[test]
fn no_room_is_given_twice() {
    const N_THREADS: u64 = 4;
    const N_STEPS: u64 = 40_000;
    let depot = depot();
    let passed_on = Mutex::new(Vec::new());
    let body = |seed: u64| {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut mine = Vec::<(Taken<Small>, u64)>::new();
        let passed_on = || passed_on.lock().expect("nobody panics with it");
        for step in 0..N_STEPS {
            let any = chance.usize(..mine.len().max(1));
            match chance.u32(..100) {
                0 => depot.clear(),
                1..45 => {
                    let (room, mark) = (Taken::new(), (seed << 32) | step);
                    // SAFETY: it is ours.
                    unsafe { room.0.write([mark; 8]) };
                    mine.push((room, mark));
                    free_all(take::<Large>(chance.usize(..3)));
                }
                45..65 if !mine.is_empty() => passed_on().push(mine.swap_remove(any)),
                65..75 => mine.extend(passed_on().pop()),
                // Now and then all at once: that fills the depot.
                75 => mine.drain(..).for_each(check_and_free),
                76.. if !mine.is_empty() => check_and_free(mine.swap_remove(any)),
                _ => {}
            }
        }
        mine.into_iter().for_each(check_and_free);
    };
    thread::scope(|scope| {
        for seed in 1..=N_THREADS {
            let (depot, body) = (&depot, &body);
            scope.spawn(move || keeping(depot, || body(seed)));
        }
    });
    assert_eq!(depot.n_bytes(), 0, "all are gone, and their rooms as well");
    let left = passed_on.into_inner().expect("nobody panicked with it");
    left.into_iter().for_each(check_and_free);
}
