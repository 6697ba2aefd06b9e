//! Objects of a backend go on behind `AnyRuntime`, where they stood.
#![forbid(unsafe_code)]

use std::future::pending;
use std::time::Duration;

use anyrt_api::task::{self, TaskGroup};
use anyrt_api::time::{self, Instant, Interval, MissedTicks, Sleep};
use smol::channel::bounded;

const MS: Duration = Duration::from_millis(1);

/// A library that knows no backend.
async fn sum(mut group: TaskGroup<u32>) -> u32 {
    group.spawn(async { 4 });
    let mut sum = 0;
    while let Some(output) = group.join_next().await {
        sum += output.expect("no task panics");
    }
    sum
}

fn run<F: Future>(test: impl FnOnce(anyrt_native::Native) -> F) -> F::Output {
    let runtime = anyrt_native::Runtime::new().expect("a runtime starts");
    runtime.block_on(test(runtime.handle()))
}

#[test]
fn a_group_keeps_its_tasks_and_takes_more() {
    let total = run(|rt| async move {
        let mut group = TaskGroup::new_in(&rt);
        group.spawn(async { 1 });
        group.spawn_blocking(|| 2);
        assert_eq!(group.len(), 2);
        sum(group.erase()).await
    });
    assert_eq!(total, 7);
}

#[test]
fn a_dropped_group_aborts_what_is_left() {
    run(|rt| async move {
        let (alive, dropped) = bounded::<()>(1);
        let mut group = TaskGroup::new_in(&rt);
        group.spawn(async move {
            let _alive = alive;
            pending::<()>().await;
        });
        drop(group.erase());
        dropped.recv().await.expect_err("the task was aborted");
    });
}

#[test]
fn a_handle_that_aborts_still_does() {
    run(|rt| async move {
        let (alive, dropped) = bounded::<()>(1);
        let task = task::spawn_in(
            async move {
                let _alive = alive;
                pending::<()>().await;
            },
            &rt,
        );
        drop(task.abort_on_drop().erase());
        dropped.recv().await.expect_err("the task was aborted");
        let done = task::spawn_in(async { 5 }, &rt).abort_on_drop().erase();
        assert_eq!(done.await.expect("it was not aborted"), 5);
    });
}

#[test]
fn a_sleep_keeps_its_deadline() {
    run(|rt| async move {
        let start = Instant::now_in(&rt);
        let sleep = time::sleep_in(20 * MS, &rt);
        let deadline = sleep.deadline();
        let mut sleep: Sleep = sleep.erase();
        assert_eq!(sleep.deadline(), deadline);
        (&mut sleep).await;
        assert!(Instant::now_in(&rt) >= start + 20 * MS);
    });
}

#[test]
fn an_interval_keeps_its_schedule() {
    run(|rt| async move {
        let start = Instant::now_in(&rt);
        let mut ticks = time::interval_at_in(start, 10 * MS, MissedTicks::Burst, &rt);
        assert_eq!(ticks.tick().await, start);
        let mut ticks: Interval = ticks.erase();
        assert_eq!(ticks.tick().await, start + 10 * MS);
        assert_eq!(ticks.tick().await, start + 20 * MS);
        assert!(Instant::now_in(&rt) >= start + 20 * MS);
    });
}
