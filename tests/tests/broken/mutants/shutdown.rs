//! Mutants of a runtime's end: L030, L043 and L050 to L052.

use std::future::pending;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyrt_api::io::RawStream;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AsyncFs, Timer};

use super::scaled;
use crate::backend::{Alarm, Answer, Doing, Handle, Io, Job, Owner, Sick, Task, Tcp, Turn, waker};
use crate::mutant::Mutant;

mutants! {
    PanicsAfterTheEnd: l030_spawn_after_the_shutdown => Broken;
    WaitsForNoClosure: l043_shutdown_waits_for_closures => Broken;
    LeaksAnIdleTask: l034_tasks_that_nobody_can_wake_are_freed => Broken;
    LeaksALateTask: l050_shutdown_drops_each_future_once => Broken;
    TakesItsTime: l051_shutdown_in_time => Slow;
    TakesItsTime: l160_a_waiting_read_holds_up_no_shutdown => Slow;
    TakesItsTime: l160_a_waiting_open_holds_up_no_shutdown => Slow;
    OverflowsItsLimit: l051_shutdown_with_any_limit => Broken;
    LeavesItsJoiners: l052_join_handles_outlive_the_runtime => Broken;
    SleepsForEver: l052_sleeps_outlive_the_runtime => Hang;
    NamesNobody: l052_sockets_outlive_the_runtime => Broken;
    ReadsForEver: l052_files_outlive_the_runtime => Hang;
}

/// `spawn` panics once the runtime was shut down.
#[derive(Default)]
struct PanicsAfterTheEnd;

impl Mutant for PanicsAfterTheEnd {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        assert!(!rt.is_closed(), "the runtime is shut down");
        rt.start(job, meta)
    }
}

/// `shutdown` waits for no closure, whatever its limit.
#[derive(Default)]
struct WaitsForNoClosure;

impl Mutant for WaitsForNoClosure {
    fn shutdown(&self, owner: &mut Owner, _limit: Duration) {
        owner.end(Duration::ZERO);
    }
}

/// A task that is spawned while the runtime shuts down leaks.
#[derive(Default)]
struct LeaksALateTask;

impl Mutant for LeaksALateTask {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        if rt.is_closing() && !rt.is_closed() {
            std::mem::forget(job);
            return rt.refuse();
        }
        rt.start(job, meta)
    }
}

/// `shutdown` waits for longer than its limit.
#[derive(Default)]
struct TakesItsTime;

impl Mutant for TakesItsTime {
    fn shutdown(&self, owner: &mut Owner, limit: Duration) {
        owner.end(limit.saturating_add(scaled(200)));
    }
}

/// `shutdown` adds its limit to the time of day, which has an end.
#[derive(Default)]
struct OverflowsItsLimit;

impl Mutant for OverflowsItsLimit {
    fn shutdown(&self, owner: &mut Owner, limit: Duration) {
        let until: Instant = owner.rt.native.now() + limit;
        owner.end(until - owner.rt.native.now());
    }
}

/// The shutdown wakes nobody who waits for a task.
#[derive(Default)]
struct LeavesItsJoiners;

impl Mutant for LeavesItsJoiners {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, rt) = (cx.waker().clone(), handle.rt.clone());
        let deaf = waker(move || {
            if !rt.is_closing() {
                real.wake_by_ref();
            }
        });
        handle.poll_raw(&mut Context::from_waker(&deaf))
    }
}

/// A sleep whose runtime has gone sleeps on.
#[derive(Default)]
struct SleepsForEver;

impl Mutant for SleepsForEver {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match alarm.rt.is_closed() {
            true => Poll::Pending,
            false => alarm.poll_raw(cx),
        }
    }
}

/// The error of a socket whose runtime has gone names no backend.
#[derive(Default)]
struct NamesNobody;

impl Mutant for NamesNobody {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match tcp.rt.is_closed() {
            true => Poll::Ready(Err(io::Error::other("the runtime has gone"))),
            false => tcp.raw.poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// A file that is read after its runtime has gone is read for ever.
#[derive(Default)]
struct ReadsForEver;

impl Mutant for ReadsForEver {
    fn read_file<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, Vec<u8>> {
        match rt.is_closed() {
            true => Box::pin(pending()),
            false => Box::pin(rt.native.read_file(path)),
        }
    }
}

/// The future of a task that has begun, and that nobody has woken since, leaks with its runtime.
#[derive(Default)]
struct LeaksAnIdleTask;

impl Mutant for LeaksAnIdleTask {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let watched = waker(move || {
            notes.unmark();
            real.wake_by_ref();
        });
        task.notes.mark();
        task.poll_job(&mut Context::from_waker(&watched))
    }

    fn drop_task(&self, task: &mut Task) {
        match task.rt.is_closing() && task.notes.is_marked() {
            true => std::mem::forget(task.job.take()),
            false => task.drop_job(),
        }
    }
}
