//! Laws of a shutdown: L034, L043, L050 and L051.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use anyrt_api::task::JoinHandle;
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};

use crate::bound::at_most;
use crate::gate::{Gate, step_aside};
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l034_tasks_that_nobody_can_wake_are_freed in lab),
        law!(l050_shutdown_drops_each_future_once in lab),
        law!(l051_shutdown_in_time in lab)
            .needs(Capability::Threads)
            .stochastic(),
        law!(l051_shutdown_with_any_limit in lab),
        law!(l043_shutdown_waits_for_closures in lab).needs(Capability::Threads),
    ]
}

/// L034: A detached task that nothing can wake any more is dropped with its runtime, also one that
/// holds its own waker, or the handle of the runtime.
fn l034_tasks_that_nobody_can_wake_are_freed<B: Backend>(lab: &Lab<B>) {
    for shuts_down in [true, false] {
        let owner = lab.start();
        let rt = owner.handle();
        let (gone, begun) = (Gate::new(), Gate::new());
        for number in 0..30 {
            let (mark, own, handle) = (gone.opened_by_drop(), Mutex::new(None), rt.clone());
            let beginning = begun.clone();
            drop(rt.spawn(async move {
                let _held = (mark, handle);
                if number % 3 == 0 {
                    step_aside(number).await;
                }
                poll_fn(|cx| {
                    *own.lock().expect("no panic under this lock") = Some(cx.waker().clone());
                    beginning.open();
                    Poll::<()>::Pending
                })
                .await;
            }));
        }
        // A step aside does not make a worker begin them.
        owner.block_on(begun.wait_for(30));
        assert_eq!(
            gone.count(),
            0,
            "a task was dropped while its runtime lives"
        );
        match shuts_down {
            true => owner.shutdown(Duration::from_secs(5)),
            false => drop(owner),
        }
        assert!(
            !shuts_down || gone.count() == 30,
            "{} were dropped",
            gone.count()
        );
        // The drop does not wait, but they go.
        futures_lite::future::block_on(gone.wait_for(30));
    }
}

/// What `l050_..` puts into each task: it sees that its drop comes once and not beside a poll, and
/// does in it what destructors do.
struct Resident<R: Runtime> {
    rt: R,
    polling: AtomicBool,
    drops: Gate,
    siblings: Arc<Mutex<Vec<Waker>>>,
}

impl<R: Runtime> Drop for Resident<R> {
    fn drop(&mut self) {
        let beside = self.polling.load(Ordering::SeqCst);
        let siblings =
            std::mem::take(&mut *self.siblings.lock().expect("no panic under this lock"));
        siblings.into_iter().for_each(Waker::wake);
        let mark = self.drops.opened_by_drop();
        drop(self.rt.spawn(async move {
            let _mark = mark;
            pending::<()>().await;
        }));
        self.drops.open();
        assert!(!beside, "dropped beside a poll");
    }
}

/// A task that never ends, with a resident in it. It holds the handle of another, and every second
/// one wakes itself.
fn resident<R: Runtime>(
    resident: Resident<R>,
    of_sibling: Option<JoinHandle<(), R>>,
    is_busy: bool,
) -> JoinHandle<(), R> {
    let rt = resident.rt.clone();
    rt.spawn(async move {
        let held = (resident, of_sibling);
        poll_fn(|cx| {
            held.0.polling.store(true, Ordering::SeqCst);
            let mut siblings = held.0.siblings.lock().expect("no panic");
            siblings.push(cx.waker().clone());
            drop(siblings);
            if is_busy {
                cx.waker().wake_by_ref();
            }
            held.0.polling.store(false, Ordering::SeqCst);
            Poll::<()>::Pending
        })
        .await;
    })
}

