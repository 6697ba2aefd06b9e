//! The queues alone: tasks that record in which order they were taken.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
};

use super::*;
use crate::task::{self, Schedule};

#[derive(Clone, Copy)]
struct Never;

impl Schedule for Never {
    fn schedule(&self, _task: Runnable) {
        unreachable!("a ready task is never woken");
    }

    fn finished(&self, _tag: &AtomicU64) {}
}

type Order = Arc<Mutex<Vec<usize>>>;

fn task(number: usize, order: &Order) -> Runnable {
    let order = order.clone();
    let future = async move { order.lock().expect("nobody panics with it").push(number) };
    let (task, _join) = task::spawn(future, Never);
    task
}

fn taken(order: &Order) -> Vec<usize> {
    std::mem::take(&mut *order.lock().expect("nobody panics with it"))
}

#[test]
fn the_last_woken_runs_first_and_the_rest_in_order() {
    let (mut local, injector, order) = (Local::new(), Injector::default(), Order::default());
    let surplus: Vec<_> = (0..4)
        .map(|n| local.push(task(n, &order), &injector))
        .collect();
    assert_eq!(surplus, [false, true, true, true]);
    while let Some(task) = local.pop(&injector) {
        task.run();
    }
    assert_eq!(taken(&order), [3, 0, 1, 2]);
}

#[test]
fn two_that_wake_each_other_do_not_keep_the_worker() {
    let (mut local, injector, order) = (Local::new(), Injector::default(), Order::default());
    local.push(task(1000, &order), &injector);
    local.push(task(0, &order), &injector);
    for n in 1..=20 {
        local
            .pop(&injector)
            .expect("the queue is never empty here")
            .run();
        local.push(task(n, &order), &injector);
    }
    let place = taken(&order).iter().position(|&n| n == 1000);
    assert_eq!(place, Some(usize::from(STREAK_MAX)));
}

#[test]
fn what_does_not_fit_goes_to_the_shared_queue_and_nothing_is_lost() {
    let (mut local, injector, order) = (Local::new(), Injector::default(), Order::default());
    for n in 0..10 * RING {
        local.push(task(n, &order), &injector);
    }
    assert!(!injector.is_empty());
    let mut others = Local::new();
    loop {
        let next = local.pop(&injector).or_else(|| others.pop(&injector));
        match next.or_else(|| others.take_batch(&injector, 2)) {
            Some(task) => task.run(),
            None => break,
        }
    }
    let mut numbers = taken(&order);
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..10 * RING));
}

#[test]
fn half_is_stolen_by_several_thieves_and_nothing_is_lost() {
    let n_run = Arc::new(AtomicUsize::new(0));
    let (mut local, injector) = (Local::new(), Injector::default());
    let stealer = local.stealer();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = Local::new();
                while n_run.load(SeqCst) < 50_000 {
                    let task = own.pop(&injector).or_else(|| stealer.steal(&own).ok());
                    match task.or_else(|| own.take_batch(&injector, 3)) {
                        Some(task) => task.run(),
                        None => std::thread::yield_now(),
                    }
                }
            });
        }
        for _ in 0..50_000 {
            let n_run = n_run.clone();
            let (task, _join) = task::spawn(async move { n_run.fetch_add(1, SeqCst) }, Never);
            local.push(task, &injector);
            if fastrand::bool()
                && let Some(task) = local.pop(&injector)
            {
                task.run();
            }
        }
        while let Some(task) = local.pop(&injector) {
            task.run();
        }
    });
    assert_eq!(n_run.load(SeqCst), 50_000);
    assert!(!stealer.has_surplus(&Local::new()));
}
