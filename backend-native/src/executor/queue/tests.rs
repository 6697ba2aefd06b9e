//! The queues alone: tasks that record in which order they were taken.

use std::{
    num::NonZeroU64,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use super::*;
use crate::task::{self, Schedule};

#[derive(Clone, Copy)]
struct Never;

impl Schedule for Never {
    fn number(self) -> u32 {
        0
    }

    fn of_number(_number: u32) -> Self {
        Self
    }

    fn schedule(&self, _task: Runnable) {
        unreachable!("a ready task is never woken");
    }

    fn keep(&self, _task: Runnable) -> Option<NonZeroU64> {
        unreachable!("a ready task is never idle");
    }

    fn finished(&self, _kept: Option<NonZeroU64>) {}
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
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    let surplus: Vec<_> = (0..4)
        .map(|n| local.push(task(n, &order), &injector))
        .collect();
    assert_eq!(surplus, [false, true, true, true]);
    while let Some(task) = local.pop(&injector).0 {
        task.run();
    }
    assert_eq!(taken(&order), [3, 0, 1, 2]);
}

#[test]
fn two_that_wake_each_other_do_not_keep_the_worker() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    local.push(task(1000, &order), &injector);
    local.push(task(0, &order), &injector);
    for n in 1..=20 {
        local
            .pop(&injector)
            .0
            .expect("the queue is never empty here")
            .run();
        local.push(task(n, &order), &injector);
    }
    let place = taken(&order).iter().position(|&n| n == 1000);
    assert_eq!(place, Some(usize::from(STREAK_MAX)));
}

#[test]
fn one_that_has_just_run_goes_behind_all_others() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    assert!(!local.push_again(task(0, &order), &injector), "it is alone");
    local.pop(&injector).0.expect("it is there").run();
    for n in 1..=3 {
        local.push(task(n, &order), &injector);
    }
    assert!(local.push_again(task(4, &order), &injector));
    while let Some(task) = local.pop(&injector).0 {
        task.run();
    }
    assert_eq!(taken(&order), [0, 3, 1, 2, 4]);
}

/// What was woken once and is not announced again, until there is more.
#[test]
fn one_that_is_alone_in_the_ring_is_announced_only_when_it_is_woken() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    local.push(task(0, &order), &injector);
    assert!(!local.push_again(task(1, &order), &injector));
    assert!(local.push_again(task(2, &order), &injector), "two");
    while let Some(task) = local.pop(&injector).0 {
        task.run();
    }
    local.push(task(0, &order), &injector);
    assert!(local.push(task(1, &order), &injector), "it was woken");
    for n in 0..STREAK_MAX {
        let (next, announce) = local.pop(&injector);
        next.expect("it is there").run();
        local.push(task(usize::from(n), &order), &injector);
        assert!(!announce);
    }
    let (next, announce) = local.pop(&injector);
    next.expect("the one in the ring").run();
    assert!(!announce, "that of the slot is alone there now");
    local
        .stealer()
        .take_all()
        .into_iter()
        .for_each(Runnable::run);
}

#[test]
fn one_that_is_alone_is_stolen_from_a_worker_that_lingers() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    let thief = Local::new(Barrier::new());
    let (stealer, probe) = (local.stealer(), Probe::new());
    for n in 0..4 {
        local.push(task(n, &order), &injector);
    }
    let stolen = stealer.steal(&thief, || false).expect("there are three");
    stolen.run();
    assert!(thief.has_surplus(), "half of them, rounded up");
    assert!(stealer.steal(&thief, || false).is_err());
    assert!(stealer.has_surplus(&thief) && stealer.has_any(&probe));
    stealer.steal(&thief, || true).expect("it is left").run();
    assert!(!stealer.has_any(&probe));
    assert_eq!(taken(&order).len(), 2);
}

#[test]
fn a_thief_that_finds_few_looks_on_and_takes_half_of_what_is_there_then() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    let mut thief = Local::new(Barrier::new());
    let stealer = local.stealer();
    // The last of them is in the slot.
    for n in 0..=FEW {
        local.push(task(n, &order), &injector);
    }
    let unasked = || unreachable!("they are many");
    stealer.steal(&thief, unasked).expect("a half").run();
    assert_eq!(run_all(&mut thief, &injector), FEW / 2 - 1);
    let more = || {
        for n in 0..FEW {
            local.push(task(n, &order), &injector);
        }
        false
    };
    stealer.steal(&thief, more).expect("they were few").run();
    assert_eq!(run_all(&mut thief, &injector), FEW * 3 / 4 - 1);
    assert_eq!(run_all(&mut local, &injector), FEW * 3 / 4 + 1);
}

fn run_all(local: &mut Local, injector: &Injector) -> usize {
    let mut n_tasks = 0;
    while let Some(task) = local.pop(injector).0 {
        task.run();
        n_tasks += 1;
    }
    n_tasks
}

#[test]
fn the_end_finds_what_is_in_the_slot_and_in_the_ring() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    for n in 0..10 {
        local.push(task(n, &order), &injector);
    }
    let left = local.stealer().take_all();
    assert_eq!(left.len(), 10);
    left.into_iter().for_each(|task| task.cancel(None));
    assert!(local.pop(&injector).0.is_none());
    assert_eq!(taken(&order), [0; 0]);
}

#[test]
fn a_closed_queue_takes_nothing_from_outside() {
    let (injector, order) = (Injector::default(), Order::default());
    assert!(injector.push(task(0, &order)).is_ok());
    assert_eq!(injector.close().len(), 1);
    assert!(injector.push(task(1, &order)).is_err());
    assert!(injector.is_empty());
}

#[test]
fn what_does_not_fit_goes_to_the_shared_queue_and_nothing_is_lost() {
    let (mut local, injector, order) = (
        Local::new(Barrier::new()),
        Injector::default(),
        Order::default(),
    );
    for n in 0..10 * RING {
        local.push(task(n, &order), &injector);
    }
    assert!(!injector.is_empty());
    let mut others = Local::new(Barrier::new());
    loop {
        let next = local.pop(&injector).0.or_else(|| others.pop(&injector).0);
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
    let (mut local, injector) = (Local::new(Barrier::new()), Injector::default());
    let stealer = local.stealer();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = Local::new(Barrier::new());
                while n_run.load(SeqCst) < 50_000 {
                    let task = own
                        .pop(&injector)
                        .0
                        .or_else(|| stealer.steal(&own, || true).ok());
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
                && let Some(task) = local.pop(&injector).0
            {
                task.run();
            }
        }
        while let Some(task) = local.pop(&injector).0 {
            task.run();
        }
    });
    assert_eq!(n_run.load(SeqCst), 50_000);
    assert!(!stealer.has_surplus(&Local::new(Barrier::new())));
}
