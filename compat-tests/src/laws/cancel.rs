//! Laws of cancelling a task: L020 and L023 to L026.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use anyrt_api::Runtime;
use anyrt_api::task::JoinHandle;

use crate::gate::{Gate, step_aside};
use crate::own::OwnHandle;
use crate::{Backend, Capability, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l020_destructor_that_panics_in_a_cancel),
        law!(l023_abort_is_idempotent),
        law!(l023_abort_from_the_task_itself),
        law!(l023_abort_from_any_thread).needs(Capability::Threads),
        law!(l024_cancel_waits_for_the_drop),
        law!(l025_no_poll_after_an_abort),
        law!(l026_output_wins_over_an_abort),
    ]
}

/// L020: A panic in the future's destructor during a cancel is reported or swallowed; it never
/// aborts the process.
async fn l020_destructor_that_panics_in_a_cancel<R: Runtime>(rt: R) {
    struct Bomb(Gate);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.open();
            panic!("a future that panics on drop");
        }
    }
    let went_off = Gate::new();
    for steps in 0..10 {
        let (bomb, begun) = (Bomb(went_off.clone()), Gate::new());
        let beginning = begun.clone();
        let task = rt.spawn(async move {
            let _bomb = bomb;
            beginning.open();
            pending::<()>().await;
        });
        // Before the first poll for some, after it for others.
        match steps % 2 {
            0 => begun.wait().await,
            _ => step_aside(steps).await,
        }
        task.cancel().await.expect_err("it had no output");
    }
    assert_eq!(went_off.count(), 10);
    assert_eq!(rt.spawn(async { 7 }).await.expect("tasks run after it"), 7);
}

/// L023: `abort` is idempotent; after completion it does nothing, and the output stays readable.
async fn l023_abort_is_idempotent<R: Runtime>(rt: R) {
    let done = rt.spawn(async { 7 });
    while !done.is_finished() {
        step_aside(1).await;
    }
    done.abort();
    done.abort();
    assert_eq!(done.await.expect("the output stays"), 7);

    let drops = Gate::new();
    let mark = drops.opened_by_drop();
    let waiting = rt.spawn(async move {
        let _mark = mark;
        pending::<()>().await;
    });
    step_aside(2).await;
    (0..5).for_each(|_| waiting.abort());
    assert!(waiting.await.expect_err("it was pending").is_cancelled());
    assert_eq!(drops.count(), 1);
}

/// L023: A task may abort itself.
async fn l023_abort_from_the_task_itself<R: Runtime>(rt: R) {
    let (handle, placed, after) = (OwnHandle::<(), R>::new(), Gate::new(), Gate::new());
    let (own, ready, later) = (handle.clone(), placed.clone(), after.clone());
    handle.place(rt.spawn(async move {
        ready.wait().await;
        own.abort();
        step_aside(1).await;
        later.open();
        pending().await
    }));
    placed.open();
    while !handle.is_finished() {
        step_aside(1).await;
    }
    let error = handle.take().await.expect_err("it aborted itself");
    assert!(error.is_cancelled());
    assert!(!after.is_open(), "it was polled again after its own abort");
}

/// L023: `abort` works from any thread.
async fn l023_abort_from_any_thread<R: Runtime>(rt: R) {
    let tasks: Vec<_> = (0..20).map(|_| rt.spawn(pending::<()>())).collect();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let tasks = &tasks;
            scope.spawn(move || tasks.iter().skip(half).for_each(JoinHandle::abort));
        }
    });
    for task in tasks {
        assert!(task.await.expect_err("it was pending").is_cancelled());
    }
}

/// L024: `cancel` returns only after the future was dropped: a cancelled error, or the output if
/// the task had completed.
async fn l024_cancel_waits_for_the_drop<R: Runtime>(rt: R) {
    for steps in 0..20 {
        let (gone, begun) = (Gate::new(), Gate::new());
        let (mark, beginning) = (gone.opened_by_drop(), begun.clone());
        let task = rt.spawn(async move {
            let _mark = mark;
            beginning.open();
            pending::<()>().await;
        });
        match steps % 2 {
            0 => begun.wait().await,
            _ => step_aside(steps).await,
        }
        let error = task.cancel().await.expect_err("it was pending");
        assert!(
            gone.is_open(),
            "cancel returned before the future was dropped"
        );
        assert!(error.is_cancelled());
    }
    let done = rt.spawn(async { 7 });
    while !done.is_finished() {
        step_aside(1).await;
    }
    assert_eq!(done.cancel().await.expect("the output if it won"), 7);
}

/// L025: An idle task that is aborted is never polled again before its future is dropped.
async fn l025_no_poll_after_an_abort<R: Runtime>(rt: R) {
    for _ in 0..50 {
        let (polls, waker) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Mutex::new(None::<Waker>)),
        );
        let (counted, kept, polled) = (polls.clone(), waker.clone(), Gate::new());
        let first = polled.clone();
        let task = rt.spawn(poll_fn(move |cx| {
            counted.fetch_add(1, Ordering::SeqCst);
            *kept.lock().expect("no panic under this lock") = Some(cx.waker().clone());
            first.open();
            Poll::<()>::Pending
        }));
        polled.wait().await;
        // The gate opens inside the poll: let that poll end, so that the task is idle.
        step_aside(5).await;
        task.abort();
        let waker = waker.lock().expect("no panic under this lock").take();
        waker.expect("the task was polled").wake();
        assert!(task.await.expect_err("it was pending").is_cancelled());
        assert_eq!(
            polls.load(Ordering::SeqCst),
            1,
            "polled again after the abort"
        );
    }
}

/// L026: During a poll an abort takes effect after that poll; if that poll was the last, the output
/// wins.
async fn l026_output_wins_over_an_abort<R: Runtime>(rt: R) {
    for is_last in [true, false] {
        let (handle, placed, rest) = (OwnHandle::<u32, R>::new(), Gate::new(), Gate::new());
        let (own, ready, end, over) = (handle.clone(), placed.clone(), rest.clone(), Gate::new());
        let mark = over.opened_by_drop();
        handle.place(rt.spawn(async move {
            let _mark = mark;
            ready.wait().await;
            own.abort();
            end.open();
            if !is_last {
                pending::<()>().await;
            }
            7
        }));
        placed.open();
        over.wait().await;
        assert!(rest.is_open(), "the poll did not go on after the abort");
        match handle.take().await {
            Ok(output) => assert!(is_last && output == 7),
            Err(error) => assert!(!is_last && error.is_cancelled(), "{error}"),
        }
    }
}
