//! Laws of spawning and joining: L013 to L022, L029, L032, and what a handle is.

use std::cell::Cell;
use std::error::Error;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use anyrt_api::Runtime;
use anyrt_api::task::JoinError;

use crate::gate::{Gate, step_aside};
use crate::own::OwnHandle;
use crate::probe::Probe;
use crate::{Backend, Capability, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l013_never_polls_on_the_callers_stack),
        law!(l014_runs_though_nobody_joins),
        law!(l015_drop_detaches),
        law!(l016_output_is_delivered_once),
        law!(l017_join_comes_after_the_drop),
        law!(l018_panic_is_the_joiners_error),
        law!(l019_detached_panic_disturbs_nobody),
        law!(l021_output_that_panics_on_drop),
        law!(l022_is_finished_after_the_destructor),
        law!(l029_spawn_from_a_destructor),
        law!(l029_spawn_from_foreign_threads).needs(Capability::Threads),
        law!(l032_a_large_future_needs_no_large_stack),
        law!(l033_handles_are_send_and_sync),
    ]
}

/// L013: `spawn` never polls the future on the caller's stack.
async fn l013_never_polls_on_the_callers_stack<R: Runtime>(rt: R) {
    thread_local!(static SPAWNING: Cell<bool> = const { Cell::new(false) });
    let spawn_all = |rt: &R| {
        SPAWNING.set(true);
        let task = |_| rt.spawn(async { SPAWNING.get() });
        let tasks: Vec<_> = (0..20).map(task).collect();
        SPAWNING.set(false);
        tasks
    };
    let mut tasks = spawn_all(&rt);
    let inner = rt.clone();
    let from_a_task = rt.spawn(async move { spawn_all(&inner) });
    tasks.extend(from_a_task.await.expect("the task spawns"));
    for task in tasks {
        let on_the_stack = task.await.expect("the task runs");
        assert!(!on_the_stack, "the future was polled inside `spawn`");
    }
}

/// L014: A spawned task runs even if its handle is never polled.
async fn l014_runs_though_nobody_joins<R: Runtime>(rt: R) {
    let ran = Gate::new();
    let handles: Vec<_> = (0..10)
        .map(|_| {
            let ran = ran.clone();
            rt.spawn(async move {
                step_aside(3).await;
                ran.open();
            })
        })
        .collect();
    ran.wait_for(10).await;
    drop(handles);
}

/// L015: Dropping the handle detaches: the task goes on.
async fn l015_drop_detaches<R: Runtime>(rt: R) {
    let (ran, gone) = (Gate::new(), Gate::new());
    for steps in 0..50 {
        let (ran, mark) = (ran.clone(), gone.opened_by_drop());
        let (begun, go) = (Gate::new(), Gate::new());
        let (beginning, gate) = (begun.clone(), go.clone());
        let handle = rt.spawn(async move {
            let _mark = mark;
            beginning.open();
            gate.wait().await;
            step_aside(steps).await;
            ran.open();
        });
        // Some before the first poll, some after it.
        if steps % 2 == 0 {
            begun.wait().await;
        }
        drop(handle);
        go.open();
    }
    gone.wait_for(50).await;
    assert_eq!(ran.count(), 50, "a dropped handle cancelled its task");
}

/// L016: The output is delivered once; awaiting `&mut handle` and dropping that await loses
/// nothing.
async fn l016_output_is_delivered_once<R: Runtime>(rt: R) {
    let go = Gate::new();
    let outputs = Arc::new(());
    let (gate, output) = (go.clone(), outputs.clone());
    let mut task = rt.spawn(async move {
        gate.wait().await;
        output
    });
    for _ in 0..5 {
        let probe = Probe::new();
        let waiting = pin!(&mut task);
        assert!(probe.poll(waiting).is_pending());
        step_aside(1).await;
    }
    go.open();
    let output = task.await.expect("the output after five dropped awaits");
    assert!(Arc::ptr_eq(&output, &outputs));
    drop(output);
    assert_eq!(Arc::strong_count(&outputs), 1, "the output exists twice");
}

/// L017: A join resolves only after the task's future was dropped, and what the task did happens
/// before it.
async fn l017_join_comes_after_the_drop<R: Runtime>(rt: R) {
    /// Takes its time to drop, so that a join which does not wait is seen.
    struct Slow(Arc<AtomicBool>);
    impl Drop for Slow {
        fn drop(&mut self) {
            (0..5_000).for_each(|_| std::hint::spin_loop());
            // Relaxed: it is the join that makes it visible.
            self.0.store(true, Ordering::Relaxed);
        }
    }
    for round in 0..60 {
        let (dropped, begun) = (Arc::new(AtomicBool::new(false)), Gate::new());
        let (slow, beginning) = (Slow(dropped.clone()), begun.clone());
        let task = rt.spawn(async move {
            let _slow = slow;
            beginning.open();
            match round % 3 {
                0 => {}
                1 => step_aside(1).await,
                _ => pending().await,
            }
        });
        if round % 3 == 2 {
            // Before the first poll for some, after it for others.
            match round % 2 {
                0 => begun.wait().await,
                _ => step_aside(round % 5).await,
            }
            task.abort();
        }
        let _ = task.await;
        assert!(
            dropped.load(Ordering::Relaxed),
            "round {round}: joined before the drop"
        );
    }
}

