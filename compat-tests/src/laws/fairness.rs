//! Laws of progress: L059, L060, L062, L064 and L067, without sockets.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use anyrt_api::{BlockOn, Runtime, Spawn, Timer, budget};
use futures_lite::future::{block_on, zip};

use crate::bound::at_most;
use crate::gate::step_aside;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l059_timers_fire_beside_busy_tasks).stochastic(),
        law!(l060_ready_operations_starve_no_task),
        law!(l060_ready_operations_starve_no_timer).stochastic(),
        law!(l060_ready_joins_starve_no_task),
        law!(l062_two_tasks_starve_no_third),
        law!(l064_a_forced_yield_makes_progress),
        law!(l064_a_foreign_block_on_makes_progress),
        law!(l067_idle_workers_take_part in lab)
            .needs(Capability::Threads)
            .stochastic(),
    ]
}

/// One operation that is always ready and charged to the budget, as a read of a busy socket is.
async fn charged() {
    poll_fn(|cx| budget::poll(cx, |_| Poll::Ready(()))).await;
}

/// L059: With 100 tasks that wake themselves a sleep of 5 ms returns within 100 ms, and each task
/// is polled.
async fn l059_timers_fire_beside_busy_tasks<R: Runtime>(rt: R) {
    let polls: Vec<_> = (0..100).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let tasks: Vec<_> = polls
        .iter()
        .map(|polls| {
            let polls = polls.clone();
            rt.spawn(async move {
                loop {
                    polls.fetch_add(1, Ordering::Relaxed);
                    step_aside(1).await;
                }
            })
        })
        .collect();
    let deadline = rt.now() + Duration::from_millis(5);
    rt.sleep_until(deadline).await;
    at_most("late by", rt.now() - deadline, Duration::from_millis(95));
    while polls.iter().any(|polls| polls.load(Ordering::Relaxed) == 0) {
        rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
    }
    tasks.iter().for_each(|task| task.abort());
    for task in tasks {
        let error: anyrt_api::task::JoinError = task.await.expect_err("it never ends");
        assert!(error.is_cancelled());
    }
}

/// L060: A task whose operations are always ready cannot starve another: not one task that drives
/// the runtime, and not one on each worker.
async fn l060_ready_operations_starve_no_task<R: Runtime>(rt: R) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let busy = |stop: Arc<AtomicBool>| async move {
        while !stop.load(Ordering::SeqCst) {
            charged().await;
        }
    };
    // More of them than there are workers, so that the one behind them waits for a yield.
    let tasks: Vec<_> = (0..4).map(|_| rt.spawn(busy(stop.clone()))).collect();
    let last = rt.spawn(async move {
        step_aside(3).await;
        stopping.store(true, Ordering::SeqCst);
    });
    busy(stop).await;
    last.await.expect("it was not starved");
    for task in tasks {
        task.await.expect("it was stopped");
    }
}

/// L060: A task whose operations are always ready cannot starve a timer.
async fn l060_ready_operations_starve_no_timer<R: Runtime>(rt: R) {
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let stop = stop.clone();
            rt.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    charged().await;
                }
            })
        })
        .collect();
    for _ in 0..3 {
        let deadline = rt.now() + Duration::from_millis(10);
        rt.sleep_until(deadline).await;
        at_most("late by", rt.now() - deadline, Duration::from_millis(500));
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("it was stopped");
    }
}

