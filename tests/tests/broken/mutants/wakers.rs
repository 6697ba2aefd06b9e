//! Mutants of polls and wakers: L001 to L012.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use anyrt_api::current;
use anyrt_api::io::RawStream;
use anyrt_api::task::JoinError;

use crate::backend::{Alarm, Answer, Handle, Io, Kind, Notes, Task, Tcp, Turn, locked, waker};
use crate::mutant::Mutant;

mutants! {
    LosesAWake: l001_every_wake_is_followed_by_a_poll => Hang;
    LosesAWakeInAPoll: l002_a_poll_sees_what_was_written_before_the_wake => Hang;
    WakersPanicOnceGone: l003_wakers_outlive_task_and_runtime => Broken;
    PollsTwiceAWake: l004_wakes_in_a_poll_cause_one_more => Broken;
    PollsAfterTheEnd: l005_one_poll_at_a_time => Broken;
    KeepsTheFirstWaker: l006_the_latest_waker_wins => Broken;
    AlarmsWakeAll: l007_a_replaced_waker_is_not_woken => Broken;
    ClosuresWakeAll: l007_a_replaced_waker_of_a_closure_is_not_woken => Broken;
    SocketsWakeAll: l007_a_replaced_waker_of_a_socket_is_not_woken => Broken;
    RegistersEachPoll: l008_spurious_polls_change_nothing => Broken;
    KeepsEachWaker: l008_ever_new_wakers_are_not_kept => Broken;
    ForgetsTheHundredth: l008_many_waiters_by_reference_are_woken => Broken;
    LeaksTheJoinersWaker: l009_dropped_leaves_release_their_waker => Broken;
    DropsWakersLocked: l010_wakers_run_under_no_lock => Hang;
    AlarmsDieOfAWaker: l011_a_waker_of_an_alarm_that_panics => Hang;
    JoinsDieOfAWaker: l011_a_waker_of_a_join_that_panics => Broken;
    ThePoolDiesOfAWaker: l011_a_waker_of_a_closure_that_panics => Broken;
    SocketsDieOfAWaker: l011_a_waker_of_a_socket_that_panics => Hang;
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

/// A wake from a foreign thread while the task is polled is lost.
#[derive(Default)]
struct LosesAWakeInAPoll;

impl Mutant for LosesAWakeInAPoll {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, notes) = (cx.waker().clone(), task.notes.clone());
        let deaf = waker(move || {
            if current::is_driving() || !notes.is_marked() {
                real.wake_by_ref();
            }
        });
        task.notes.mark();
        let polled = task.poll_job(&mut Context::from_waker(&deaf));
        task.notes.unmark();
        polled
    }
}

/// A waker that wakes another too: the one that was there before.
fn both(notes: &Notes, cx: &Context<'_>) -> Waker {
    let (stale, latest) = (notes.keep_waker(cx.waker()), cx.waker().clone());
    waker(move || {
        stale.iter().for_each(Waker::wake_by_ref);
        latest.wake_by_ref();
    })
}

/// An alarm wakes the waker that was replaced as well.
#[derive(Default)]
struct AlarmsWakeAll;

impl Mutant for AlarmsWakeAll {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let both = both(&alarm.notes, cx);
        alarm.poll_raw(&mut Context::from_waker(&both))
    }
}

/// The end of a closure wakes the waker that was replaced as well.
#[derive(Default)]
struct ClosuresWakeAll;

impl Mutant for ClosuresWakeAll {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        if handle.kind == Kind::Task {
            return handle.poll_raw(cx);
        }
        let both = both(&handle.notes, cx);
        handle.poll_raw(&mut Context::from_waker(&both))
    }
}

/// Data on a connection wake the waker that was replaced as well.
#[derive(Default)]
struct SocketsWakeAll;

impl Mutant for SocketsWakeAll {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let both = both(&tcp.notes, turn.cx);
        let mut cx = Context::from_waker(&both);
        tcp.raw.poll_read(&mut cx, turn.wait, buf)
    }
}

/// A connection keeps every waker that polls it through a reference.
#[derive(Default)]
struct KeepsEachWaker(Mutex<Vec<Waker>>);

impl Mutant for KeepsEachWaker {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        if turn.wait.is_by_waker() {
            locked(&self.0).push(turn.cx.waker().clone());
        }
        tcp.raw.poll_read(turn.cx, turn.wait, buf)
    }
}

/// A connection forgets the hundredth who waits through a reference, and all after it.
#[derive(Default)]
struct ForgetsTheHundredth;

impl Mutant for ForgetsTheHundredth {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let mut noop = Context::from_waker(Waker::noop());
        match turn.wait.is_by_waker() && tcp.notes.count_one() >= 100 {
            true => tcp.raw.poll_read(&mut noop, turn.wait, buf),
            false => tcp.raw.poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// Wakes, and lets the next wake be lost if that panics.
fn fragile(lost: &Arc<AtomicBool>, cx: &Context<'_>) -> Waker {
    let (real, lost) = (cx.waker().clone(), lost.clone());
    waker(move || {
        if !lost.swap(false, Ordering::SeqCst) {
            let woken = catch_unwind(AssertUnwindSafe(|| real.wake_by_ref()));
            lost.store(woken.is_err(), Ordering::SeqCst);
        }
    })
}

/// A waker that panics costs the next alarm its wake-up.
#[derive(Default)]
struct AlarmsDieOfAWaker(Arc<AtomicBool>);

impl Mutant for AlarmsDieOfAWaker {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let fragile = fragile(&self.0, cx);
        alarm.poll_raw(&mut Context::from_waker(&fragile))
    }
}

/// A waker that panics at the end of a closure costs the pool its thread, and its last closure.
#[derive(Default)]
struct ThePoolDiesOfAWaker(Arc<AtomicBool>);

impl Mutant for ThePoolDiesOfAWaker {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        poll_mortal(&self.0, Kind::Closure, handle, cx)
    }
}

/// A waker that panics at the end of a task costs every later join its answer.
#[derive(Default)]
struct JoinsDieOfAWaker(Arc<AtomicBool>);

impl Mutant for JoinsDieOfAWaker {
    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        poll_mortal(&self.0, Kind::Task, handle, cx)
    }
}

/// Joins what is of `mortal` kind until a waker that one of these joins woke has panicked: from
/// then on they answer that they were cancelled. Each waker is woken, so that none hangs for it.
fn poll_mortal(
    dead: &Arc<AtomicBool>,
    mortal: Kind,
    handle: &mut Handle,
    cx: &mut Context<'_>,
) -> Poll<Answer> {
    if handle.kind != mortal {
        return handle.poll_raw(cx);
    }
    if dead.load(Ordering::SeqCst) {
        return Poll::Ready(Err(JoinError::cancelled()));
    }
    let (real, dead) = (cx.waker().clone(), dead.clone());
    let waker = waker(move || {
        let woken = catch_unwind(AssertUnwindSafe(|| real.wake_by_ref()));
        dead.fetch_or(woken.is_err(), Ordering::SeqCst);
    });
    handle.poll_raw(&mut Context::from_waker(&waker))
}

/// A waker that panics costs the next reader its wake-up.
#[derive(Default)]
struct SocketsDieOfAWaker(Arc<AtomicBool>);

impl Mutant for SocketsDieOfAWaker {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let fragile = fragile(&self.0, turn.cx);
        let mut cx = Context::from_waker(&fragile);
        tcp.raw.poll_read(&mut cx, turn.wait, buf)
    }
}
