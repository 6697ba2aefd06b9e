//! Every worker is blocked by a task that calls what it must not: how long the others wait.

use std::{
    io,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{Place, Scenario, Setup, everyone, names::*};
use crate::{
    contender::{Handle, Owner},
    figure::{Value, median},
};

const BLOCKED: Duration = Duration::from_millis(100);
const OTHERS: usize = 100;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "blocked",
        what: "every worker is blocked 100 ms: how long until 100 other tasks are done",
        place: Place::Apart,
        cells: everyone!(blocked),
    }]
}

fn blocked<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const ATTEMPTS_MAX: usize = 20;
    let n_times = if setup.quick { 2 } else { 5 };
    let mut times = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        // Anew each time: a runtime that has met this once may be prepared for the next.
        let owner = O::start(setup.workers)?;
        times.extend(once(&owner.handle(), setup.workers));
        owner.stop();
        if times.len() == n_times {
            return Ok(vec![Value::lower("others done", "ms", median(&times))]);
        }
    }
    Err(io::Error::other(
        "its workers were never blocked all at once",
    ))
}

/// The time in milliseconds; `None` if the workers were not blocked all at once.
fn once<H: Handle>(rt: &H, workers: usize) -> Option<f64> {
    // The runtime comes to rest before.
    thread::sleep(BLOCKED / 5);
    let (blocked, is_blocked) = mpsc::channel();
    for _ in 0..workers {
        let blocked = blocked.clone();
        rt.detach(async move {
            let _ = blocked.send(Instant::now());
            thread::sleep(BLOCKED);
        });
    }
    let begun: Vec<_> = is_blocked.iter().take(workers).collect();
    let first = begun.iter().min().expect("there is a worker");
    let start = Instant::now();
    let (done, is_done) = mpsc::channel();
    for _ in 0..OTHERS {
        let (done, inner) = (done.clone(), rt.clone());
        rt.detach(async move {
            inner.yield_now().await;
            let _ = done.send(Instant::now());
        });
    }
    let all: Vec<_> = is_done.iter().take(OTHERS).collect();
    let last = all.iter().max().expect("there are others");
    // They come to an end before the next time.
    thread::sleep(BLOCKED.saturating_sub(first.elapsed()));
    let were_blocked = start - *first < BLOCKED / 4;
    were_blocked.then(|| (*last - start).as_secs_f64() * 1e3)
}
