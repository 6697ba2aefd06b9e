//! Threads of the system where the others have tasks: what a runtime is worth.
//!
//! A thread costs far more, so that only so many live at a time. It knows nothing of runtimes.

use std::{
    fs, io,
    sync::{Arc, Barrier, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Cell, Setup, spawn::MANY, turns::PAIRS};
use crate::figure::{Role, Value, median};

/// Threads that live at a time, but for those that are weighed.
const AT_A_TIME: usize = 100;

/// `cells`, and threads beside them.
pub(super) fn beside(mut cells: Vec<Cell>, run: fn(&Setup) -> io::Result<Vec<Value>>) -> Vec<Cell> {
    cells.push(Cell::new("std", Role::Control, run));
    cells
}

/// As many as the others have tasks.
pub(super) fn spawn_join(setup: &Setup) -> io::Result<Vec<Value>> {
    typical(setup, || {
        let mut sum = 0;
        for batch in 0..MANY / AT_A_TIME {
            let start = |n: usize| start(move || batch * AT_A_TIME + n);
            let threads: Vec<_> = (0..AT_A_TIME).map(start).collect::<io::Result<_>>()?;
            sum += threads.into_iter().map(join).sum::<usize>();
        }
        assert_eq!(sum, MANY * (MANY - 1) / 2);
        Ok(())
    })
}

/// As many pairs as the others have.
pub(super) fn ping_pong(setup: &Setup) -> io::Result<Vec<Value>> {
    typical(setup, || {
        for _ in 0..PAIRS / (AT_A_TIME / 2) {
            let threads = (0..AT_A_TIME / 2).map(|_| start(pair));
            let threads: Vec<_> = threads.collect::<io::Result<_>>()?;
            threads.into_iter().try_for_each(join)?;
        }
        Ok(())
    })
}

/// A thread starts its partner and waits for its answer.
fn pair() -> io::Result<()> {
    let (ping, pinged) = mpsc::channel::<()>();
    let (pong, ponged) = mpsc::channel::<()>();
    let partner = start(move || {
        pinged.recv().expect("it is sent");
        pong.send(()).expect("it is waited for");
    })?;
    ping.send(()).expect("the partner waits for it");
    ponged.recv().expect("the partner answers");
    join(partner);
    Ok(())
}

/// Resident bytes a thread that waits: its stack is not the allocator's.
pub(super) fn memory(_: &Setup) -> io::Result<Vec<Value>> {
    const THREADS: usize = 1000;
    let before = resident()?;
    let (begun, over) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    let barriers = Arc::new((begun, over));
    let wait = |_| {
        let barriers = barriers.clone();
        start(move || {
            barriers.0.wait();
            barriers.1.wait();
        })
    };
    let threads: Vec<_> = (0..THREADS).map(wait).collect::<io::Result<_>>()?;
    barriers.0.wait();
    let held = resident()?.saturating_sub(before);
    barriers.1.wait();
    threads.into_iter().for_each(join);
    Ok(vec![Value::lower("", "B", held as f64 / THREADS as f64)])
}

/// Bytes of this process that are in memory.
fn resident() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let missing = || io::Error::other("/proc/self/status has no VmRSS");
    Ok(kib.ok_or_else(missing)? * 1024)
}

fn start<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().spawn(f)
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("no thread here panics")
}

/// Does `f` for a while, once to warm up: the median time that it took.
fn typical(setup: &Setup, mut f: impl FnMut() -> io::Result<()>) -> io::Result<Vec<Value>> {
    const LEAST: usize = 3;
    f()?;
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST || begin.elapsed() < setup.span() {
        let start = Instant::now();
        f()?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(vec![Value::micros(
        "",
        Duration::from_secs_f64(median(&times)),
    )])
}
