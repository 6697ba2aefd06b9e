//! Mutants of progress: L059 to L067.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use anyrt_api::io::RawStream;
use anyrt_api::net::RawTcpListener;
use anyrt_api::task::TaskMeta;
use anyrt_api::{Spawn, Timer, budget};
use anyrt_laws::Setup;
use anyrt_native::{Builder, Runtime};

use super::scaled;
use crate::backend::{
    Alarm, Answer, Handle, Io, Job, Listener, Notes, Sick, Task, Tcp, Turn, waker,
};
use crate::mutant::Mutant;

mutants! {
    RingsLateInACrowd: l059_timers_fire_beside_busy_tasks => Slow;
    RingsLateInACrowd: l079_timers_fire_beside_busy_sockets => Slow;
    HasNoBudget: l060_ready_operations_starve_no_task => Hang;
    HasNoBudget: l060_ready_joins_starve_no_task => Broken;
    HasNoBudget: l060_ready_sockets_starve_nobody => Hang;
    RingsWhereTasksRun: l060_ready_operations_starve_no_timer => Hang;
    SpinsForTheNext: l061_a_flood_starves_no_timer => Hang;
    StarvesTheNew: l062_two_tasks_starve_no_third => Hang;
    HasOneWorker: l063_a_long_poll_strands_nobody => Slow;
    ForcedYieldsWakeNobody: l064_a_forced_yield_makes_progress => Hang;
    ChargesWithoutRefill: l064_a_foreign_block_on_makes_progress => Hang;
    LooksWhenItIsIdle: l065_sockets_and_timers_beside_busy_tasks => Hang;
    LooksWhenItIsIdle: l065_sockets_and_timers_on_a_busy_worker => Hang;
    LeavesAWorkerAsleep: l067_idle_workers_take_part => Slow;
}

/// With twenty tasks an alarm rings late.
#[derive(Default)]
struct RingsLateInACrowd;

impl Mutant for RingsLateInACrowd {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        rt.notes().count_one();
        rt.start(job, meta)
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = task.poll_job(cx);
        if polled.is_ready() {
            task.rt.notes().uncount_one();
        }
        polled
    }

    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let is_crowd = rt.notes().count() >= 20;
        Alarm::new(
            rt,
            deadline + if is_crowd { scaled(300) } else { scaled(0) },
        )
    }
}

/// A task's operations are charged to no budget.
#[derive(Default)]
struct HasNoBudget;

impl Mutant for HasNoBudget {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        budget::unlimited(|| task.poll_job(cx))
    }
}

/// Alarms ring by way of the workers' queue, and tasks have no budget.
#[derive(Default)]
struct RingsWhereTasksRun;

impl Mutant for RingsWhereTasksRun {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        budget::unlimited(|| task.poll_job(cx))
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let (real, native) = (cx.waker().clone(), alarm.rt.native.clone());
        let queued = waker(move || {
            let real = real.clone();
            drop(native.spawn(async move { real.wake() }));
        });
        alarm.poll_raw(&mut Context::from_waker(&queued))
    }
}

/// An accept that finds nobody spins until somebody comes.
#[derive(Default)]
struct SpinsForTheNext;

impl Mutant for SpinsForTheNext {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        loop {
            if let Poll::Ready(accepted) = listener.raw.poll_accept(turn.cx, turn.wait) {
                let (raw, addr) = accepted?;
                return Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr)));
            }
            thread::yield_now();
        }
    }
}

thread_local! {
    /// The task that this thread polls.
    static POLLED: Cell<usize> = const { Cell::new(0) };
}

/// A new task waits while tasks wake each other.
#[derive(Default)]
struct StarvesTheNew(Arc<AtomicUsize>);

