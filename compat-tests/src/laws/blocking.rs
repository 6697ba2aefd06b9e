//! Laws of blocking calls: L035 to L039, L041, L048, and `block_in_place`.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyrt_api::net::lookup_host_in;
use anyrt_api::{BlockOn, Runtime, Spawn as _, Timer as _, fs};

use crate::gate::{Gate, step_aside};
use crate::scratch::folder;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l035_blocked_threads_block_no_task in lab).needs(Capability::Threads),
        law!(l035_closure_runs_once),
        law!(l036_panic_in_a_closure),
        law!(l037_drop_detaches_a_closure in lab),
        law!(l038_abort_of_a_closure in lab).needs(Capability::Threads),
        law!(l039_queued_closures_start_in_order in lab).needs(Capability::Threads),
        law!(l041_one_blocking_thread_is_enough in lab),
        law!(l048_block_on_in_a_blocking_closure in lab),
        law!(l048_block_on_in_block_in_place in lab).needs(Capability::Threads),
    ]
}

/// L035: Tasks, timers and sockets make progress while every blocking thread is blocked.
fn l035_blocked_threads_block_no_task<B: Backend>(lab: &Lab<B>) {
    const LIMIT: usize = 4;
    let owner = lab.start_with(|setup| setup.blocking_threads = LIMIT);
    let rt = owner.handle();
    let mut releases = Vec::new();
    let blocked: Vec<_> = (0..LIMIT + 4)
        .map(|i| {
            let (release, released) = channel::<()>();
            releases.push(release);
            rt.spawn_blocking(move || {
                // Ends when the sender goes.
                let _ = released.recv();
                i
            })
        })
        .collect();
    owner.block_on(async {
        let tasks: Vec<_> = (0..20).map(|i| rt.spawn(async move { i })).collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.expect("tasks go on"), i);
        }
        rt.sleep_until(rt.now() + Duration::from_millis(5)).await;
        assert!(blocked.iter().all(|call| !call.is_finished()));
        drop(releases);
        for (i, call) in blocked.into_iter().enumerate() {
            assert_eq!(call.await.expect("each closure runs in the end"), i);
        }
    });
}

/// L035: A closure runs exactly once, and on a thread that may block.
async fn l035_closure_runs_once<R: Runtime>(rt: R) {
    let runs = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..50)
        .map(|i| {
            let runs = runs.clone();
            rt.spawn_blocking(move || {
                runs.fetch_add(1, Ordering::SeqCst);
                (i, anyrt_api::current::is_driving())
            })
        })
        .collect();
    for (i, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.expect("it runs"), (i, false));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 50);
}

/// L036: A panic in a closure is `Err` with its payload, and the thread lives on.
async fn l036_panic_in_a_closure<R: Runtime>(rt: R) {
    for i in 0..20_u32 {
        let call = rt.spawn_blocking(move || panic_any(i));
        let error = call.await.map(|()| "an output").expect_err("it panicked");
        let payload = error
            .into_panic()
            .downcast::<u32>()
            .expect("the original payload");
        assert_eq!(*payload, i);
    }
    assert_eq!(
        rt.spawn_blocking(|| 7)
            .await
            .expect("closures run after it"),
        7
    );
}

/// L037: Dropping the handle cancels neither a queued nor a running closure.
fn l037_drop_detaches_a_closure<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 2);
    let rt = owner.handle();
    owner.block_on(async {
        let ran = Gate::new();
        for _ in 0..50 {
            let ran = ran.clone();
            drop(rt.spawn_blocking(move || ran.open()));
        }
        ran.wait_for(50).await;
    });
}

