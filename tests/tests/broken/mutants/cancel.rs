//! Mutants of cancelling a task: L020 and L023 to L026.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::abort;
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::task::JoinError;
use anyrt_api::{Spawn, Timer, current};

use crate::backend::{Answer, Handle, Task};
use crate::mutant::Mutant;

mutants! {
    AbortsOnAPanickingDrop: l020_destructor_that_panics_in_a_cancel => Abort;
    TakesTheOutputAway: l023_abort_is_idempotent => Broken;
    LocksATaskThatRuns: l023_abort_from_the_task_itself => Hang;
    AbortsOnItsOwnThreads: l023_abort_from_any_thread => Hang;
    DropsALittleLater: l024_cancel_waits_for_the_drop => Broken;
    PollsAnAbortedTask: l025_no_poll_after_an_abort => Broken;
    AbortWinsOverTheOutput: l026_output_wins_over_an_abort => Broken;
}

/// A panic in the destructor of a future that had begun and is cancelled ends the process.
#[derive(Default)]
struct AbortsOnAPanickingDrop;

impl Mutant for AbortsOnAPanickingDrop {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        task.notes.mark();
        task.poll_job(cx)
    }

    fn drop_task(&self, task: &mut Task) {
        let dropped = catch_unwind(AssertUnwindSafe(|| task.drop_job()));
        if dropped.is_err() && task.notes.is_marked() {
            abort();
        }
    }
}

/// An abort of a task that is over takes its output away.
#[derive(Default)]
struct TakesTheOutputAway;

impl Mutant for TakesTheOutputAway {
    fn abort(&self, handle: &Handle) {
        if handle.is_finished_raw() {
            handle.notes.mark();
        }
        handle.abort_raw();
    }

    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = handle.poll_raw(cx);
        match handle.notes.is_marked() {
            true => Poll::Ready(Err(JoinError::cancelled())),
            false => polled,
        }
    }
}

/// An abort takes the lock that is held while the task is polled.
#[derive(Default)]
struct LocksATaskThatRuns;

impl Mutant for LocksATaskThatRuns {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let notes = task.notes.clone();
        let _running = notes.bytes();
        task.poll_job(cx)
    }

    fn abort(&self, handle: &Handle) {
        drop(handle.notes.bytes());
        handle.abort_raw();
    }
}

/// An abort is ignored on a thread that drives no runtime.
#[derive(Default)]
struct AbortsOnItsOwnThreads;

impl Mutant for AbortsOnItsOwnThreads {
    fn abort(&self, handle: &Handle) {
        if current::is_driving() {
            handle.abort_raw();
        }
    }
}

/// The future of a task that had begun is dropped some milliseconds after its join was told.
#[derive(Default)]
struct DropsALittleLater;

impl Mutant for DropsALittleLater {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        task.notes.mark();
        task.poll_job(cx)
    }

    fn drop_task(&self, task: &mut Task) {
        if !task.notes.is_marked() {
            return task.drop_job();
        }
        let (job, native) = (task.job.take(), task.rt.native.clone());
        let later = native.now() + Duration::from_millis(5);
        drop(task.rt.native.spawn(async move {
            native.sleep_until(later).await;
            drop(job);
        }));
    }
}

/// A task that was aborted is polled once more before it is dropped.
#[derive(Default)]
struct PollsAnAbortedTask;

impl Mutant for PollsAnAbortedTask {
    fn abort(&self, handle: &Handle) {
        handle.notes.mark();
        handle.notes.wake();
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        drop(task.notes.keep_waker(cx.waker()));
        let polled = task.poll_job(cx);
        if polled.is_pending() && task.notes.is_marked() {
            task.drop_job();
            return Poll::Ready(Err(JoinError::cancelled()));
        }
        polled
    }
}

/// An abort during the last poll of a task wins over its output.
#[derive(Default)]
struct AbortWinsOverTheOutput;

impl Mutant for AbortWinsOverTheOutput {
    fn abort(&self, handle: &Handle) {
        handle.notes.mark();
        handle.abort_raw();
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        match task.poll_job(cx) {
            Poll::Ready(_) if task.notes.is_marked() => Poll::Ready(Err(JoinError::cancelled())),
            polled => polled,
        }
    }
}
