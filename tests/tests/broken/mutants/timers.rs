//! Mutants of the clock and its alarms: L066 to L085.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use anyrt_api::{Spawn, Timer, budget, current};

use super::scaled;
use crate::backend::{Alarm, Answer, Call, Sick, Task, locked, waker};
use crate::mutant::Mutant;

mutants! {
    RunsAYielderOn: l066_yield_now_lets_others_run => Broken;
    RingsEarly: l068_never_early => Broken;
    RingsEarly: l101_an_interrupted_wait_is_waited_again => Broken;
    RingsLate: l069_hardly_late => Slow;
    CountsFromTheFirstPoll: l070_the_deadline_is_fixed_at_the_call => Broken;
    NeverReadyAtOnce: l071_past_deadlines_are_ready_at_once => Broken;
    WrapsAround: l072_the_far_future_never_comes => Broken;
    RingsOutOfOrder: l073_deadlines_fire_in_order => Slow;
    WaitsForTheLater: l074_an_earlier_alarm_is_on_time => Slow;
    HearsItsOwnThreads: l074_an_alarm_from_another_thread => Slow;
    RingsAfterTheDrop: l075_a_dropped_alarm_is_gone => Broken;
    KeepsTheLastDropped: l075_many_dropped_alarms_leave_nothing => Broken;
    LeaksAnAlarm: l075_many_alarms_leave_no_memory => Broken;
    LosesAnEarlyReset: l076_alarms_fire_drop_and_reset_at_once => Hang;
    IgnoresALaterDeadline: l077_reset_arms_once => Broken;
    RingsTwiceWhenOverdue: l080_overdue_alarms_fire_once_at_once => Broken;
    StopsByAStop: l081_a_stop_wedges_nothing => Hang;
    RingsEarlyOnceReset: l082_no_tick_is_early => Broken;
    HasACoarseClock: l083_missed_ticks_follow_the_policy => Broken;
    OverflowsFarAway: l084_a_zero_period_panics => Broken;
    ChargesAlarms: l085_timeout_prefers_the_future => Hang;
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// A task that wakes itself is polled again at once, up to 1,500 times.
#[derive(Default)]
struct RunsAYielderOn;

impl Mutant for RunsAYielderOn {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        let (real, woken) = (cx.waker().clone(), Arc::<AtomicBool>::default());
        let seen = woken.clone();
        let watched = waker(move || {
            seen.store(true, Ordering::SeqCst);
            real.wake_by_ref();
        });
        for _ in 0..1_500 {
            woken.store(false, Ordering::SeqCst);
            let polled = task.poll_job(&mut Context::from_waker(&watched));
            if polled.is_ready() || !woken.load(Ordering::SeqCst) {
                return polled;
            }
        }
        Poll::Pending
    }
}

/// An alarm rings a millisecond early.
#[derive(Default)]
struct RingsEarly;

impl Mutant for RingsEarly {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        Alarm::new(rt, deadline.checked_sub(ms(1)).unwrap_or(deadline))
    }
}

/// An alarm rings late.
#[derive(Default)]
struct RingsLate;

impl Mutant for RingsLate {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        Alarm::new(rt, deadline.checked_add(scaled(30)).unwrap_or(deadline))
    }
}

/// A sleep begins when it is polled.
#[derive(Default)]
struct CountsFromTheFirstPoll;

impl Mutant for CountsFromTheFirstPoll {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let alarm = Alarm::new(rt, deadline);
        let length = deadline.saturating_duration_since(rt.native.now());
        alarm.notes.set_count(length.as_micros() as usize);
        alarm
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        if !alarm.notes.mark() {
            let length = Duration::from_micros(alarm.notes.count() as u64);
            let deadline = alarm.rt.native.now().checked_add(length);
            alarm.reset_raw(deadline.unwrap_or(alarm.deadline));
        }
        alarm.poll_raw(cx)
    }
}

/// An alarm is pending at its first poll, whatever its deadline.
#[derive(Default)]
struct NeverReadyAtOnce;

impl Mutant for NeverReadyAtOnce {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        if !alarm.notes.mark() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        alarm.poll_raw(cx)
    }
}

/// A deadline more than fifty years away is now.
#[derive(Default)]
struct WrapsAround;

impl Mutant for WrapsAround {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let now = rt.native.now();
        let is_far = deadline.saturating_duration_since(now) > 50 * YEAR;
        Alarm::new(rt, if is_far { now } else { deadline })
    }
}

/// Every second alarm rings five milliseconds late.
#[derive(Default)]
struct RingsOutOfOrder(AtomicUsize);

impl Mutant for RingsOutOfOrder {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let is_late = self.0.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        let late = deadline.checked_add(scaled(5)).filter(|_| is_late);
        Alarm::new(rt, late.unwrap_or(deadline))
    }
}

/// While an alarm of a second or more is set, shorter ones ring late.
#[derive(Default)]
struct WaitsForTheLater;

impl WaitsForTheLater {
    fn is_long(rt: &Sick, deadline: Instant) -> bool {
        deadline.saturating_duration_since(rt.native.now()) > ms(1_000)
    }
}

impl Mutant for WaitsForTheLater {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let is_long = Self::is_long(rt, deadline);
        if is_long {
            rt.notes().count_one();
        }
        let late = deadline.checked_add(scaled(700));
        let late = late.filter(|_| !is_long && rt.notes().count() > 0);
        let alarm = Alarm::new(rt, late.unwrap_or(deadline));
        alarm.notes.set_count(usize::from(is_long));
        alarm
    }

    fn sleep_dropped(&self, alarm: &mut Alarm) {
        if alarm.notes.count() == 1 {
            alarm.rt.notes().uncount_one();
        }
    }
}