/// L038: An abort of a closure that has started does nothing; of a queued one it either never runs
/// and the error is cancelled, or it runs in full.
fn l038_abort_of_a_closure<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 1);
    let rt = owner.handle();
    let (release, released) = channel::<()>();
    let (started, at_work) = (Gate::new(), Gate::new());
    let starting = started.clone();
    let running = rt.spawn_blocking(move || {
        starting.open();
        let _ = released.recv();
        7
    });
    let working = at_work.clone();
    owner.block_on(async {
        started.wait().await;
        let queued = rt.spawn_blocking(move || {
            working.open();
            8
        });
        running.abort();
        queued.abort();
        step_aside(5).await;
        assert!(
            !running.is_finished(),
            "a closure that runs cannot be finished"
        );
        drop(release);
        assert_eq!(running.await.expect("an abort does not stop it"), 7);
        match queued.await {
            Ok(output) => assert!(at_work.is_open() && output == 8),
            Err(error) => assert!(error.is_cancelled() && !at_work.is_open()),
        }
    });
}

/// L039: With all threads busy, closures wait in order, and none is dropped.
fn l039_queued_closures_start_in_order<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 1);
    let rt = owner.handle();
    let (release, released) = channel::<()>();
    let first = rt.spawn_blocking(move || {
        let _ = released.recv();
    });
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..40)
        .map(|i| {
            let order = order.clone();
            rt.spawn_blocking(move || order.lock().expect("no panic under this lock").push(i))
        })
        .collect();
    drop(release);
    owner.block_on(async {
        first.await.expect("it was released");
        for call in calls {
            call.await.expect("no closure is dropped");
        }
    });
    let order = order.lock().expect("no panic under this lock");
    assert_eq!(*order, (0..40).collect::<Vec<_>>());
}

/// L041: No operation needs a second blocking thread to finish what it does on a first: with one
/// thread everything gets done.
fn l041_one_blocking_thread_is_enough<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 1);
    let rt = owner.handle();
    owner.block_on(async {
        let folder = folder(&rt).await;
        let tasks: Vec<_> = (0..12_u8)
            .map(|number| {
                let (rt, path) = (rt.clone(), folder.join(number.to_string()));
                rt.clone().spawn(async move {
                    fs::create_dir_in(&path, &rt).await.expect("a folder");
                    let file = path.join("file");
                    fs::write_in(&file, [number; 9_000], &rt)
                        .await
                        .expect("written");
                    let copy = path.join("copy");
                    fs::copy_in(&file, &copy, &rt).await.expect("copied");
                    rt.spawn_blocking(|| ()).await.expect("a closure");
                    let _ = lookup_host_in("localhost:1", &rt)
                        .await
                        .expect("an address");
                    assert_eq!(
                        fs::read_in(&copy, &rt).await.expect("read"),
                        [number; 9_000]
                    );
                    fs::remove_dir_all_in(&path, &rt).await.expect("removed");
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("one thread is enough");
        }
    });
}

/// L048: `block_on` works inside a blocking closure.
fn l048_block_on_in_a_blocking_closure<B: Backend>(lab: &Lab<B>) {
    let owner = Arc::new(lab.start());
    let rt = owner.handle();
    let inner = owner.clone();
    let call = owner.block_on(async {
        let handle = rt.clone();
        rt.spawn_blocking(move || {
            inner.block_on(async {
                handle
                    .sleep_until(handle.now() + Duration::from_millis(2))
                    .await;
                handle.spawn(async { 7 }).await
            })
        })
        .await
    });
    let task = call.expect("block_on is allowed in a closure");
    assert_eq!(task.expect("its task runs"), 7);
}

/// L048: `block_on` works inside `block_in_place`, and the runtime goes on meanwhile.
fn l048_block_on_in_block_in_place<B: Backend>(lab: &Lab<B>) {
    for workers in [2, 1] {
        let owner = Arc::new(lab.start_with(|setup| setup.workers = workers));
        let (inner, rt) = (owner.clone(), owner.handle());
        let output = owner.block_on(async {
            let handle = rt.clone();
            let task = rt.spawn(async move {
                let after = handle.spawn(async { 8 });
                let seven = handle
                    .block_in_place(|| inner.block_on(async { handle.spawn(async { 7 }).await }));
                (seven, after.await)
            });
            task.await
                .expect("block_in_place does not panic on a runtime with an owner")
        });
        assert_eq!(output.0.expect("a task of the inner block_on"), 7);
        assert_eq!(output.1.expect("a task of the outer one"), 8);
    }
}
