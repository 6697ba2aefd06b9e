//! Laws of the clock and its alarms: L068, L069, and L071 to L078.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use anyrt_api::Runtime;
use anyrt_api::time::RawSleep;
use futures_lite::future::{block_on, poll_once, race};

use crate::bound::at_most;
use crate::gate::{Gate, step_aside};
use crate::probe::Probe;
use crate::{Backend, Capability, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l068_never_early),
        law!(l069_hardly_late).stochastic(),
        law!(l071_past_deadlines_are_ready_at_once),
        law!(l072_the_far_future_never_comes),
        law!(l073_deadlines_fire_in_order).stochastic(),
        law!(l074_an_earlier_alarm_is_on_time).stochastic(),
        law!(l074_an_alarm_from_another_thread)
            .needs(Capability::Threads)
            .stochastic(),
        law!(l075_a_dropped_alarm_is_gone),
        law!(l075_many_dropped_alarms_leave_nothing),
        law!(l076_alarms_fire_drop_and_reset_at_once),
        law!(l077_reset_arms_once),
        law!(l078_far_deadlines_are_exact).needs(Capability::VirtualTime),
    ]
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// L068: A sleep is never early.
async fn l068_never_early<R: Runtime>(rt: R) {
    let one = |rt: R, length: Duration| async move {
        let before = rt.now();
        rt.sleep_until(before + length).await;
        let slept = rt.now() - before;
        assert!(slept >= length, "{slept:?} in place of {length:?}");
    };
    for i in 0..75 {
        one(rt.clone(), Duration::from_micros(i * 67 % 4_000)).await;
    }
    let many = (0..150).map(|i| rt.spawn(one(rt.clone(), Duration::from_micros(i * 331 % 20_000))));
    for sleeper in many.collect::<Vec<_>>() {
        sleeper.await.expect("no sleep is early");
    }
}

/// L069: On an idle machine a sleep is at most 5 ms late.
async fn l069_hardly_late<R: Runtime>(rt: R) {
    let mut late = Vec::new();
    for i in 0..60 {
        let deadline = rt.now() + Duration::from_micros(300 * i);
        rt.sleep_until(deadline).await;
        late.push(rt.now() - deadline);
    }
    late.sort();
    at_most("half of them late by", late[late.len() / 2], ms(2));
    // One in sixty may meet something else that the machine had to do.
    at_most("late by", late[late.len() - 2], ms(5));
}

/// L071: A deadline that is past is ready at the first poll.
async fn l071_past_deadlines_are_ready_at_once<R: Runtime>(rt: R) {
    let is_ready = async |deadline: Instant| poll_once(rt.sleep_until(deadline)).await.is_some();
    let now = rt.now();
    assert!(is_ready(now).await, "the deadline is now");
    for age in [Duration::from_nanos(1), ms(1), ms(1_000)] {
        let past = now.checked_sub(age).expect("the clock is older than that");
        assert!(is_ready(past).await, "the deadline passed {age:?} ago");
    }
    // One that was made in time and is polled too late.
    let sleep = rt.sleep_until(rt.now() + ms(2));
    rt.sleep_until(rt.now() + ms(5)).await;
    assert!(
        poll_once(sleep).await.is_some(),
        "it passed before the first poll"
    );
}

/// L072: A deadline in the far future never fires, panics, overflows or keeps the runtime busy.
async fn l072_the_far_future_never_comes<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let years = |n: u64| Duration::from_secs(n * 365 * 24 * 3600);
    let mut sleeps: Vec<_> = [years(1), years(3), years(100), years(10_000), Duration::MAX]
        .into_iter()
        .map(|far| {
            // The last deadline that the clock can name.
            let halves = std::iter::successors(Some(far), |far| Some(*far / 2));
            let deadline = halves.into_iter().find_map(|far| rt.now().checked_add(far));
            Box::pin(rt.sleep_until(deadline.expect("the clock can name some deadline")))
        })
        .collect();
    for sleep in &mut sleeps {
        assert!(probe.poll(sleep.as_mut()).is_pending());
    }
    let before = rt.now();
    rt.sleep_until(before + ms(30)).await;
    assert!(
        rt.now() - before < Duration::from_secs(5),
        "far deadlines hold up near ones"
    );
    assert_eq!(probe.wakes(), 0, "woken for a far deadline");
    for sleep in &mut sleeps {
        assert!(probe.poll(sleep.as_mut()).is_pending());
    }
    drop(sleeps);
    assert_eq!(probe.held(), 0);
}

