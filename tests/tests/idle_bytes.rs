//! What waits on native costs few bytes: an idle task beyond its future, and an idle connection
//! with its task, its future and a buffer of one byte. Memory that tasks leave is kept for others
//! while the runtime works, and goes back when it rests.
//!
//! One test in a process of its own, since the counter sees every thread. Beside other runtimes the
//! same is measured by `cargo run --release -p anyrt-benches -- memory_tasks memory_connections`.

use std::alloc::System;
use std::future::pending;
use std::net::TcpStream as Client;
use std::thread;
use std::time::Duration;

use anyrt_api::net::TcpListener;
use anyrt_api::{Spawn, task};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static COUNTER: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Pages of the runtime's lists are as full as they get with a multiple of 64.
const N_TASKS: usize = 6_400;
const N_CONNECTIONS: usize = 64;
/// Lists that all share grow with how much comes at once, by some kilobytes on a busy machine. So
/// the connections come in rounds, and the median counts.
const N_ROUNDS: usize = 7;
/// A word more in each would be beyond it.
const CONNECTION_MAX: f64 = 194.0;
/// Tasks that end at once, each of at least so many bytes.
const N_BURST: usize = 5_000;
const BURST_BYTES: usize = 256;

fn held() -> isize {
    let stats = COUNTER.stats();
    let grown = stats.bytes_allocated as isize + stats.bytes_reallocated;
    grown - stats.bytes_deallocated as isize
}

/// Bytes each, of so many.
fn each(before: isize, n: usize) -> f64 {
    (held() - before) as f64 / n as f64
}

async fn yield_some() {
    for _ in 0..10 {
        task::yield_now().await;
    }
}

#[test]
fn what_waits_is_small() {
    // One worker, so that its list of tasks is the only one; and no spare for it: on a busy machine
    // a `connect` may take long enough for one to be sent, and its thread has memory too.
    let native = anyrt_native::Builder::new().workers(1).spare_workers(0);
    let native = native.build().expect("a runtime");
    let rt = native.handle();
    let tasks = rt.clone();
    let bytes = native.block_on(rt.spawn(async move {
        let before = held();
        for _ in 0..N_TASKS / 64 {
            (0..64).for_each(|_| drop(tasks.spawn(pending::<()>())));
            yield_some().await;
        }
        each(before, N_TASKS)
    }));
    let bytes = bytes.expect("no panic");
    println!("an idle task: {bytes:.1} bytes");
    assert!(bytes <= 44.0, "an idle task: {bytes} bytes");

    let connections = rt.clone();
    let bytes = native.block_on(rt.spawn(async move {
        let listener = TcpListener::bind_in("127.0.0.1:0", &connections).await?;
        let addr = listener.local_addr()?;
        let mut clients = Vec::with_capacity(N_ROUNDS * N_CONNECTIONS);
        let mut rounds = Vec::with_capacity(N_ROUNDS);
        for _ in 0..N_ROUNDS {
            let before = held();
            for _ in 0..N_CONNECTIONS {
                clients.push(Client::connect(addr)?);
                let (stream, _) = listener.accept().await?;
                let wait = async move { stream.read(&mut [0]).await };
                drop(connections.spawn(wait));
                yield_some().await;
            }
            rounds.push(each(before, N_CONNECTIONS));
        }
        rounds.sort_by(f64::total_cmp);
        std::io::Result::Ok(rounds[N_ROUNDS / 2])
    }));
    let bytes = bytes.expect("no panic").expect("loopback");
    println!("an idle connection: {bytes:.1} bytes");
    assert!(bytes <= CONNECTION_MAX, "an idle connection: {bytes} bytes");

    let before = held();
    let burst = rt.clone();
    let kept = native.block_on(rt.spawn(async move {
        let task = |_| {
            burst.spawn(async {
                task::yield_now().await;
                [1_u8; BURST_BYTES]
            })
        };
        let tasks: Vec<_> = (0..N_BURST).map(task).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        held() - before
    }));
    let kept = kept.expect("no panic");
    println!("kept after a burst: {kept} bytes");
    assert!(
        kept >= (N_BURST * BURST_BYTES) as isize,
        "{kept}: nothing is used again"
    );
    // It rests after some looks of the monitor, of 2 ms each. Queues and the list of tasks keep the
    // room that they have grown to.
    let is_back = || held() - before < kept / 10;
    let mut waits = (0..1_000).map(|_| thread::sleep(Duration::from_millis(10)));
    assert!(waits.any(|()| is_back()), "{} bytes more", held() - before);
}
