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
