//! A mutex that is made, one that many tasks want at once, and one that nobody else wants.

use std::{hint::black_box, io, sync::Arc};

use async_lock::Mutex;

use super::{Place, Scenario, Setup, everyone, in_task, names::*, typical};
use crate::{
    contender::{Handle, Owner},
    figure::Value,
};

const TASKS: usize = 100;
const TIMES: usize = 10;
const FREE: usize = 10_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "mutex_create",
            what: "one task makes and drops 10,000 locks",
            place: Place::Inside,
            cells: everyone!(create),
        },
        Scenario {
            name: "mutex_contended",
            what: "100 tasks take one lock 10 times each and yield while they hold it",
            place: Place::Inside,
            cells: everyone!(contended),
        },
        Scenario {
            name: "mutex_free",
            what: "one task takes a lock 10,000 times",
            place: Place::Inside,
            cells: everyone!(free),
        },
    ]
}

fn create<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |_, setup| async move {
        let once = || async {
            for n in 0..FREE {
                // In memory of its own, as a lock that tasks share has.
                black_box(Arc::new(Mutex::new(n)));
            }
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn contended<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let count = Arc::new(Mutex::new(0));
            let start = |_| {
                let (count, inner) = (count.clone(), rt.clone());
                rt.spawn(async move {
                    for _ in 0..TIMES {
                        let mut count = count.lock().await;
                        inner.yield_now().await;
                        *count += 1;
                    }
                })
            };
            let tasks: Vec<_> = (0..TASKS).map(start).collect();
            for task in tasks {
                task.await;
            }
            assert_eq!(*count.lock().await, TASKS * TIMES);
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn free<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |_, setup| async move {
        let count = Mutex::new(0);
        let once = || async {
            for _ in 0..FREE {
                *count.lock().await += 1;
            }
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}
