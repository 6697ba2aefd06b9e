//! Tasks that are started: in a chain, many at once, from inside and from outside, and joined.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Relaxed},
        },
    },
    time::Instant,
};

use futures_channel::oneshot;

use super::{Place, Scenario, Setup, everyone, in_task, names::*, threads, typical};
use crate::{
    contender::{Handle, Owner},
    figure::Value,
};

const CHAIN: usize = 1000;
pub(super) const MANY: usize = 10_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "chained_spawn",
            what: "a task starts the next, 1,000 times",
            place: Place::Inside,
            cells: everyone!(chained_spawn),
        },
        Scenario {
            name: "spawn_many_local",
            what: "a task starts 10,000 that count themselves",
            place: Place::Inside,
            cells: everyone!(spawn_many_local),
        },
        Scenario {
            name: "spawn_many_remote",
            what: "a thread outside starts 10,000 that count themselves",
            place: Place::Inside,
            cells: everyone!(spawn_many_remote),
        },
        Scenario {
            name: "spawn_join",
            what: "a task starts 10,000 and joins them all",
            place: Place::Inside,
            cells: threads::beside(everyone!(spawn_join), threads::spawn_join),
        },
    ]
}

fn chained_spawn<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    fn link<H: Handle>(rt: &H, left: usize, done: oneshot::Sender<()>) {
        if left == 0 {
            return done.send(()).expect("the end of the chain is waited for");
        }
        let next = rt.clone();
        rt.detach(async move { link(&next, left - 1, done) });
    }
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let (done, all) = oneshot::channel();
            link(&rt, CHAIN, done);
            all.await.expect("the chain does not break");
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn spawn_many_local<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let (count, all) = Countdown::new(MANY);
            start_counting(&rt, &count);
            all.await.expect("all of them count");
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn spawn_many_remote<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let once = || {
        let (count, all) = Countdown::new(MANY);
        start_counting(&rt, &count);
        owner.block_on(all).expect("all of them count");
    };
    // The thread is outside while it starts them, so it has no future of its own.
    once();
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || begin.elapsed() < setup.span() {
        let start = Instant::now();
        once();
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    owner.stop();
    let time = crate::figure::median(&times);
    Ok(vec![Value::lower("", "us", time)])
}

fn spawn_join<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let tasks: Vec<_> = (0..MANY).map(|n| rt.spawn(async move { n })).collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            assert_eq!(sum, MANY * (MANY - 1) / 2);
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn start_counting<H: Handle>(rt: &H, count: &Arc<Countdown>) {
    for _ in 0..MANY {
        let count = count.clone();
        rt.detach(async move { count.one() });
    }
}

/// Tells when so many have come.
struct Countdown {
    left: AtomicUsize,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl Countdown {
    fn new(n: usize) -> (Arc<Self>, oneshot::Receiver<()>) {
        let (done, all) = oneshot::channel();
        let count = Self {
            left: AtomicUsize::new(n),
            done: Mutex::new(Some(done)),
        };
        (Arc::new(count), all)
    }

    fn one(&self) {
        if self.left.fetch_sub(1, AcqRel) == 1 {
            let done = self.done.lock().expect("nobody panics here").take();
            let done = done.expect("the last one comes once");
            done.send(()).expect("the last one is waited for");
        }
        debug_assert!(self.left.load(Relaxed) <= MANY);
    }
}