/// L050: Every task's future is dropped exactly once by a shutdown, never beside a poll of it; its
/// destructor may spawn, wake and drop handles.
fn l050_shutdown_drops_each_future_once<B: Backend>(lab: &Lab<B>) {
    const TASKS: usize = 60;
    for workers in [2, 1] {
        let owner = lab.start_with(|setup| setup.workers = workers);
        let rt = owner.handle();
        let (drops, panics) = (Gate::new(), Gate::new());
        let siblings = Arc::new(Mutex::new(Vec::new()));
        let mut handle = None;
        for i in 0..TASKS {
            let new = Resident {
                rt: rt.clone(),
                polling: AtomicBool::new(false),
                drops: drops.clone(),
                siblings: siblings.clone(),
            };
            handle = Some(resident(new, handle.take(), i % 2 == 0));
        }
        let counted = panics.clone();
        std::panic::set_hook(Box::new(move |_| counted.open()));
        owner.block_on(async { step_aside(50).await });
        owner.shutdown(Duration::from_secs(5));
        let _ = std::panic::take_hook();
        // Its own drop, and that of the task which its destructor spawned.
        assert_eq!(drops.count(), 2 * TASKS, "with {workers} workers");
        assert_eq!(panics.count(), 0, "a future was dropped beside its poll");
        assert!(handle.expect("the last").is_finished());
    }
}

/// L051: `shutdown` returns within its limit plus 50 ms though a closure is stuck.
fn l051_shutdown_in_time<B: Backend>(lab: &Lab<B>) {
    let clock = lab.start();
    let clock = (clock.handle(), clock);
    for limit_ms in [0, 30, 200] {
        let owner = lab.start();
        let started = Gate::new();
        let (release, released) = channel::<()>();
        let starting = started.clone();
        let stuck = owner.handle().spawn_blocking(move || {
            starting.open();
            let _ = released.recv();
        });
        owner.block_on(started.wait());
        let limit = Duration::from_millis(limit_ms);
        let before = clock.0.now();
        owner.shutdown(limit);
        let took = clock.0.now() - before;
        at_most(
            "beyond the limit",
            took.saturating_sub(limit),
            Duration::from_millis(50),
        );
        assert!(
            limit_ms < 200 || took >= limit / 2,
            "it did not wait for the closure: {took:?}"
        );
        drop(release);
        drop(stuck);
    }
}

/// L051: `shutdown` takes any limit, the longest and none, and returns at once if nothing is stuck.
fn l051_shutdown_with_any_limit<B: Backend>(lab: &Lab<B>) {
    for limit in [
        Duration::MAX,
        Duration::ZERO,
        Duration::from_secs(u64::from(u32::MAX)),
    ] {
        let owner = lab.start();
        let rt = owner.handle();
        let task = rt.spawn(pending::<()>());
        owner.block_on(async { step_aside(3).await });
        owner.shutdown(limit);
        let error = futures_lite::future::block_on(task).expect_err("it was pending");
        assert!(error.is_cancelled());
    }
}

/// L043: `shutdown` waits for a closure that has started, and cancels those that have not.
fn l043_shutdown_waits_for_closures<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 1);
    let (rt, clock) = (owner.handle(), lab.start());
    let (started, stopped) = (Gate::new(), Gate::new());
    let (release, released) = channel::<()>();
    let (starting, stopping) = (started.clone(), stopped.clone());
    let running = rt.spawn_blocking(move || {
        starting.open();
        let _ = released.recv();
        stopping.open();
        7
    });
    owner.block_on(started.wait());
    let queued: Vec<_> = (0..4).map(|i| rt.spawn_blocking(move || i)).collect();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // Long enough for the shutdown to be waiting.
            let deadline = clock.handle().now() + Duration::from_millis(30);
            clock.block_on(clock.handle().sleep_until(deadline));
            drop(release);
        });
        owner.shutdown(Duration::from_secs(5));
        // Here and not below, where the thread that lets it end has ended too.
        assert!(
            stopped.is_open(),
            "shutdown returned before the closure had ended"
        );
    });
    let output = futures_lite::future::block_on(running);
    assert_eq!(output.expect("it ran to its end"), 7);
    for (i, call) in queued.into_iter().enumerate() {
        // One that no thread is left for is cancelled; where threads are not limited it ran.
        match futures_lite::future::block_on(call) {
            Ok(output) => assert_eq!(output, i),
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
}
