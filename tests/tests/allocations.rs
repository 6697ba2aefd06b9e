//! What a spawn and its join allocate: through `R = Tokio` and `R = Smol` as much as on the raw
//! runtime, through `AnyRuntime` at most two more; on native one, through either, and none where a
//! task spawns, since its worker takes the memory of a task that has ended.
//!
//! One test in a process of its own, since the counter sees every thread.

use std::alloc::System;
use std::future::Future;

use anyrt_api::{AnyRuntime, Spawn};
use futures_lite::future::block_on;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static COUNTER: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Spawns that are counted, after as many that are not.
const N_SPAWNS: usize = 2_000;

/// What queues grow by: smol's allocate a block for each 31 tasks that pass through.
const SLACK: f64 = 0.1;

/// Allocations a call of `once`, on average.
async fn count<F: Future<Output = u64>>(once: impl Fn() -> F) -> f64 {
    for _ in 0..N_SPAWNS {
        assert_eq!(once().await, 7);
    }
    let before = COUNTER.stats();
    for _ in 0..N_SPAWNS {
        assert_eq!(once().await, 7);
    }
    let made = COUNTER.stats() - before;
    made.allocations as f64 / N_SPAWNS as f64
}

async fn count_on<R: Spawn>(rt: &R) -> f64 {
    count(|| async { rt.spawn(async { 7 }).await.expect("no panic") }).await
}

async fn count_blocking_on<R: Spawn>(rt: &R) -> f64 {
    count(|| async { rt.spawn_blocking(|| 7).await.expect("no panic") }).await
}

fn check(what: &str, raw: f64, generic: f64, erased: f64) {
    println!("{what}: raw {raw:.2}, generic {generic:.2}, erased {erased:.2}");
    assert!(generic <= raw + SLACK, "{what}: {generic} against {raw}");
    assert!(
        erased <= raw + 2.0 + SLACK,
        "{what}: {erased} against {raw}"
    );
}

fn check_native() {
    let native = anyrt_native::Builder::new().workers(2).build();
    let native = native.expect("a runtime");
    let rt = native.handle();
    let any = AnyRuntime::new(rt.clone());
    let (generic, erased) = native.block_on(async { (count_on(&rt).await, count_on(&any).await) });
    check("native, spawn and join", 1.0, generic, erased);
    assert!(erased <= 1.0 + SLACK, "{erased}: the box of the future");
    let spawner = rt.clone();
    let inside = rt.spawn(async move { (count_on(&spawner).await, count_on(&any).await) });
    let (generic, erased) = native.block_on(inside).expect("no panic");
    check("native, spawn and join in a task", 0.0, generic, erased);
    assert!(erased <= SLACK, "{erased}: a room that is used again");
    let any = AnyRuntime::new(rt.clone());
    let (generic, erased) =
        native.block_on(async { (count_blocking_on(&rt).await, count_blocking_on(&any).await) });
    check("native, blocking call", 1.0, generic, erased);
}

#[test]
fn a_spawn_and_its_join() {
    check_native();

    let tokio = anyrt_tokio::Runtime::builder().workers(2).build();
    let tokio = tokio.expect("a runtime");
    let rt = tokio.handle();
    let any = AnyRuntime::from(rt.clone());
    let (raw, raw_blocking) = tokio.block_on(async {
        let task = || async { tokio::spawn(async { 7 }).await.expect("no panic") };
        let call = || async { tokio::task::spawn_blocking(|| 7).await.expect("no panic") };
        (count(task).await, count(call).await)
    });
    let (generic, erased) = tokio.block_on(async { (count_on(&rt).await, count_on(&any).await) });
    check("tokio, spawn and join", raw, generic, erased);
    let (generic, erased) =
        tokio.block_on(async { (count_blocking_on(&rt).await, count_blocking_on(&any).await) });
    check("tokio, blocking call", raw_blocking, generic, erased);
    drop(tokio);

    let executor = std::sync::Arc::new(async_executor::Executor::new());
    for _ in 0..2 {
        let executor = executor.clone();
        std::thread::spawn(move || block_on(executor.run(std::future::pending::<()>())));
    }
    let raw = block_on(count(|| executor.spawn(async { 7 })));
    let raw_blocking = block_on(count(|| blocking::unblock(|| 7)));
    let smol = anyrt_smol::Runtime::builder().workers(2).build();
    let smol = smol.expect("a runtime");
    let rt = smol.handle();
    let any = AnyRuntime::from(rt.clone());
    let (generic, erased) = smol.block_on(async { (count_on(&rt).await, count_on(&any).await) });
    check("smol, spawn and join", raw, generic, erased);
    let (generic, erased) =
        smol.block_on(async { (count_blocking_on(&rt).await, count_blocking_on(&any).await) });
    check("smol, blocking call", raw_blocking, generic, erased);
}
