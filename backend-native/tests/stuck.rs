//! Workers that are stuck in a poll: what else can run is run, and a runtime at rest is at rest.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyrt_api::{Spawn, task, time};
use anyrt_native::{Builder, Runtime};

/// Long enough for any machine, short enough for a reader who waits.
const LONG: Duration = Duration::from_secs(10);

fn runtime(workers: usize) -> Runtime {
    Builder::new()
        .workers(workers)
        .build()
        .expect("threads and descriptors are left")
}

/// Holds so many workers until what is returned is dropped.
fn hold(runtime: &Runtime, workers: usize) -> Vec<mpsc::Sender<()>> {
    let hold = |_| {
        let (release, released) = mpsc::channel::<()>();
        let (held, is_held) = mpsc::channel();
        let task = runtime.handle().spawn(async move {
            held.send(()).expect("the test waits for it");
            // It ends with an error when the sender goes: that is the sign.
            let _ = released.recv_timeout(LONG);
        });
        drop(task);
        is_held.recv_timeout(LONG).expect("there is a worker left");
        release
    };
    (0..workers).map(hold).collect()
}

#[test]
fn others_run_while_every_worker_is_stuck() {
    for workers in [1, 2] {
        let runtime = runtime(workers);
        let held = hold(&runtime, workers);
        let others: Vec<_> = (0..100)
            .map(|n| runtime.handle().spawn(async move { n }))
            .collect();
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for other in others {
                sum += other.await.expect("it does not panic");
            }
            sum
        });
        assert_eq!(sum, (0..100).sum());
        let metrics = runtime.metrics();
        assert!(
            metrics.stuck_polls >= 1 && metrics.spares_sent >= 1,
            "{metrics:?}"
        );
        drop(held);
        runtime.shutdown(LONG);
    }
}

/// What a stuck task has just woken or spawned waits in a slot of its worker's alone.
#[test]
fn what_waits_behind_a_stuck_task_is_run() {
    let runtime = runtime(2);
    let rt = runtime.handle();
    let (done, is_done) = mpsc::channel();
    let inner = rt.clone();
    let stuck = rt.spawn(async move {
        drop(inner.spawn(async move { done.send(()).expect("it is waited for") }));
        is_done.recv_timeout(LONG)
    });
    let waited = runtime.block_on(stuck).expect("it does not panic");
    assert_eq!(waited, Ok(()));
}

/// A task that yields goes behind the one in the slot, and alone there it wakes nobody. If that one
/// is stuck, a worker that sleeps is woken for it; without spares there is no other way.
#[test]
fn what_has_yielded_to_a_stuck_task_is_run() {
    let runtime = Builder::new().workers(2).spare_workers(0).build();
    let runtime = runtime.expect("threads and descriptors are left");
    let rt = runtime.handle();
    let inner = rt.clone();
    let waited = runtime.block_on(rt.spawn(async move {
        // The other worker has found nothing meanwhile, and sleeps.
        time::sleep_in(Duration::from_millis(30), &inner).await;
        let (done, is_done) = mpsc::channel();
        let stuck = inner.spawn(async move { is_done.recv_timeout(LONG) });
        task::yield_now().await;
        done.send(()).expect("it is waited for");
        stuck.await.expect("it does not panic")
    }));
    assert_eq!(waited.expect("it does not panic"), Ok(()));
}

#[test]
fn timers_ring_while_every_worker_is_stuck() {
    let runtime = runtime(2);
    let rt = runtime.handle();
    let inner = rt.clone();
    let alarm = rt.spawn(async move { time::sleep_in(Duration::from_millis(30), &inner).await });
    let held = hold(&runtime, 2);
    let (rung, has_rung) = mpsc::channel();
    drop(rt.spawn(async move {
        alarm.await.expect("it does not panic");
        rung.send(()).expect("it is waited for");
    }));
    has_rung.recv_timeout(LONG).expect("the alarm rings");
    drop(held);
}

#[test]
fn without_spares_a_stuck_runtime_waits() {
    let runtime = Builder::new()
        .workers(1)
        .spare_workers(0)
        .build()
        .expect("threads and descriptors are left");
    let held = hold(&runtime, 1);
    let other = runtime.handle().spawn(async {});
    thread::sleep(Duration::from_millis(50));
    assert!(!other.is_finished());
    assert_eq!(runtime.metrics().spares_sent, 0);
    drop(held);
    runtime.block_on(other).expect("it does not panic");
}

#[test]
fn a_spare_goes_when_it_is_not_needed() {
    let runtime = runtime(1);
    let held = hold(&runtime, 1);
    let start = Instant::now();
    while runtime.metrics().spare_workers == 0 {
        assert!(start.elapsed() < LONG, "nobody stands in");
        thread::sleep(Duration::from_millis(1));
    }
    drop(held);
    // The monitor looks only while something runs.
    while runtime.metrics().spare_workers > 0 {
        assert!(start.elapsed() < LONG, "{:?}", runtime.metrics());
        runtime
            .block_on(runtime.handle().spawn(async {}))
            .expect("it does not panic");
        thread::sleep(Duration::from_millis(1));
    }
    runtime.shutdown(LONG);
}

/// The end, with workers and spares stuck: each future is dropped once, and nobody waits for ever.
#[test]
fn the_end_comes_while_workers_and_spares_are_stuck() {
    let runtime = Builder::new()
        .workers(2)
        .spare_workers(1)
        .build()
        .expect("threads and descriptors are left");
    let held = hold(&runtime, 3);
    let queued: Vec<_> = (0..10).map(|_| runtime.handle().spawn(async {})).collect();
    let (handle, start) = (runtime.handle(), Instant::now());
    runtime.shutdown(Duration::from_millis(50));
    assert!(start.elapsed() < LONG / 2);
    assert!(queued.iter().all(|task| task.is_finished()), "{handle:?}");
    drop(held);
}

/// Nobody wakes up by itself: neither a worker nor the monitor.
#[test]
#[cfg(target_os = "linux")]
fn a_runtime_at_rest_does_not_wake_up() {
    let runtime = Builder::new()
        .workers(2)
        .thread_name("rest")
        .build()
        .expect("threads and descriptors are left");
    let rt = runtime.handle();
    let inner = rt.clone();
    let task = rt.spawn(async move { time::sleep_in(LONG, &inner).await });
    // What ran has to be seen to have ended.
    thread::sleep(Duration::from_millis(300));
    let before = switches();
    thread::sleep(Duration::from_secs(1));
    let wakes = switches() - before;
    assert!(wakes <= 2, "{wakes} wake-ups in a second");
    task.abort();
}

/// How often the threads of the runtime `rest` have gone to sleep by themselves.
#[cfg(target_os = "linux")]
fn switches() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("proc is mounted");
    let switches = |task: std::io::Result<std::fs::DirEntry>| {
        let folder = task.ok()?.path();
        let name = std::fs::read_to_string(folder.join("comm")).ok()?;
        // The tests beside this one have runtimes too.
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        let ours = name.starts_with("rest-");
        ours.then(|| line.trim().parse::<u64>().ok()).flatten()
    };
    tasks.filter_map(switches).sum::<u64>()
}
