//! How long one thing takes from its cause to its effect: a spawn, a wake of an idle runtime, a
//! spawn beside tasks that keep every worker busy.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use futures_channel::mpsc;
use futures_lite::StreamExt;

use super::{Place, Scenario, Setup, everyone, in_task, names::*};
use crate::{
    clock,
    contender::{Handle, Owner},
    figure::{Value, quantile},
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "spawn_latency",
            what: "a spawn call, and from it to the first poll; the clock's own cost taken off",
            place: Place::Inside,
            cells: everyone!(spawn_latency),
        },
        Scenario {
            name: "wake_idle",
            what: "a thread outside wakes a task of a runtime that sleeps",
            place: Place::Inside,
            cells: everyone!(wake_idle),
        },
        Scenario {
            name: "spawn_beside_hogs",
            what: "from a spawn to its first poll while pairs play ping-pong on all workers",
            place: Place::Inside,
            cells: everyone!(spawn_beside_hogs),
        },
    ]
}

fn spawn_latency<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        // Written to beforehand, and in four bytes each: a fault at a page that is touched for the
        // first time, or a line that comes from memory, would be what one spawn in a hundred waits
        // for, and p99 theirs.
        let n = setup.size(50_000);
        let (mut calls, mut firsts) = (vec![u32::MAX; n], vec![u32::MAX; n]);
        for (call, first) in calls.iter_mut().zip(&mut firsts) {
            let start = Instant::now();
            let task = rt.spawn(async { Instant::now() });
            let called = Instant::now();
            *call = nanos(called - start);
            // The reading between the two costs the task some time: once for the call, once for it.
            *first = nanos(task.await - start);
        }
        let (mut calls, mut firsts) = (durations(calls), durations(firsts));
        let reading = clock::cost_of_reading();
        let mut values = quantiles("call", &mut calls, reading);
        values.extend(quantiles("first poll", &mut firsts, reading * 2));
        values
    })
}

fn wake_idle<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const QUIET: Duration = Duration::from_millis(2);
    let owner = O::start(setup.workers)?;
    let (wake, mut woken) = mpsc::unbounded::<Instant>();
    let task = owner.handle().spawn(async move {
        let mut times = Vec::new();
        while let Some(start) = woken.next().await {
            times.push(start.elapsed());
        }
        times
    });
    for _ in 0..setup.size(500) {
        thread::sleep(QUIET);
        wake.unbounded_send(Instant::now())
            .expect("the task listens");
    }
    drop(wake);
    let mut times = owner.block_on(task);
    owner.stop();
    Ok(quantiles("", &mut times, Duration::ZERO))
}

fn spawn_beside_hogs<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let stop = Arc::new(AtomicBool::new(false));
        let hogs: Vec<_> = (0..setup.workers)
            .flat_map(|_| {
                let ((there, here), (back, again)) = (mpsc::unbounded(), mpsc::unbounded());
                let first = rt.spawn(play(stop.clone(), there, again, true));
                [first, rt.spawn(play(stop.clone(), back, here, false))]
            })
            .collect();
        let mut firsts = Vec::new();
        for _ in 0..setup.size(10_000) {
            let start = Instant::now();
            firsts.push(rt.spawn(async { Instant::now() }).await - start);
            rt.yield_now().await;
        }
        stop.store(true, Relaxed);
        for hog in hogs {
            hog.await;
        }
        quantiles("", &mut firsts, clock::cost_of_reading())
    })
}

/// One half of a pair that keeps a worker busy until it is told to stop.
async fn play(
    stop: Arc<AtomicBool>,
    send: mpsc::UnboundedSender<()>,
    mut receive: mpsc::UnboundedReceiver<()>,
    serves: bool,
) {
    if serves {
        // Whoever has stopped has dropped its end.
        let _ = send.unbounded_send(());
    }
    while receive.next().await.is_some() && !stop.load(Relaxed) {
        let _ = send.unbounded_send(());
    }
}

/// In nanoseconds; one of more than four seconds counts as such a one.
fn nanos(time: Duration) -> u32 {
    u32::try_from(time.as_nanos()).unwrap_or(u32::MAX)
}

fn durations(nanos: Vec<u32>) -> Vec<Duration> {
    let each = nanos.into_iter().map(u64::from);
    each.map(Duration::from_nanos).collect()
}

fn quantiles(name: &str, times: &mut [Duration], taken_off: Duration) -> Vec<Value> {
    let value = |(quantile_name, per_mille)| {
        let time = quantile(times, per_mille).saturating_sub(taken_off);
        let name = format!("{name} {quantile_name}");
        Value::lower(name.trim_start(), "ns", time.as_secs_f64() * 1e9)
    };
    [("p50", 500), ("p99", 990)].map(value).into()
}
