//! Mutants of spawning and joining: L013 to L022, L027 and L029.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use anyrt_api::AnyRuntime;
use anyrt_api::task::{JoinError, TaskMeta};

use crate::backend::{Answer, Handle, Job, Kind, Notes, Sick, Task, locked};
use crate::mutant::Mutant;

mutants! {
    PollsInSpawn: l013_never_polls_on_the_callers_stack => Broken;
    PollsInSpawn: l185_each_task_has_its_own_value => Broken;
    StartsTheEighthLate: l014_runs_though_nobody_joins => Hang;
    CancelsOnDrop: l015_drop_detaches => Broken;
    LosesAnAwaitedOutput: l016_output_is_delivered_once => Broken;
    AnswersAnAbortAtOnce: l017_join_comes_after_the_drop => Broken;
    UnwindsIntoTheJoiner: l018_panic_is_the_joiners_error => Broken;
    PanicsTwice: l019_detached_panic_disturbs_nobody => Broken;
    DropsOutputsInTheDropper: l021_output_that_panics_on_drop => Broken;
    IsFinishedOnceAborted: l022_is_finished_after_the_destructor => Broken;
    LeaksAnAwaitedOutput: l027_every_combination_of_end_and_handle => Hang;
    DropsUnderALock: l029_spawn_from_a_destructor => Hang;
    SpawnsOnItsOwnThreads: l029_spawn_from_foreign_threads => Broken;
    LeaksWithEachTask: l031_many_tasks_leave_no_memory => Broken;
    CopiesLargeFutures: l032_a_large_future_needs_no_large_stack => Abort;
}

/// `spawn` polls the future once, at once.
#[derive(Default)]
struct PollsInSpawn;

impl Mutant for PollsInSpawn {
    fn spawn(&self, rt: &Sick, mut job: Job, meta: TaskMeta) -> Handle {
        let mut cx = Context::from_waker(Waker::noop());
        match rt.inside(|| job.as_mut().poll(&mut cx)) {
            Poll::Ready(answer) => rt.start(Box::pin(std::future::ready(answer)), meta),
            Poll::Pending => rt.start(job, meta),
        }
    }
}

/// Every eighth task begins when its handle is polled or dropped.
#[derive(Default)]
struct StartsTheEighthLate(AtomicUsize);

impl Mutant for StartsTheEighthLate {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        let notes = Arc::<Notes>::default();
        if self.0.fetch_add(1, Ordering::SeqCst) % 8 == 7 {
            notes.mark();
        }
        rt.start_noted(job, meta, notes)
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        drop(task.notes.keep_waker(cx.waker()));
        match task.notes.is_marked() {
            true => Poll::Pending,
            false => task.poll_job(cx),
        }
    }

    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        self.join_dropped(handle);
        handle.poll_raw(cx)
    }

    fn join_dropped(&self, handle: &mut Handle) {
        if handle.notes.unmark() {
            handle.notes.wake();
        }
    }
}

/// Dropping the handle of a task that has begun cancels it.
#[derive(Default)]
struct CancelsOnDrop;

impl Mutant for CancelsOnDrop {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        task.notes.mark();
        task.poll_job(cx)
    }

    fn join_dropped(&self, handle: &mut Handle) {
        if handle.notes.is_marked() {
            handle.abort_raw();
        }
    }
}

/// An output that was awaited five times before it was there is lost.
#[derive(Default)]
struct LosesAnAwaitedOutput;

impl Mutant for LosesAnAwaitedOutput {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = handle.poll_raw(cx);
        match polled {
            Poll::Pending => _ = handle.notes.count_one(),
            Poll::Ready(_) if handle.notes.count() >= 5 => {
                return Poll::Ready(Err(JoinError::cancelled()));
            }
            Poll::Ready(_) => {}
        }
        polled
    }
}

/// An abort is answered at once, and carried out never.
#[derive(Default)]
struct AnswersAnAbortAtOnce;

impl Mutant for AnswersAnAbortAtOnce {
    fn abort(&self, handle: &Handle) {
        handle.notes.mark();
        handle.notes.wake();
    }

    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        drop(handle.notes.keep_waker(cx.waker()));
        match handle.poll_raw(cx) {
            Poll::Pending if handle.notes.is_marked() => Poll::Ready(Err(JoinError::cancelled())),
            polled => polled,
        }
    }
}