/// The first alarm that is set on a foreign thread rings late.
#[derive(Default)]
struct HearsItsOwnThreads;

impl Mutant for HearsItsOwnThreads {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        if !current::is_driving() && !alarm.rt.notes().mark() {
            let late = alarm.deadline.checked_add(scaled(700));
            alarm.reset_raw(late.unwrap_or(alarm.deadline));
        }
        alarm.poll_raw(cx)
    }
}

/// An alarm rings though it was dropped.
#[derive(Default)]
struct RingsAfterTheDrop;

impl Mutant for RingsAfterTheDrop {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let polled = alarm.poll_raw(cx);
        match polled {
            Poll::Pending => drop(alarm.notes.keep_waker(cx.waker())),
            Poll::Ready(()) => drop(alarm.notes.take_waker()),
        }
        polled
    }

    fn sleep_dropped(&self, alarm: &mut Alarm) {
        if let Some(waker) = alarm.notes.take_waker() {
            let raw = alarm.rt.native.sleep_until(alarm.deadline);
            drop(alarm.rt.native.spawn(async move {
                raw.await;
                waker.wake();
            }));
        }
    }
}

/// The waker of the alarm that was dropped last is kept until the next is dropped.
#[derive(Default)]
struct KeepsTheLastDropped(Mutex<Option<Waker>>);

impl Mutant for KeepsTheLastDropped {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        drop(alarm.notes.keep_waker(cx.waker()));
        alarm.poll_raw(cx)
    }

    fn sleep_dropped(&self, alarm: &mut Alarm) {
        let waker = alarm.notes.take_waker();
        let before = std::mem::replace(&mut *locked(&self.0), waker);
        drop(before);
    }
}

/// A dropped alarm leaves its entry in the wheel.
#[derive(Default)]
struct LeaksAnAlarm;

impl Mutant for LeaksAnAlarm {
    fn sleep_dropped(&self, _alarm: &mut Alarm) {
        std::mem::forget(Box::new([1_u8; 256]));
    }
}

/// An alarm that is reset before its first poll never rings.
#[derive(Default)]
struct LosesAnEarlyReset;

impl Mutant for LosesAnEarlyReset {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        alarm.notes.count_one();
        match alarm.notes.is_marked() {
            true => Poll::Pending,
            false => alarm.poll_raw(cx),
        }
    }

    fn reset(&self, alarm: &mut Alarm, deadline: Instant) {
        if alarm.notes.count() == 0 {
            alarm.notes.mark();
        }
        alarm.reset_raw(deadline);
    }
}

/// A reset to a later deadline is ignored.
#[derive(Default)]
struct IgnoresALaterDeadline;

impl Mutant for IgnoresALaterDeadline {
    fn reset(&self, alarm: &mut Alarm, deadline: Instant) {
        if deadline < alarm.deadline {
            alarm.reset_raw(deadline);
        }
    }
}

/// An alarm that was reset rings a millisecond early.
#[derive(Default)]
struct RingsEarlyOnceReset;

impl Mutant for RingsEarlyOnceReset {
    fn reset(&self, alarm: &mut Alarm, deadline: Instant) {
        alarm.reset_raw(deadline.checked_sub(ms(1)).unwrap_or(deadline));
    }
}

/// The clock moves in steps of 400 ms.
#[derive(Default)]
struct HasACoarseClock(OnceLock<Instant>);

impl Mutant for HasACoarseClock {
    fn now(&self, rt: &Sick) -> Instant {
        let now = rt.native.now();
        let origin = *self.0.get_or_init(|| now);
        let steps = (now - origin).as_millis() / 400;
        origin + ms(400) * u32::try_from(steps).expect("a law is short")
    }
}

/// A deadline more than fifty years away overflows.
#[derive(Default)]
struct OverflowsFarAway;

impl Mutant for OverflowsFarAway {
    fn reset(&self, alarm: &mut Alarm, deadline: Instant) {
        let length = deadline.saturating_duration_since(alarm.rt.native.now());
        assert!(length < 50 * YEAR, "attempt to add with overflow");
        alarm.reset_raw(deadline);
    }
}

/// A poll of an alarm costs two units of its task's budget.
#[derive(Default)]
struct ChargesAlarms;

impl Mutant for ChargesAlarms {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match budget::poll(cx, |_| Poll::Ready(())) {
            Poll::Ready(()) => budget::poll(cx, |cx| alarm.poll_raw(cx)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// An alarm that is overdue by 50 ms rings twice.
#[derive(Default)]
struct RingsTwiceWhenOverdue;

impl Mutant for RingsTwiceWhenOverdue {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let (real, native) = (cx.waker().clone(), alarm.rt.native.clone());
        let overdue = alarm.deadline.checked_add(ms(50));
        let twice = waker(move || {
            real.wake_by_ref();
            if overdue.is_some_and(|overdue| native.now() > overdue) {
                real.wake_by_ref();
            }
        });
        alarm.poll_raw(&mut Context::from_waker(&twice))
    }
}

/// No alarm rings after the process stood still while a closure ran.
#[derive(Default)]
struct StopsByAStop(Arc<AtomicBool>);

impl Mutant for StopsByAStop {
    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        let (native, over) = (rt.native.clone(), Arc::<AtomicBool>::default());
        let (wedged, ended) = (self.0.clone(), over.clone());
        let watch = thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                let before = native.now();
                thread::sleep(ms(1));
                wedged.fetch_or(native.now() - before > ms(25), Ordering::SeqCst);
            }
        });
        let answer = rt.inside(call);
        over.store(true, Ordering::SeqCst);
        watch.join().expect("it watches");
        answer
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.load(Ordering::SeqCst) {
            true => Poll::Pending,
            false => alarm.poll_raw(cx),
        }
    }
}