/// Writes its number down when it is woken.
struct Order(usize, Arc<Mutex<Vec<usize>>>, Gate);

impl Wake for Order {
    fn wake(self: Arc<Self>) {
        self.1
            .lock()
            .expect("no panic under this lock")
            .push(self.0);
        self.2.open();
    }
}

/// L073: Deadlines at least 2 ms apart fire in order.
async fn l073_deadlines_fire_in_order<R: Runtime>(rt: R) {
    const ALARMS: usize = 30;
    let (order, fired) = (Arc::<Mutex<Vec<usize>>>::default(), Gate::new());
    let start = rt.now() + ms(40);
    let mut sleeps = Vec::new();
    for i in 0..ALARMS {
        // Every number once, in no order: 7 and 30 have no common factor.
        let nth = i * 7 % ALARMS;
        let waker = Waker::from(Arc::new(Order(nth, order.clone(), fired.clone())));
        let mut sleep = Box::pin(rt.sleep_until(start + ms(2) * nth as u32));
        assert!(
            sleep
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        sleeps.push(sleep);
    }
    fired.wait_for(ALARMS).await;
    let order = order.lock().expect("no panic under this lock");
    let mut each = order.clone();
    each.sort_unstable();
    assert_eq!(each, (0..ALARMS).collect::<Vec<_>>(), "each fires once");
    // A thread that is put aside between the alarm and its waker is overtaken by another.
    let overtaken = |at: usize| {
        let before = order[..at].iter().max().copied().unwrap_or(0);
        before.saturating_sub(order[at])
    };
    let worst = (0..ALARMS).map(overtaken).max().unwrap_or(0);
    at_most("overtaken by one due later by", ms(2) * worst as u32, ms(1));
}

/// L074: An alarm set while the runtime waits for a later one fires on time.
async fn l074_an_earlier_alarm_is_on_time<R: Runtime>(rt: R) {
    let later = rt.now() + ms(3_000);
    let sleeper = rt.clone();
    let long = rt.spawn(async move { sleeper.sleep_until(later).await });
    for _ in 0..5 {
        // The runtime has nothing to do and goes to sleep; a task of a worker sets the next one.
        rt.sleep_until(rt.now() + ms(10)).await;
        let inner = rt.clone();
        let short = rt.spawn(async move {
            let deadline = inner.now() + ms(5);
            inner.sleep_until(deadline).await;
            inner.now() - deadline
        });
        at_most("late by", short.await.expect("it fires"), ms(500));
    }
    long.cancel()
        .await
        .expect_err("it is far from its deadline");
}

/// L074: An alarm that another thread sets while the runtime sleeps fires on time.
async fn l074_an_alarm_from_another_thread<R: Runtime>(rt: R) {
    let later = rt.now() + ms(3_000);
    let sleeper = rt.clone();
    let long = rt.spawn(async move { sleeper.sleep_until(later).await });
    let foreign = rt.clone();
    let late = rt.spawn_blocking(move || {
        let alarms = (0..5).map(|i| {
            let deadline = foreign.now() + ms(5 + 3 * i);
            block_on(foreign.sleep_until(deadline));
            foreign.now() - deadline
        });
        alarms.max().expect("five of them")
    });
    at_most("late by", late.await.expect("they fire"), ms(500));
    long.cancel()
        .await
        .expect_err("it is far from its deadline");
}

/// L075: Dropping an alarm takes it out: its waker is released, and no wake-up comes later.
async fn l075_a_dropped_alarm_is_gone<R: Runtime>(rt: R) {
    let mut dropped = Vec::new();
    let mut length = ms(8);
    while dropped.len() < 3 {
        let probe = Probe::new();
        let deadline = rt.now() + length;
        let mut sleep = Box::pin(rt.sleep_until(deadline));
        // Polled once, twice, three times.
        let _ = (0..=dropped.len()).any(|_| probe.poll(sleep.as_mut()).is_ready());
        drop(sleep);
        if rt.now() < deadline {
            assert_eq!(probe.held(), 0, "a dropped alarm keeps the waker");
            dropped.push(probe);
        } else {
            // The machine took longer than that from line to line.
            length *= 2;
        }
    }
    rt.sleep_until(rt.now() + length + ms(10)).await;
    for probe in dropped {
        assert_eq!(probe.wakes(), 0, "a dropped alarm woke its task");
    }
}

/// L075: 100,000 alarms that were made, polled and dropped leave no memory behind.
async fn l075_many_dropped_alarms_leave_nothing<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let inner = rt.clone();
    let held = rt.spawn(async move {
        for round in 0..100 {
            let deadline = inner.now() + ms(3_600_000);
            let mut sleeps: Vec<_> = (0..1_000)
                .map(|i| Box::pin(inner.sleep_until(deadline + ms(i))))
                .collect();
            for sleep in &mut sleeps {
                assert!(probe.poll(sleep.as_mut()).is_pending());
            }
            drop(sleeps);
            assert_eq!(probe.held(), 0, "after round {round}");
            step_aside(1).await;
        }
        probe.held()
    });
    assert_eq!(held.await.expect("every waker was released"), 0);
}

