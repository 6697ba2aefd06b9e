//! What is smol's own: a spare for a worker that blocks, and the ends of a runtime whose reactor is
//! the process's.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyrt_api::{AnyRuntime, BlockOn, Spawn};
use anyrt_smol::Runtime;
use futures_lite::future::block_on;

fn one_worker() -> Runtime {
    let built = Runtime::builder().workers(1).thread_name("alone").build();
    built.expect("a runtime")
}

#[test]
fn a_worker_that_blocks_in_place_has_a_spare() {
    let owner = one_worker();
    let rt = owner.handle();
    let inner = rt.clone();
    let task = rt.spawn(async move {
        let (named, blocks) = (thread::current().name().map(str::to_owned), inner.clone());
        let seven = blocks.block_in_place(|| block_on(inner.spawn(async { 7 })));
        (named, seven.expect("no panic"))
    });
    let (named, seven) = block_on(task).expect("no panic");
    assert_eq!((named.as_deref(), seven), (Some("alone"), 7));
}

#[test]
fn blocking_in_place_through_the_erased_form() {
    let owner = one_worker();
    let any = AnyRuntime::from(owner.handle());
    let task = any.spawn(async {
        let rt = AnyRuntime::current();
        rt.block_in_place(|| block_on(rt.spawn(async { 7 })))
    });
    let seven = block_on(task).expect("no panic").expect("no panic");
    assert_eq!(seven, 7);
}

#[test]
fn a_shutdown_waits_for_workers_and_closures() {
    let owner = one_worker();
    let rt = BlockOn::handle(&owner);
    let (started, has_started) = channel();
    let call = rt.spawn_blocking(move || {
        started.send(()).expect("somebody waits");
        thread::sleep(Duration::from_millis(50));
        7
    });
    let (held, is_dropped) = channel::<()>();
    let task = rt.spawn(async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    has_started.recv().expect("it starts");
    owner.shutdown(Duration::from_secs(5));
    assert!(
        is_dropped
            .try_recv()
            .is_err_and(|error| { error == std::sync::mpsc::TryRecvError::Disconnected })
    );
    assert!(task.is_finished());
    assert_eq!(block_on(call).expect("it was waited for"), 7);
    assert!(block_on(task).expect_err("it was dropped").is_cancelled());
}

#[test]
fn a_shutdown_gives_up_on_a_task_that_is_stuck() {
    let owner = one_worker();
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

/// The tasks go when the last who runs them leaves; their destructors see their runtime.
#[test]
fn destructors_of_the_last_tasks_are_inside_the_runtime() {
    struct Says(std::sync::mpsc::Sender<Option<&'static str>>);
    impl Drop for Says {
        fn drop(&mut self) {
            let current = AnyRuntime::try_current();
            let _ = self.0.send(current.as_ref().map(AnyRuntime::backend));
        }
    }
    let owner = one_worker();
    let (sender, said) = channel();
    let says = Says(sender);
    drop(owner.handle().spawn(async move {
        let _says = says;
        std::future::pending::<()>().await;
    }));
    drop(owner);
    let said = said.recv_timeout(Duration::from_secs(5));
    assert_eq!(said.expect("it is dropped"), Some("smol"));
}

#[test]
fn an_abort_after_the_shutdown_changes_nothing() {
    let owner = one_worker();
    let rt = owner.handle();
    let done = rt.spawn(async { 7 });
    let never = rt.spawn(std::future::pending::<()>());
    while !done.is_finished() {
        thread::yield_now();
    }
    owner.shutdown(Duration::from_secs(5));
    done.abort();
    never.abort();
    assert_eq!(block_on(done).expect("its output stays"), 7);
    assert!(block_on(never).expect_err("it was dropped").is_cancelled());
}

/// Every task is aborted while its runtime goes; each join resolves, whoever dropped the future.
#[test]
fn aborts_beside_a_shutdown_lose_no_join() {
    for _ in 0..100 {
        let owner = Runtime::builder().workers(2).build().expect("a runtime");
        let rt = owner.handle();
        let tasks: Vec<_> = (0..16)
            .map(|_| rt.spawn(std::future::pending::<()>()))
            .collect();
        thread::scope(|threads| {
            threads.spawn(|| tasks.iter().for_each(anyrt_api::task::JoinHandle::abort));
            threads.spawn(move || owner.shutdown(Duration::from_secs(5)));
        });
        for task in tasks {
            assert!(block_on(task).expect_err("it never ends").is_cancelled());
        }
    }
}
