//! Laws of a runtime's life: L044 to L047, L049, L053 and L056.

use std::any::Any;
use std::cell::RefCell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyrt_api::{AnyRuntime, BlockOn, Spawn, Timer};

use crate::bound::at_most;
use crate::gate::{Gate, step_aside};
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l044_block_on_drives_timers_and_tasks in lab),
        law!(l045_block_on_raises_the_futures_panic in lab),
        law!(l046_block_on_from_several_threads in lab).needs(Capability::Threads),
        law!(l047_nested_block_on_panics in lab),
        law!(l049_drop_in_async_code in lab),
        law!(l049_drop_in_a_task_of_its_own in lab).needs(Capability::Threads),
        law!(l049_drop_does_not_wait in lab)
            .needs(Capability::Threads)
            .stochastic(),
        law!(l053_runtimes_are_independent in lab),
        law!(l056_another_thread_drops_it in lab),
        law!(l056_the_end_of_a_thread_drops_it in lab),
    ]
}

/// L044: Inside `block_on` timers and spawned tasks make progress, also with one thread.
fn l044_block_on_drives_timers_and_tasks<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.workers = 1);
    let rt = owner.handle();
    let handle = rt.clone();
    let output = owner.block_on(async move {
        let inner = handle.clone();
        let task = handle.spawn(async move {
            inner
                .sleep_until(inner.now() + Duration::from_millis(3))
                .await;
            inner.spawn(async { 7 }).await
        });
        handle
            .sleep_until(handle.now() + Duration::from_millis(1))
            .await;
        task.await
    });
    assert_eq!(output.expect("the task").expect("its own task"), 7);
}

/// L045: A panic of the future is re-raised on the caller, and the runtime stays usable.
fn l045_block_on_raises_the_futures_panic<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    for steps in 0..3 {
        let panicking = async {
            step_aside(steps).await;
            panic_any(steps);
        };
        let caught = catch_unwind(AssertUnwindSafe(|| owner.block_on(panicking)));
        let payload = caught
            .expect_err("the panic is the caller's")
            .downcast::<usize>();
        assert_eq!(*payload.expect("the original payload"), steps);
        assert!(
            AnyRuntime::try_current().is_none(),
            "the runtime stayed entered"
        );
        let output = owner.block_on(async {
            rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
            rt.spawn(async { 7 }).await
        });
        assert_eq!(output.expect("the runtime goes on"), 7);
    }
}

/// L046: Several threads may be inside `block_on` of one runtime at once.
fn l046_block_on_from_several_threads<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.workers = 1);
    let rt = owner.handle();
    let all_here = Gate::new();
    std::thread::scope(|scope| {
        for i in 0..4 {
            let (owner, rt, all_here) = (&owner, &rt, &all_here);
            scope.spawn(move || {
                owner.block_on(async {
                    all_here.open();
                    all_here.wait_for(4).await;
                    for round in 0..20 {
                        rt.sleep_until(rt.now() + Duration::from_micros(200 * i))
                            .await;
                        assert_eq!(
                            rt.spawn(async move { round }).await.expect("it runs"),
                            round
                        );
                    }
                });
            });
        }
    });
}

/// L047: `block_on` on a thread that drives tasks of any anyrt runtime panics at once, with advice.
fn l047_nested_block_on_panics<B: Backend>(lab: &Lab<B>) {
    fn check(result: std::thread::Result<()>) {
        let payload = result.expect_err("a nested block_on must panic");
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or(payload.downcast_ref::<&str>().copied())
            .expect("a text");
        for advice in ["await", "spawn_blocking"] {
            assert!(text.contains(advice), "the advice names `{advice}`: {text}");
        }
    }
    let (owner, other) = (Arc::new(lab.start()), Arc::new(lab.start()));
    let rt = owner.handle();
    for inner in [owner.clone(), other] {
        let nest = |inner: &Arc<B::Owner>| {
            catch_unwind(AssertUnwindSafe(|| {
                inner.block_on(async { step_aside(1).await })
            }))
        };
        owner.block_on(async { check(nest(&inner)) });
        // And where the inner one waits for a task that only this thread could run.
        let in_a_task = async {
            let task = rt.spawn(async move { check(nest(&inner)) });
            task.await.expect("the task asserts the same");
        };
        owner.block_on(in_a_task);
        owner.block_on(async { step_aside(2).await });
    }
}

/// L049: Dropping the owner inside asynchronous code does not panic.
fn l049_drop_in_async_code<B: Backend>(lab: &Lab<B>) {
    let outer = lab.start();
    outer.block_on(async {
        for idle in [true, false] {
            let inner = lab.start();
            let gone = Gate::new();
            let mark = gone.opened_by_drop();
            let task = inner.handle().spawn(async move {
                let _mark = mark;
                match idle {
                    true => pending::<()>().await,
                    false => step_aside(usize::MAX).await,
                }
            });
            drop(inner);
            let error = task.await.expect_err("its runtime is gone");
            assert!(error.is_cancelled() && gone.is_open());
        }
    });
}