/// L018: A panic in a task is `Err` with the original payload for whoever joins; it never unwinds
/// into them.
async fn l018_panic_is_the_joiners_error<R: Runtime>(rt: R) {
    #[derive(Debug, PartialEq)]
    struct Payload(u32);
    let task = rt.spawn(async {
        step_aside(1).await;
        panic_any(Payload(7));
    });
    let error: JoinError = task
        .await
        .map(|()| "an output")
        .expect_err("the task panicked");
    assert!(error.is_panic() && !error.is_cancelled());
    let payload = error
        .into_panic()
        .downcast::<Payload>()
        .expect("the original payload");
    assert_eq!(*payload, Payload(7));

    // Joined from a task, after it is over, and with a text.
    let panicking = rt.spawn(async { panic!("a text, {}", 7) });
    while !panicking.is_finished() {
        step_aside(1).await;
    }
    let joiner = rt.spawn(async move { panicking.await.map(|()| "an output") });
    let error = joiner
        .await
        .expect("the joiner lives")
        .expect_err("its task panicked");
    assert!(error.to_string().contains("a text, 7"), "{error}");
}

/// L019: A panic in a detached task runs the panic hook once and disturbs no other task.
async fn l019_detached_panic_disturbs_nobody<R: Runtime>(rt: R) {
    const TASKS: usize = 8;
    let hooks = Arc::new(AtomicUsize::new(0));
    let counted = hooks.clone();
    std::panic::set_hook(Box::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    let (gone, bystander) = (Gate::new(), Gate::new());
    let other = bystander.clone();
    let other = rt.spawn(async move { other.wait().await });
    for _ in 0..TASKS {
        let mark = gone.opened_by_drop();
        drop(rt.spawn(async move {
            let _mark = mark;
            step_aside(1).await;
            panic!("nobody hears this");
        }));
    }
    gone.wait_for(TASKS).await;
    let _ = std::panic::take_hook();
    assert_eq!(
        hooks.load(Ordering::SeqCst),
        TASKS,
        "the panic hook ran so often"
    );
    bystander.open();
    other.await.expect("another task goes on");
    let later = (0..TASKS).map(|i| rt.spawn(async move { i }));
    for (i, task) in later.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(task.await.expect("later tasks run"), i);
    }
}

/// L021: A panic in the destructor of an output that nobody read is swallowed after the panic hook
/// ran; it neither unwinds into the dropper of the handle nor aborts.
async fn l021_output_that_panics_on_drop<R: Runtime>(rt: R) {
    struct Bomb(Gate);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.open();
            panic!("an output that panics on drop");
        }
    }
    let went_off = Gate::new();
    for is_over in [true, false] {
        let (bomb, go) = (Bomb(went_off.clone()), Gate::new());
        let gate = go.clone();
        let task = rt.spawn(async move {
            gate.wait().await;
            bomb
        });
        if is_over {
            go.open();
            while !task.is_finished() {
                step_aside(1).await;
            }
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(task)));
        assert!(
            dropped.is_ok(),
            "the panic unwound into the dropper of the handle"
        );
        go.open();
    }
    went_off.wait_for(2).await;
    let after = rt.spawn(async { 7 }).await.expect("tasks run after it");
    assert_eq!((after, went_off.count()), (7, 2));
}

/// Looks at the handle of its own task while it is dropped.
struct Look<R: Runtime>(OwnHandle<(), R>, Gate);

impl<R: Runtime> Drop for Look<R> {
    fn drop(&mut self) {
        if !self.0.is_finished() {
            self.1.open();
        }
    }
}

/// L022: `is_finished` is false until the future's destructor has finished, then true; it agrees
/// with the join.
async fn l022_is_finished_after_the_destructor<R: Runtime>(rt: R) {
    for aborts in [false, true] {
        let (handle, unfinished, go) = (OwnHandle::<(), R>::new(), Gate::new(), Gate::new());
        let (look, gate) = (Look(handle.clone(), unfinished.clone()), go.clone());
        handle.place(rt.spawn(async move {
            let _look = look;
            gate.wait().await;
        }));
        assert!(!handle.is_finished());
        match aborts {
            true => handle.abort(),
            false => go.open(),
        }
        while !handle.is_finished() {
            step_aside(1).await;
        }
        assert_eq!(unfinished.count(), 1, "finished before its destructor was");
        assert_eq!(handle.take().await.is_err(), aborts);
    }
}