/// L076: Alarms that fire, are dropped and are reset at the same time lose nobody.
async fn l076_alarms_fire_drop_and_reset_at_once<R: Runtime>(rt: R) {
    let tasks: Vec<_> = (0..200_u64)
        .map(|i| {
            let rt = rt.clone();
            rt.clone().spawn(async move {
                for round in 0..30 {
                    let mix = (i * 31 + round * 17) % 11;
                    let mut sleep =
                        pin!(rt.sleep_until(rt.now() + Duration::from_micros(mix * 150)));
                    let early = pin!(rt.sleep_until(rt.now() + Duration::from_micros(mix * 90)));
                    if mix % 3 == 0 {
                        race(early, sleep.as_mut()).await;
                    }
                    let deadline = rt.now() + Duration::from_micros(mix * 40);
                    if mix % 2 == 0 {
                        sleep.as_mut().reset(deadline);
                        sleep.await;
                        assert!(rt.now() >= deadline, "a reset alarm is not early");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("nobody is lost");
    }
}

/// L077: `reset` before and after firing sets the alarm once.
async fn l077_reset_arms_once<R: Runtime>(rt: R) {
    let mut sleep: Pin<_> = pin!(rt.sleep_until(rt.now() + ms(3_600_000)));
    let far = Probe::new();
    assert!(far.poll(sleep.as_mut()).is_pending());
    for round in 0..4 {
        let probe = Probe::new();
        let mut deadline = rt.now() + ms(4);
        sleep.as_mut().reset(deadline);
        for length in 3..12 {
            if probe.poll(sleep.as_mut()).is_pending() {
                break;
            }
            // It may be over before it is polled, on a busy machine, though not early.
            assert!(rt.now() >= deadline, "not armed again in round {round}");
            deadline = rt.now() + ms(1 << length);
            sleep.as_mut().reset(deadline);
        }
        probe.woken().await;
        assert!(rt.now() >= deadline, "early after a reset");
        assert_eq!(probe.poll(sleep.as_mut()), Poll::Ready(()));
    }
    // Put off before it fires: the old deadline must not fire.
    let probe = Probe::new();
    sleep.as_mut().reset(rt.now() + ms(4));
    let _ = probe.poll(sleep.as_mut());
    let put_off = rt.now() + ms(40);
    sleep.as_mut().reset(put_off);
    sleep.as_mut().await;
    assert!(rt.now() >= put_off, "the old deadline fired after a reset");
    assert_eq!(far.wakes(), 0, "a waker of long ago was woken");
}

/// L078: Deadlines that are years ahead come exactly then, in order, whatever comes between.
async fn l078_far_deadlines_are_exact<R: Runtime>(rt: R) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let start = rt.now();
    // Years: below, at and beyond what a wheel of timers spans.
    let alarms: Vec<_> = [1, 2, 3, 4, 5, 9, 10, 40]
        .into_iter()
        .flat_map(|years| [0, 1, 999_999_999].map(|ns| DAY * 365 * years + Duration::new(0, ns)))
        .map(|length| {
            let rt = rt.clone();
            rt.clone().spawn(async move {
                rt.sleep_until(start + length).await;
                (length, rt.now() - start)
            })
        })
        .collect();
    // Near ones, so that time also goes in small steps.
    for _ in 0..100 {
        rt.sleep_until(rt.now() + DAY * 30).await;
        rt.sleep_until(rt.now() + ms(1)).await;
    }
    for alarm in alarms {
        let (length, slept) = alarm.await.expect("it fires");
        assert!(slept >= length, "{slept:?} in place of {length:?}");
        // A turn of a simulation may take a moment of its time.
        assert!(slept < length + ms(1), "{slept:?} in place of {length:?}");
    }
}