/// L060: A task that joins others which are over, one after the other, cannot starve a third.
async fn l060_ready_joins_starve_no_task<R: Runtime>(rt: R) {
    const JOINS: usize = 8_000;
    let over: Vec<Vec<_>> = (0..4)
        .map(|_| (0..JOINS).map(|_| rt.spawn(async {})).collect())
        .collect();
    while !over.iter().flatten().all(|task| task.is_finished()) {
        rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
    }
    let joined = Arc::new(AtomicUsize::new(0));
    let joiners = over.into_iter().map(|tasks| {
        let joined = joined.clone();
        rt.spawn(async move {
            for task in tasks {
                task.await.expect("it is over");
                joined.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let joiners: Vec<_> = joiners.collect();
    let counted = joined.clone();
    let third = rt.spawn(async move { counted.load(Ordering::SeqCst) });
    let joined_before = third.await.expect("it was not starved");
    assert!(joined_before < 4 * JOINS, "all joins came first");
    for joiner in joiners {
        joiner.await.expect("it joins them all");
    }
}

/// L062: Two tasks that only wake each other cannot starve a third.
async fn l062_two_tasks_starve_no_third<R: Runtime>(rt: R) {
    type Turn = Arc<std::sync::Mutex<(usize, Option<std::task::Waker>)>>;
    let player = |turn: Turn, own: usize| {
        poll_fn(move |cx| {
            let mut state = turn.lock().expect("no panic under this lock");
            if state.0 == own {
                state.0 = 1 - own;
                let other = state.1.replace(cx.waker().clone());
                drop(state);
                other.into_iter().for_each(std::task::Waker::wake);
            } else {
                let other = state.1.replace(cx.waker().clone());
                drop(state);
                other.into_iter().for_each(std::task::Waker::wake);
            }
            Poll::<()>::Pending
        })
    };
    let pairs: Vec<_> = (0..2)
        .flat_map(|_| {
            let turn = Turn::default();
            [rt.spawn(player(turn.clone(), 0)), rt.spawn(player(turn, 1))]
        })
        .collect();
    for _ in 0..20 {
        rt.spawn(async { step_aside(2).await })
            .await
            .expect("a third task runs");
    }
    for task in pairs {
        assert!(
            task.cancel()
                .await
                .expect_err("it never ends")
                .is_cancelled()
        );
    }
}

/// L064: A forced yield wakes the task and the next poll makes progress, also where several futures
/// share one task.
async fn l064_a_forced_yield_makes_progress<R: Runtime>(rt: R) {
    let many = |n: usize| async move {
        for _ in 0..n {
            charged().await;
        }
        n
    };
    let alone = rt.spawn(many(10_000)).await;
    assert_eq!(alone.expect("each forced yield wakes the task"), 10_000);
    let together = rt.spawn(async move { zip(zip(many(3_000), many(3_000)), many(3_000)).await });
    assert_eq!(
        together.await.expect("and in a join"),
        ((3_000, 3_000), 3_000)
    );
    // The future that `block_on` polls has a budget too.
    assert_eq!(many(10_000).await, 10_000);
}

/// L064: A foreign `block_on` inside a task, which polls again at once, is never stuck.
async fn l064_a_foreign_block_on_makes_progress<R: Runtime>(rt: R) {
    let inner = rt.clone();
    let task = rt.spawn(async move {
        let nested = async {
            for _ in 0..1_000 {
                charged().await;
            }
            // What the runtime itself might charge: ready at once, and refilled by nobody.
            for _ in 0..300 {
                inner.sleep_until(inner.now()).await;
            }
            7
        };
        block_on(nested)
    });
    assert_eq!(task.await.expect("the nested loop ends"), 7);
}

/// L067: Tasks that compute, spawned at once, run on all workers within 50 ms.
fn l067_idle_workers_take_part<B: Backend>(lab: &Lab<B>) {
    const WORKERS: usize = 2;
    let owner = lab.start_with(|setup| setup.workers = WORKERS);
    let rt = owner.handle();
    owner.block_on(async {
        // Long enough for all of them to be idle.
        rt.sleep_until(rt.now() + Duration::from_millis(20)).await;
        let (at_work, before) = (Arc::new(AtomicUsize::new(0)), rt.now());
        let tasks: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (inner, at_work) = (rt.clone(), at_work.clone());
                rt.spawn(async move {
                    at_work.fetch_add(1, Ordering::SeqCst);
                    // It computes and does not yield, until each worker does so.
                    let until = before + Duration::from_secs(1);
                    while at_work.load(Ordering::SeqCst) < WORKERS && inner.now() < until {
                        std::hint::spin_loop();
                    }
                    inner.now()
                })
            })
            .collect();
        for task in tasks {
            let begun = task.await.expect("it computes");
            at_most(
                "all at work after",
                begun - before,
                Duration::from_millis(50),
            );
        }
    });
}
