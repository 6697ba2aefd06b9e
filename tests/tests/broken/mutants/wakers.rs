//! Mutants of polls and wakers: L001 to L012.

use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;

use anyrt_api::current;

use crate::backend::{Alarm, Answer, Handle, Task, locked, waker};
use crate::mutant::Mutant;

mutants! {
    LosesAWake: l001_every_wake_is_followed_by_a_poll => Hang;
    WakersPanicOnceGone: l003_wakers_outlive_task_and_runtime => Broken;
    PollsTwiceAWake: l004_wakes_in_a_poll_cause_one_more => Broken;
    PollsAfterTheEnd: l005_one_poll_at_a_time => Broken;
    KeepsTheFirstWaker: l006_the_latest_waker_wins => Broken;
    RegistersEachPoll: l008_spurious_polls_change_nothing => Broken;
    LeaksTheJoinersWaker: l009_dropped_leaves_release_their_waker => Broken;
    DropsWakersLocked: l010_wakers_run_under_no_lock => Hang;
    StaysWithItsThread: l012_futures_move_between_threads => Broken;
}

/// The 1,500th wake of a task is lost, and the five after it.
#[derive(Default)]
struct LosesAWake;

impl Mutant for LosesAWake {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let lossy = waker(move || {
            if !(1_499..1_505).contains(&notes.count_one()) {
                real.wake_by_ref();
            }
        });
        task.poll_job(&mut Context::from_waker(&lossy))
    }
}

/// A waker panics if its runtime was shut down.
#[derive(Default)]
struct WakersPanicOnceGone;

impl Mutant for WakersPanicOnceGone {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, rt) = (cx.waker().clone(), task.rt.clone());
        let fragile = waker(move || {
            assert!(!rt.is_closed(), "there is no runtime to wake");
            real.wake_by_ref();
        });
        task.poll_job(&mut Context::from_waker(&fragile))
    }
}

/// For each wake inside a poll the task is polled twice more.
#[derive(Default)]
struct PollsTwiceAWake;

impl Mutant for PollsTwiceAWake {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let counting = waker(move || {
            notes.count_one();
            real.wake_by_ref();
        });
        let mut cx = Context::from_waker(&counting);
        let before = task.notes.count();
        let mut polled = task.poll_job(&mut cx);
        for _ in 0..2 * (task.notes.count() - before) {
            if polled.is_pending() {
                polled = task.poll_job(&mut cx);
            }
        }
        polled
    }
}

/// A task that was polled 400 times is polled once more after it was ready.
#[derive(Default)]
struct PollsAfterTheEnd;

impl Mutant for PollsAfterTheEnd {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        if task.notes.count_one() < 400 {
            return task.poll_job(cx);
        }
        let home = task.home.clone();
        let mut job = task.job.take().expect("a task that is over is not polled");
        let polled = home.enter(|| job.as_mut().poll(cx));
        match polled {
            Poll::Ready(_) => drop(home.enter(|| job.as_mut().poll(cx))),
            Poll::Pending => task.job = Some(job),
        }
        polled
    }
}

/// An alarm wakes who polled it first.
#[derive(Default)]
struct KeepsTheFirstWaker;

impl Mutant for KeepsTheFirstWaker {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let first = alarm.notes.first_waker(cx.waker());
        alarm.poll_raw(&mut Context::from_waker(&first))
    }
}

/// Each poll of an alarm registers its waker once more.
#[derive(Default)]
struct RegistersEachPoll(Mutex<Vec<Waker>>);

impl Mutant for RegistersEachPoll {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        locked(&self.0).push(cx.waker().clone());
        alarm.poll_raw(cx)
    }
}

/// A dropped join handle leaves its waker behind.
#[derive(Default)]
struct LeaksTheJoinersWaker(Mutex<Vec<Waker>>);

impl Mutant for LeaksTheJoinersWaker {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = handle.poll_raw(cx);
        match polled.is_pending() {
            true => drop(handle.notes.keep_waker(cx.waker())),
            false => drop(handle.notes.take_waker()),
        }
        polled
    }

    fn join_dropped(&self, handle: &mut Handle) {
        locked(&self.0).extend(handle.notes.take_waker());
    }
}

/// An alarm drops a waker that was replaced under a lock of the runtime.
#[derive(Default)]
struct DropsWakersLocked(Mutex<()>);

impl Mutant for DropsWakersLocked {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let polled = alarm.poll_raw(cx);
        let _alarms = locked(&self.0);
        drop(alarm.notes.keep_waker(cx.waker()));
        polled
    }
}

/// An alarm that one foreign thread has polled panics on another.
#[derive(Default)]
struct StaysWithItsThread;

impl Mutant for StaysWithItsThread {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        if !current::is_driving() {
            let own = format!("{:?}", thread::current().id()).into_bytes();
            let first = std::mem::replace(&mut *alarm.notes.bytes(), own.clone());
            assert!(
                first.is_empty() || first == own,
                "an alarm of another thread"
            );
        }
        alarm.poll_raw(cx)
    }
}