/// L049: Dropping the owner inside a task of its own neither panics nor blocks.
fn l049_drop_in_a_task_of_its_own<B: Backend>(lab: &Lab<B>) {
    for in_closure in [false, true] {
        let owner = lab.start();
        let rt = owner.handle();
        let (done, finished) = channel();
        if in_closure {
            drop(rt.spawn_blocking(move || {
                drop(owner);
                done.send(())
            }));
        } else {
            drop(rt.spawn(async move {
                step_aside(1).await;
                drop(owner);
                done.send(())
            }));
        }
        finished.recv().expect("the drop neither panicked nor hung");
    }
}

/// L049: Dropping the owner does not wait for a blocking closure.
fn l049_drop_does_not_wait<B: Backend>(lab: &Lab<B>) {
    let outer = lab.start();
    let clock = outer.handle();
    let inner = lab.start();
    let started = Gate::new();
    let (release, released) = channel::<()>();
    let starting = started.clone();
    let stuck = inner.handle().spawn_blocking(move || {
        starting.open();
        let _ = released.recv();
    });
    outer.block_on(async {
        started.wait().await;
        let before = clock.now();
        drop(inner);
        at_most(
            "drop took",
            clock.now() - before,
            Duration::from_millis(100),
        );
    });
    drop(release);
    drop(stuck);
}

/// L053: Two runtimes of one backend in a process are independent; dropping one does not disturb
/// the other.
fn l053_runtimes_are_independent<B: Backend>(lab: &Lab<B>) {
    let stays = lab.start();
    let rt = stays.handle();
    let work = |rt: <B::Owner as BlockOn>::Runtime| async move {
        for _ in 0..5 {
            rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
            rt.spawn(async { step_aside(2).await })
                .await
                .expect("it runs");
        }
        7
    };
    let before = rt.spawn(work(rt.clone()));
    for _ in 0..3 {
        let goes = lab.start();
        let other = goes.handle();
        assert_eq!(goes.block_on(work(other.clone())), 7);
        let left = other.spawn(work(other.clone()));
        drop(goes);
        stays.block_on(async {
            // It ended or was cancelled; it does not go on in the other runtime, and does not hang.
            let _ = left.await;
            assert_eq!(work(rt.clone()).await, 7);
        });
    }
    assert_eq!(stays.block_on(before).expect("the first runtime's task"), 7);
}

/// L056: The owner may be dropped, or shut down, by another thread than the one that made it.
fn l056_another_thread_drops_it<B: Backend>(lab: &Lab<B>) {
    for shuts_down in [true, false] {
        let make = || {
            let owner = lab.start();
            let rt = owner.handle();
            let left = rt.spawn(pending::<()>());
            owner.block_on(async { rt.spawn(step_aside(3)).await.expect("it runs") });
            (owner, left)
        };
        let (owner, left) = std::thread::scope(|scope| scope.spawn(make).join())
            .expect("a runtime is made by any thread");
        let end = || match shuts_down {
            true => owner.shutdown(Duration::from_secs(5)),
            false => drop(owner),
        };
        std::thread::scope(|scope| scope.spawn(end).join()).expect("and dropped by any other");
        let error = futures_lite::future::block_on(left).expect_err("its runtime is gone");
        assert!(error.is_cancelled());
    }
}

thread_local! {
    static HELD: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// L056: The owner may be dropped by the destructor of a thread-local: before those of the
/// runtime's own, and after them.
fn l056_the_end_of_a_thread_drops_it<B: Backend>(lab: &Lab<B>) {
    for is_first in [true, false] {
        let (started, gone) = (lab.start(), Gate::new());
        let mark = gone.opened_by_drop();
        let end = || {
            // What a thread used first it drops last, or the other way round.
            if is_first {
                HELD.set(None);
            }
            let rt = started.handle();
            let left = rt.spawn(async move {
                let _mark = mark;
                pending::<()>().await;
            });
            started.block_on(async {
                rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
                rt.spawn(step_aside(3)).await.expect("it runs");
            });
            HELD.set(Some(Box::new(started)));
            left
        };
        let left = std::thread::scope(|scope| scope.spawn(end).join());
        let left = left.expect("the end of a thread does not panic");
        let error = futures_lite::future::block_on(left).expect_err("its runtime is gone");
        assert!(error.is_cancelled());
        futures_lite::future::block_on(gone.wait());
    }
}