impl Mutant for StarvesTheNew {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        let (wakes, native) = (self.0.clone(), rt.native.clone());
        let waiting = async move {
            let mut seen = 0;
            while seen != wakes.load(Ordering::SeqCst) {
                seen = wakes.load(Ordering::SeqCst);
                native
                    .sleep_until(native.now() + Duration::from_millis(2))
                    .await;
            }
            job.await
        };
        rt.start(Box::pin(waiting), meta)
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let own = Arc::as_ptr(&task.notes).addr();
        let (real, wakes) = (cx.waker().clone(), self.0.clone());
        let counting = waker(move || {
            let by = POLLED.get();
            wakes.fetch_add(usize::from(by != 0 && by != own), Ordering::SeqCst);
            real.wake_by_ref();
        });
        POLLED.set(own);
        let polled = task.poll_job(&mut Context::from_waker(&counting));
        POLLED.set(0);
        polled
    }
}

/// A task that has spent its budget is not woken for its next turn.
#[derive(Default)]
struct ForcedYieldsWakeNobody;

impl Mutant for ForcedYieldsWakeNobody {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let waiting = waker(move || match notes.is_marked() {
            true => _ = notes.count_one(),
            false => real.wake_by_ref(),
        });
        task.notes.mark();
        let polled = task.poll_job(&mut Context::from_waker(&waiting));
        task.notes.unmark();
        // One unit is what a forced yield leaves.
        let mut noop = Context::from_waker(Waker::noop());
        let had_one = budget::poll(&mut noop, |_| Poll::Ready(())).is_ready();
        let is_forced = had_one && budget::is_spent();
        if task.notes.set_count(0) > 0 && !is_forced {
            cx.waker().wake_by_ref();
        }
        polled
    }
}

thread_local! {
    /// Alarms that this thread's task may still hear in this poll.
    static ALARMS: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Alarms are charged to a budget which is filled when a task is polled, and only then.
#[derive(Default)]
struct ChargesWithoutRefill;

impl Mutant for ChargesWithoutRefill {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        ALARMS.set(128);
        let polled = task.poll_job(cx);
        ALARMS.set(usize::MAX);
        polled
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match ALARMS.get().checked_sub(1) {
            Some(left) => {
                ALARMS.set(left);
                alarm.poll_raw(cx)
            }
            None => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// The second task of a runtime waits as for a worker that nobody wakes.
#[derive(Default)]
struct LeavesAWorkerAsleep;

impl Mutant for LeavesAWorkerAsleep {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        if rt.notes().count_one() != 1 {
            return rt.start(job, meta);
        }
        let asleep = rt.native.sleep_until(rt.native.now() + scaled(300));
        let late = async move {
            asleep.await;
            job.await
        };
        rt.start_noted(Box::pin(late), meta, Arc::<Notes>::default())
    }
}

/// There is one worker, whatever was asked for, and nobody stands in for it.
#[derive(Default)]
struct HasOneWorker;

impl Mutant for HasOneWorker {
    fn start(&self, setup: &Setup) -> io::Result<Runtime> {
        Builder::new()
            .workers(1)
            .spare_workers(0)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// While five tasks are always ready, nobody is told that a connection has data.
#[derive(Default)]
struct LooksWhenItIsIdle;

impl Mutant for LooksWhenItIsIdle {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let counting = waker(move || {
            notes.count_one();
            real.wake_by_ref();
        });
        let polled = task.poll_job(&mut Context::from_waker(&counting));
        let (busy, runtime) = (&task.notes, task.rt.notes());
        if polled.is_ready() && busy.is_marked() {
            runtime.uncount_one();
        } else if busy.count() > 500 && !busy.mark() {
            runtime.count_one();
        }
        polled
    }

    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let (real, rt) = (turn.cx.waker().clone(), tcp.rt.clone());
        let deaf = waker(move || {
            if rt.notes().count() < 5 {
                real.wake_by_ref();
            }
        });
        let mut cx = Context::from_waker(&deaf);
        tcp.raw.poll_read(&mut cx, turn.wait, buf)
    }
}
