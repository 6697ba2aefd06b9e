//! Mutants of blocking calls: L035 to L039 and L048.

use std::future::{Future, poll_fn, ready};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use anyrt_api::task::{JoinError, TaskMeta};
use anyrt_api::{AnyRuntime, AsyncFs, Spawn, Timer, current};
use anyrt_laws::Setup;
use futures_lite::future::block_on;

use crate::backend::{Answer, Call, Doing, Handle, Kind, Owner, Sick};
use crate::mutant::Mutant;

mutants! {
    RunsTheRestInTheCaller: l035_blocked_threads_block_no_task => Hang;
    CountsAsDriving: l035_closure_runs_once => Broken;
    LosesThePayload: l036_panic_in_a_closure => Broken;
    CancelsAQueuedClosure: l037_drop_detaches_a_closure => Hang;
    FinishesAnAbortedClosure: l038_abort_of_a_closure => Broken;
    TakesADetour: l039_queued_closures_start_in_order => Broken;
    PanicsWithoutAThread: l040_a_closure_without_a_thread_fails_or_waits => Abort;
    PanicsWithoutAThread: l190_with_no_more_threads_nothing_is_lost => Broken;
    CopiesOnTwoThreads: l041_one_blocking_thread_is_enough => Hang;
    KeepsItsThreads: l042_idle_blocking_threads_end => Broken;
    BlocksOutsideAlone: l048_block_on_in_a_blocking_closure => Broken;
    BlocksInPlaceAsAWorker: l048_block_on_in_block_in_place => Broken;
}

/// With all threads taken a closure runs in its caller.
#[derive(Default)]
struct RunsTheRestInTheCaller;

impl Mutant for RunsTheRestInTheCaller {
    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        match rt.notes().count_one() < rt.setup().blocking_threads {
            true => rt.start_call(call, meta),
            false => rt.start(Box::pin(ready(self.run_call(rt, call))), meta),
        }
    }

    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        let answer = rt.inside(call);
        rt.notes().uncount_one();
        answer
    }
}

/// The thread of a closure counts as one that drives tasks.
#[derive(Default)]
struct CountsAsDriving;

impl Mutant for CountsAsDriving {
    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        current::drive(AnyRuntime::new(rt.clone()), call)
    }
}

/// The panic of a closure is reported as a cancellation.
#[derive(Default)]
struct LosesThePayload;

impl Mutant for LosesThePayload {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let is_closure = handle.kind == Kind::Closure;
        handle.poll_raw(cx).map_err(|error| match is_closure {
            true => JoinError::cancelled(),
            false => error,
        })
    }
}

/// Dropping the handle of a closure cancels it if it has not begun.
#[derive(Default)]
struct CancelsAQueuedClosure;

impl Mutant for CancelsAQueuedClosure {
    fn join_dropped(&self, handle: &mut Handle) {
        if handle.kind == Kind::Closure {
            handle.abort_raw();
        }
    }
}

/// A closure is said to be finished as soon as it was aborted, though it runs.
#[derive(Default)]
struct FinishesAnAbortedClosure;

impl Mutant for FinishesAnAbortedClosure {
    fn abort(&self, handle: &Handle) {
        handle.notes.mark();
        handle.abort_raw();
    }

    fn is_finished(&self, handle: &Handle) -> bool {
        let is_aborted = handle.kind == Kind::Closure && handle.notes.is_marked();
        is_aborted || handle.is_finished_raw()
    }
}

/// Every second closure enters the queue a few milliseconds late.
#[derive(Default)]
struct TakesADetour(AtomicUsize);

impl Mutant for TakesADetour {
    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        if self.0.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return rt.start_call(call, meta);
        }
        let (rt, later) = (rt.clone(), rt.native.now() + Duration::from_millis(5));
        let detour = {
            let rt = rt.clone();
            async move {
                rt.native.sleep_until(later).await;
                let mut handle = rt.start_call(call, TaskMeta::new());
                poll_fn(|cx| handle.poll_raw(cx)).await
            }
        };
        rt.start(Box::pin(detour), meta)
    }
}

/// `block_on` panics on every thread of a runtime, blocking ones too.
#[derive(Default)]
struct BlocksOutsideAlone;

impl Mutant for BlocksOutsideAlone {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        assert!(
            Sick::current().is_none(),
            "a thread of a runtime cannot await: spawn_blocking"
        );
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
    }
}

/// `block_in_place` runs its closure on a thread that still counts as driving.
#[derive(Default)]
struct BlocksInPlaceAsAWorker;

impl Mutant for BlocksInPlaceAsAWorker {
    fn block_in_place(&self, _rt: &Sick, f: &mut dyn FnMut()) {
        f();
    }
}

/// A closure for which no thread can be had panics in its caller.
#[derive(Default)]
struct PanicsWithoutAThread;

impl Mutant for PanicsWithoutAThread {
    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        let tried = thread::Builder::new().spawn(|| ());
        tried.expect("threads are there").join().expect("it ends");
        rt.start_call(call, meta)
    }
}

/// Copying a file waits on one blocking thread for another.
#[derive(Default)]
struct CopiesOnTwoThreads;

impl Mutant for CopiesOnTwoThreads {
    fn copy_file<'a>(&'a self, rt: &'a Sick, from: &'a Path, to: &'a Path) -> Doing<'a, u64> {
        let (native, from, to) = (rt.native.clone(), from.to_owned(), to.to_owned());
        Box::pin(async move {
            let copy = move || block_on(native.copy_file(&from, &to));
            rt.native.spawn_blocking(copy).await?
        })
    }
}

/// A blocking thread never ends.
#[derive(Default)]
struct KeepsItsThreads;

impl Mutant for KeepsItsThreads {
    fn start(&self, setup: &Setup) -> io::Result<anyrt_native::Runtime> {
        anyrt_native::Builder::new()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(Duration::from_secs(3_600))
            .build()
    }
}
