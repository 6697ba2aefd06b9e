//! Mutants of spawning, joining and cancelling: L013 to L033.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::abort;
use std::task::{Context, Poll, Waker};

use anyrt_api::task::TaskMeta;

use crate::backend::{Answer, Handle, Job, Sick, Task};
use crate::mutant::Mutant;

mutants! {
    PollsInSpawn: l013_never_polls_on_the_callers_stack => Broken;
    CancelsOnDrop: l015_drop_detaches => Broken;
    UnwindsIntoTheJoiner: l018_panic_is_the_joiners_error => Broken;
    AbortsOnAPanickingDrop: l020_destructor_that_panics_in_a_cancel => Abort;
    IsFinishedOnceAborted: l022_is_finished_after_the_destructor => Broken;
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

/// The panic of a task unwinds into whoever joins.
#[derive(Default)]
struct UnwindsIntoTheJoiner;

impl Mutant for UnwindsIntoTheJoiner {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        handle.poll_raw(cx).map_err(|error| match error.is_panic() {
            true => error.resume(),
            false => error,
        })
    }
}

/// A panic in the destructor of a cancelled future ends the process.
#[derive(Default)]
struct AbortsOnAPanickingDrop;

impl Mutant for AbortsOnAPanickingDrop {
    fn drop_task(&self, task: &mut Task) {
        catch_unwind(AssertUnwindSafe(|| task.drop_job())).unwrap_or_else(|_| abort());
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
        handle.notes.is_marked() || handle.is_finished_raw()
    }
}
