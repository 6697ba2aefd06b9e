//! Sleeps that ring, many at once, and timeouts that never do.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_lite::future;

use super::{Place, Scenario, Setup, everyone, in_task, names::*, typical};
use crate::{
    clock,
    contender::{Handle, Owner},
    figure::{Value, quantile},
};

const SLEEPS: usize = 100_000;
const TIMEOUTS: usize = 10_000;
/// Timeouts that are there at once.
pub(super) const MILLION: usize = 1_000_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "sleeps",
            what: "100,000 tasks sleep up to a second: processor time, and how late they wake",
            place: Place::Inside,
            cells: everyone!(sleeps),
        },
        Scenario {
            name: "timeouts",
            what: "a timeout is set and dropped, by one task and by four",
            place: Place::Inside,
            cells: everyone!(timeouts),
        },
        Scenario {
            name: "timeouts_million",
            what: "1,000,000 timeouts: all of them made and polled once, then all of them dropped",
            place: Place::Inside,
            cells: everyone!(timeouts_million),
        },
    ]
}

fn sleeps<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let mut random = fastrand::Rng::with_seed(1);
        let used = clock::processor_time();
        let start = |_| {
            let time = Duration::from_micros(random.u64(100_000..1_100_000));
            let inner = rt.clone();
            rt.spawn(async move {
                let start = Instant::now();
                inner.sleep(time).await;
                start.elapsed().saturating_sub(time)
            })
        };
        let tasks: Vec<_> = (0..setup.size(SLEEPS)).map(start).collect();
        let mut late = Vec::with_capacity(tasks.len());
        for task in tasks {
            late.push(task.await);
        }
        let used = clock::processor_time() - used;
        vec![
            Value::lower("processor time", "ms", used.as_secs_f64() * 1e3),
            Value::micros("late p50", quantile(&mut late, 500)),
            Value::micros("late p99", quantile(&mut late, 990)),
        ]
    })
}

fn timeouts<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let mut values = Vec::new();
        for n_tasks in [1, 4] {
            let once = || async {
                let churn = |rt: O::Handle| async move {
                    for _ in 0..TIMEOUTS {
                        // Pending once, so that the clock is asked.
                        rt.timeout(Duration::from_secs(10), future::yield_now())
                            .await;
                    }
                };
                let tasks: Vec<_> = (0..n_tasks).map(|_| rt.spawn(churn(rt.clone()))).collect();
                for task in tasks {
                    task.await;
                }
            };
            let time = typical(setup, once).await;
            let name = format!("{n_tasks} tasks");
            values.push(Value::nanos_each(name, time, TIMEOUTS * n_tasks));
        }
        values
    })
}

fn timeouts_million<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let n = setup.size(MILLION);
        // Once to warm up: the tables have grown then.
        drop(armed(&rt, n).await);
        let start = Instant::now();
        let all = armed(&rt, n).await;
        let made = start.elapsed();
        drop(all);
        let whole = start.elapsed();
        vec![
            Value::micros("in all", whole),
            Value::nanos_each("made", made, n),
            Value::nanos_each("dropped", whole - made, n),
        ]
    })
}

/// So many timeouts around what never comes, each polled once, so that its time runs; none of them
/// rings while it is measured.
pub(super) async fn armed<H: Handle>(rt: &H, n: usize) -> Vec<impl Future<Output = Option<()>>> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut all = Vec::with_capacity(n);
    for _ in 0..n {
        let time = Duration::from_millis(random.u64(60_000..120_000));
        all.push(Box::pin(rt.timeout(time, future::pending::<()>())));
    }
    for timeout in &mut all {
        let polled = future::poll_once(timeout.as_mut()).await;
        assert!(polled.is_none(), "its time is not over");
    }
    all
}
