//! The single-threaded owner: driven by whoever is inside `block_on`, else by its helper.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyrt_api::{Spawn, Timer};
use anyrt_tokio::Runtime;
use futures_lite::future::block_on;

fn single() -> Runtime {
    let built = Runtime::builder().current_thread().build();
    built.expect("a runtime")
}

#[test]
fn the_helper_drives_while_nobody_else_does() {
    let owner = single();
    let rt = owner.handle();
    for _ in 0..3 {
        assert_eq!(block_on(rt.spawn(async { 7 })).expect("no panic"), 7);
        block_on(rt.sleep_until(rt.now() + Duration::from_millis(5)));
        // In between somebody else does, and the helper takes it up again.
        let here = thread::current().id();
        let ran_on = owner.block_on(async { rt.spawn(async { thread::current().id() }).await });
        assert_eq!(ran_on.expect("no panic"), here, "tasks run in `block_on`");
    }
}

#[test]
fn several_threads_may_block_on_it() {
    let owner = single();
    let rt = owner.handle();
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..50 {
                    let seven = owner.block_on(async { rt.spawn(async { 7 }).await });
                    assert_eq!(seven.expect("no panic"), 7);
                }
            });
        }
    });
}

#[test]
fn a_shutdown_waits_for_a_closure_and_drops_the_tasks() {
    let owner = single();
    let rt = owner.handle();
    let (started, has_started) = channel();
    let call = rt.spawn_blocking(move || {
        started.send(()).expect("somebody waits");
        thread::sleep(Duration::from_millis(50));
        7
    });
    let task = rt.spawn(std::future::pending::<()>());
    has_started.recv().expect("it starts");
    owner.shutdown(Duration::from_secs(5));
    assert_eq!(block_on(call).expect("it was waited for"), 7);
    assert!(block_on(task).expect_err("it was dropped").is_cancelled());
}

#[test]
fn a_shutdown_gives_up_on_a_task_that_is_stuck() {
    let owner = single();
    let (started, has_started) = channel();
    drop(owner.handle().spawn(async move {
        started.send(()).expect("somebody waits");
        thread::sleep(Duration::from_millis(500));
    }));
    has_started.recv().expect("it starts");
    let begun = Instant::now();
    owner.shutdown(Duration::from_millis(50));
    assert!(begun.elapsed() < Duration::from_millis(400));
}

#[test]
fn it_may_be_dropped_in_its_own_task() {
    let owner = single();
    let rt = owner.handle();
    let (done, is_done) = channel();
    drop(rt.spawn(async move {
        drop(owner);
        done.send(()).expect("somebody waits");
    }));
    is_done
        .recv_timeout(Duration::from_secs(5))
        .expect("the drop does not block");
}