/// L029: `spawn` works from the destructor of another task's future and of its output.
async fn l029_spawn_from_a_destructor<R: Runtime>(rt: R) {
    struct Spawns<R: Runtime>(R, Gate);
    impl<R: Runtime> Drop for Spawns<R> {
        fn drop(&mut self) {
            let ran = self.1.clone();
            drop(self.0.spawn(async move { ran.open() }));
        }
    }
    let ran = Gate::new();
    let in_future = Spawns(rt.clone(), ran.clone());
    let in_output = Spawns(rt.clone(), ran.clone());
    let in_aborted = Spawns(rt.clone(), ran.clone());
    drop(rt.spawn(async move {
        let _in_future = in_future;
        in_output
    }));
    let aborted = rt.spawn(async move {
        let _in_aborted = in_aborted;
        pending::<()>().await;
    });
    let error = aborted.cancel().await.expect_err("it was pending");
    assert!(error.is_cancelled());
    ran.wait_for(3).await;
}

/// L029: `spawn` works from threads that are not the runtime's, and from blocking ones.
async fn l029_spawn_from_foreign_threads<R: Runtime>(rt: R) {
    let foreign: Vec<_> = std::thread::scope(|scope| {
        let spawn = |i: usize| rt.spawn(async move { i });
        let threads: Vec<_> = (0..4).map(|i| scope.spawn(move || spawn(i))).collect();
        let tasks = threads
            .into_iter()
            .map(|thread| thread.join().expect("spawn does not panic"));
        tasks.collect()
    });
    for (i, task) in foreign.into_iter().enumerate() {
        assert_eq!(task.await.expect("it runs"), i);
    }
    let inner = rt.clone();
    let blocking = rt.spawn_blocking(move || inner.spawn(async { 9 }));
    let task = blocking.await.expect("spawn does not panic in a closure");
    assert_eq!(task.await.expect("it runs"), 9);
}

/// A future of `SIZE` bytes.
struct Large<const SIZE: usize> {
    bytes: [u8; SIZE],
    left: usize,
}

impl<const SIZE: usize> Large<SIZE> {
    fn new(left: usize) -> Self {
        let bytes = [7; SIZE];
        Large { bytes, left }
    }
}

impl<const SIZE: usize> Future for Large<SIZE> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        if self.left == 0 {
            return Poll::Ready(self.bytes.iter().all(|byte| *byte == 7));
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// L032: A future of 1 MiB can be spawned from a stack of 8 MiB, as that of `main` is, and one of
/// 256 KiB from one of 2 MiB, as those of threads are. A worker polls and drops either.
async fn l032_a_large_future_needs_no_large_stack<R: Runtime>(rt: R) {
    const SMALL: usize = 1 << 18;
    const LARGE: usize = 1 << 20;
    for left in 0..3 {
        let by_main = rt.spawn(Large::<LARGE>::new(left));
        assert!(by_main.await.expect("it runs"));
        // Dropping it unfinished needs no more.
        let cancelled = rt.spawn(Large::<LARGE>::new(left)).cancel().await;
        assert!(cancelled.unwrap_or_else(|error| error.is_cancelled()));
        let by_a_thread = || rt.spawn(Large::<SMALL>::new(left));
        let spawned = std::thread::scope(|scope| scope.spawn(by_a_thread).join());
        let task = spawned.expect("spawn does not panic");
        assert!(task.await.expect("it runs"));
        let inner = rt.clone();
        let by_a_task = rt.spawn(async move { inner.spawn(Large::<SMALL>::new(left)).await });
        let output = by_a_task.await.expect("spawn does not panic");
        assert!(output.expect("it runs"));
    }
}

/// L033: Handles and errors are `Send + Sync + Unpin`, whatever the output is.
async fn l033_handles_are_send_and_sync<R: Runtime>(rt: R) {
    fn checked<T: Send + Sync + Unpin + 'static>(value: T) -> T {
        value
    }
    fn an_error<E: Error + Send + Sync + 'static>(error: E) -> E {
        error
    }
    // `Cell` is `Send` and not `Sync`.
    let output = checked(checked(rt.clone()).spawn(async { Cell::new(7) })).await;
    assert_eq!(output.expect("it runs").get(), 7);
    let cancelled = rt.spawn(pending::<Cell<u8>>()).cancel().await;
    let error = an_error(checked(cancelled.map(|_| ()).expect_err("it was pending")));
    assert!(error.is_cancelled());
}