/// The panic of a task unwinds into whoever joins.
#[derive(Default)]
struct UnwindsIntoTheJoiner;

impl Mutant for UnwindsIntoTheJoiner {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let is_task = handle.kind == Kind::Task;
        handle.poll_raw(cx).map_err(|error| match error.is_panic() {
            true if is_task => error.resume(),
            _ => error,
        })
    }
}

/// The panic hook hears of a task's panic twice.
#[derive(Default)]
struct PanicsTwice;

impl Mutant for PanicsTwice {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        catch_unwind(AssertUnwindSafe(|| task.poll_job(cx))).unwrap_or_else(|payload| {
            let _ = catch_unwind(|| panic!("a task panicked"));
            resume_unwind(payload)
        })
    }
}

/// An output that nobody read is dropped where its handle is dropped.
#[derive(Default)]
struct DropsOutputsInTheDropper;

impl Mutant for DropsOutputsInTheDropper {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = handle.poll_raw(cx);
        if polled.is_ready() {
            handle.notes.mark();
        }
        polled
    }

    fn join_dropped(&self, handle: &mut Handle) {
        if handle.is_finished_raw() && !handle.notes.is_marked() {
            drop(handle.poll_raw(&mut Context::from_waker(Waker::noop())));
        }
    }
}

/// A task is said to be finished as soon as it was aborted.
#[derive(Default)]
struct IsFinishedOnceAborted;

impl Mutant for IsFinishedOnceAborted {
    fn abort(&self, handle: &Handle) {
        handle.notes.mark();
        handle.abort_raw();
    }

    fn is_finished(&self, handle: &Handle) -> bool {
        let is_aborted = handle.kind == Kind::Task && handle.notes.is_marked();
        is_aborted || handle.is_finished_raw()
    }
}

/// The output of a task whose handle was awaited and then dropped leaks.
#[derive(Default)]
struct LeaksAnAwaitedOutput;

impl Mutant for LeaksAnAwaitedOutput {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = handle.poll_raw(cx);
        handle.notes.set_count(usize::from(polled.is_pending()));
        polled
    }

    fn join_dropped(&self, handle: &mut Handle) {
        if handle.notes.count() == 1 {
            handle.notes.mark();
        }
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        match task.poll_job(cx) {
            Poll::Ready(Ok(output)) if task.notes.is_marked() => {
                std::mem::forget(output);
                Poll::Ready(Err(JoinError::cancelled()))
            }
            polled => polled,
        }
    }
}

/// A cancelled future is dropped under the lock that `spawn` takes.
#[derive(Default)]
struct DropsUnderALock(Mutex<()>);

impl Mutant for DropsUnderALock {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        drop(locked(&self.0));
        rt.start(job, meta)
    }

    fn drop_task(&self, task: &mut Task) {
        let _tasks = locked(&self.0);
        task.drop_job();
    }
}

/// `spawn` panics on a thread that is neither the runtime's nor the one that started it.
#[derive(Default)]
struct SpawnsOnItsOwnThreads(OnceLock<ThreadId>);

impl Mutant for SpawnsOnItsOwnThreads {
    fn started(&self, _rt: &Sick) {
        let _ = self.0.set(thread::current().id());
    }

    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        let is_starter = self.0.get() == Some(&thread::current().id());
        let is_inside = AnyRuntime::try_current().is_some();
        assert!(is_starter || is_inside, "no runtime on this thread");
        rt.start(job, meta)
    }
}

/// A task leaves some bytes behind.
#[derive(Default)]
struct LeaksWithEachTask;

impl Mutant for LeaksWithEachTask {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        std::mem::forget(Box::new([1_u8; 64]));
        rt.start(job, meta)
    }
}

/// `spawn` has a large future on the stack nine times.
#[derive(Default)]
struct CopiesLargeFutures;

/// Takes so many bytes of the stack.
fn take_stack(bytes: usize) -> u8 {
    let here = std::hint::black_box([0_u8; 1 << 16]);
    match bytes.checked_sub(here.len()) {
        Some(left) => take_stack(left).wrapping_add(here[left % here.len()]),
        None => 0,
    }
}

impl Mutant for CopiesLargeFutures {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        let size = size_of_val(&*job);
        if size >= 1 << 18 {
            std::hint::black_box(take_stack(9 * size));
        }
        rt.start(job, meta)
    }
}
