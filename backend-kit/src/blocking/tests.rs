//! The pool on threads of its own, and without any.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use futures_lite::future::block_on;

use super::*;

fn started(count: &Arc<AtomicUsize>) -> Start {
    let count = Arc::clone(count);
    Box::new(move |body| {
        count.fetch_add(1, Ordering::SeqCst);
        thread::Builder::new().spawn(body).map(drop)
    })
}

fn pool(limit: usize, keep_alive: Duration) -> (Pool, Arc<AtomicUsize>) {
    let count = Arc::default();
    let pool = Pool::new(limit, keep_alive, started(&count));
    (pool, count)
}

fn call<F>(f: F) -> Call<F> {
    Call::new(f, None)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn calls_run_in_order_on_as_many_threads_as_there_may_be() {
    let (pool, threads) = pool(1, LONG);
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..20)
        .map(|i| {
            let order = Arc::clone(&order);
            pool.spawn(call(move || order.lock().expect("no panic").push(i)))
        })
        .collect();
    for call in calls {
        block_on(call).expect("it runs");
    }
    assert_eq!(
        *order.lock().expect("no panic"),
        (0..20).collect::<Vec<_>>()
    );
    assert_eq!(threads.load(Ordering::SeqCst), 1);
}

#[test]
fn a_thread_that_has_nothing_to_do_ends() {
    let (pool, threads) = pool(4, Duration::from_millis(1));
    block_on(pool.spawn(call(|| ()))).expect("it runs");
    while pool.0.state.lock().n_threads > 0 {
        thread::yield_now();
    }
    block_on(pool.spawn(call(|| ()))).expect("it runs");
    assert_eq!(threads.load(Ordering::SeqCst), 2);
}

#[test]
fn without_a_thread_the_handle_says_why() {
    let none = |_| Err(io::Error::from_raw_os_error(11));
    let pool = Pool::new(4, LONG, Box::new(none));
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let error = block_on(pool.spawn(call(move || drop(inside)))).expect_err("no thread");
    assert!(error.is_cancelled() && error.to_string().contains("could not be started"));
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(pool.0.state.lock().n_threads, 0);
}

#[test]
fn without_another_thread_it_runs_later() {
    let count = Arc::new(AtomicUsize::new(0));
    let once = started(&count);
    let start = move |body| match count.load(Ordering::SeqCst) {
        0 => once(body),
        _ => Err(io::ErrorKind::WouldBlock.into()),
    };
    let pool = Pool::new(4, LONG, Box::new(start));
    let (release, released) = channel::<()>();
    let first = pool.spawn(call(move || released.recv().is_err()));
    let second = pool.spawn(call(|| 7));
    drop(release);
    assert!(block_on(first).expect("it runs"));
    assert_eq!(block_on(second).expect("it runs later"), 7);
}

#[test]
fn an_abort_reaches_what_has_not_begun() {
    let (pool, _) = pool(1, LONG);
    let (release, released) = channel::<()>();
    let first = pool.spawn(call(move || released.recv().is_err()));
    while !pool.0.state.lock().jobs.is_empty() {
        thread::yield_now();
    }
    let second = pool.spawn(call(|| 7));
    second.abort();
    assert!(second.is_finished() && !first.is_finished());
    first.abort();
    drop(release);
    assert!(block_on(first).expect("an abort does not stop it"));
    assert!(block_on(second).expect_err("it was queued").is_cancelled());
}

#[test]
fn the_end_cancels_what_has_not_begun() {
    let (pool, _) = pool(1, LONG);
    let (release, released) = channel::<()>();
    let first = pool.spawn(call(move || released.recv().is_err()));
    while !pool.0.state.lock().jobs.is_empty() {
        thread::yield_now();
    }
    let second = pool.spawn(call(|| 7));
    pool.close();
    drop(release);
    assert!(block_on(first).expect("it had begun"));
    assert!(block_on(second).expect_err("it had not").is_cancelled());
    assert!(block_on(pool.spawn(call(|| 8))).is_err());
}

#[test]
fn a_panic_is_the_joiners_and_the_thread_lives_on() {
    let (pool, threads) = pool(1, LONG);
    let error = block_on(pool.spawn::<_, ()>(call(|| panic!("boom")))).expect_err("it panicked");
    assert!(error.is_panic());
    assert_eq!(block_on(pool.spawn(call(|| 7))).expect("it runs"), 7);
    assert_eq!(threads.load(Ordering::SeqCst), 1);
}
