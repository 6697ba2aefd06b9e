//! Laws of sleeps, timeouts and intervals as users have them: L066, L070 and L082 to L085.

use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use anyrt_api::time::{Instant, MissedTicks, interval_at_in, sleep_in, timeout_in};
use anyrt_api::{BlockOn, Runtime, Spawn, Timer, budget, task};
use futures_lite::future::poll_once;

use crate::gate::{Gate, step_aside};
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l066_yield_now_is_pending_once),
        law!(l066_yield_now_lets_others_run in lab),
        law!(l070_the_deadline_is_fixed_at_the_call),
        law!(l082_no_tick_is_early),
        law!(l083_missed_ticks_follow_the_policy),
        law!(l084_a_zero_period_panics),
        law!(l085_timeout_prefers_the_future),
        law!(l085_timeout_drops_the_future_first),
    ]
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// L066: `yield_now` is pending once and wakes itself.
async fn l066_yield_now_is_pending_once<R: Runtime>(_rt: R) {
    let mut yielding = std::pin::pin!(task::yield_now());
    assert!(
        poll_once(yielding.as_mut()).await.is_none(),
        "it is pending once"
    );
    assert!(
        poll_once(yielding.as_mut()).await.is_some(),
        "and only once"
    );
}

/// L066: Every task that was ready runs before a task that yields has come around 1,000 times.
///
/// With one worker, and bounded where one thread ran them all: the thread in `block_on` may help,
/// have taken a task and wait for a core. Such a task is only waited for.
fn l066_yield_now_lets_others_run<B: Backend>(lab: &Lab<B>) {
    const YIELDS: usize = 1_000;
    let owner = lab.start_with(|setup| setup.workers = 1);
    let rt = owner.handle();
    let ran = Gate::new();
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let seen = move || {
        let mut threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.insert(thread::current().id());
        threads.len()
    };
    let counted = ran.clone();
    let yields = owner.handle().spawn(async move {
        for _ in 0..10 {
            let (ran, seen) = (counted.clone(), seen.clone());
            drop(rt.spawn(async move {
                seen();
                ran.open();
            }));
        }
        let start = rt.now();
        let mut yields = 0;
        let mut n_threads = seen();
        while counted.count() < 10 && rt.now() - start < ms(5_000) {
            task::yield_now().await;
            yields += 1;
            n_threads = seen();
        }
        (yields, counted.count(), n_threads)
    });
    let (yields, ran, n_threads) = owner.block_on(yields).expect("each yield wakes its task");
    assert_eq!(ran, 10, "ten ready tasks did not run in {yields} yields");
    assert!(
        n_threads > 1 || yields <= YIELDS,
        "ten ready tasks took {yields} yields"
    );
}

/// L070: The deadline of a sleep is fixed at the call, not at the first poll.
async fn l070_the_deadline_is_fixed_at_the_call<R: Runtime>(rt: R) {
    let before = rt.now();
    let sleep = sleep_in(ms(60), &rt);
    let timeout = timeout_in(ms(60), pending::<()>(), &rt);
    sleep_in(ms(80), &rt).await;
    assert!(
        poll_once(sleep).await.is_some(),
        "it was due before its first poll"
    );
    assert!(poll_once(timeout).await.is_some_and(|out| out.is_err()));
    let spread = rt.now() - before;
    assert!(spread < ms(5_000), "{spread:?}");
}

/// L082: Tick `k` of an interval is never before `start + k * period`.
async fn l082_no_tick_is_early<R: Runtime>(rt: R) {
    for policy in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
        let start = Instant::now_in(&rt) + ms(5);
        let mut interval = interval_at_in(start, ms(2), policy, &rt);
        for k in 0..15 {
            let due = interval.tick().await;
            let now = Instant::now_in(&rt);
            assert!(due >= start + ms(2) * k, "tick {k} under {policy:?}");
            assert!(now >= due, "tick {k} came before it was due");
            assert!(k > 0 || due == start, "the first tick is due at the start");
        }
        // A tick that nobody waited for to its end is not lost.
        let waiting = poll_once(interval.tick()).await;
        let dropped = waiting.is_some();
        let next = interval.tick().await;
        assert!(dropped || next >= start + ms(2) * 15);
    }
}

/// L083: Ticks that were missed follow the policy that was given.
async fn l083_missed_ticks_follow_the_policy<R: Runtime>(rt: R) {
    let period = ms(20);
    for policy in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
        let start = Instant::now_in(&rt);
        let mut interval = interval_at_in(start, period, policy, &rt);
        assert_eq!(interval.tick().await, start);
        // Two and a half ticks go by.
        sleep_in(period * 7 / 2, &rt).await;
        assert_eq!(
            interval.tick().await,
            start + period,
            "the first missed one, {policy:?}"
        );
        let taken = Instant::now_in(&rt);
        let next = interval.tick().await;
        match policy {
            MissedTicks::Burst => assert_eq!(next, start + period * 2),
            MissedTicks::Delay => assert!(next >= start + period * 9 / 2 && next <= taken + period),
            MissedTicks::Skip => {
                assert!(next >= start + period * 4 && next <= taken + period);
                let steps = next.duration_since(start).as_nanos();
                assert_eq!(steps % period.as_nanos(), 0, "off the schedule");
            }
        }
    }
}

/// L084: A zero period panics at the call; a huge one does not overflow.
async fn l084_a_zero_period_panics<R: Runtime>(rt: R) {
    let now = Instant::now_in(&rt);
    let zero = || interval_at_in(now, Duration::ZERO, MissedTicks::Delay, &rt);
    assert!(catch_unwind(AssertUnwindSafe(zero)).is_err());
    for policy in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
        let mut interval = interval_at_in(now, Duration::MAX, policy, &rt);
        assert_eq!(interval.tick().await, now);
        assert!(
            poll_once(interval.tick()).await.is_none(),
            "the second is never due"
        );
        let far = timeout_in(Duration::MAX, async { 7 }, &rt).await;
        assert_eq!(far.expect("nothing overflows"), 7);
    }
}

/// L085: `timeout` polls its future before the clock, and its deadline holds even if the future
/// spends the whole budget.
async fn l085_timeout_prefers_the_future<R: Runtime>(rt: R) {
    let tie = timeout_in(Duration::ZERO, async { 7 }, &rt).await;
    assert_eq!(tie.expect("the future wins a tie"), 7);
    let past = timeout_in(ms(1), poll_fn(|_| Poll::Ready(8)), &rt);
    sleep_in(ms(5), &rt).await;
    assert_eq!(
        past.await
            .expect("it wins though the deadline is long past"),
        8
    );

    let inner = rt.clone();
    let greedy = rt.spawn(async move {
        let busy = async {
            loop {
                poll_fn(|cx| budget::poll(cx, |_| Poll::Ready(()))).await;
            }
        };
        timeout_in(ms(10), busy, &inner).await
    });
    let out: Result<(), _> = greedy.await.expect("it ends");
    assert!(out.is_err(), "a future that never ends timed out");
}

/// L085: `timeout` has dropped its future when the caller sees `Err`.
async fn l085_timeout_drops_the_future_first<R: Runtime>(rt: R) {
    let gone = Gate::new();
    let mark = gone.opened_by_drop();
    let future = async move {
        let _mark = mark;
        pending::<()>().await;
    };
    let mut timed = std::pin::pin!(timeout_in(ms(5), future, &rt));
    assert!(timed.as_mut().await.is_err());
    assert!(gone.is_open(), "the future lives on in the timeout");
    step_aside(1).await;
}
