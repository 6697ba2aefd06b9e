//! Tasks that take turns: pairs that answer each other, and crowds that yield.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::AcqRel},
    },
};

use futures_channel::oneshot;

use super::{Place, Scenario, Setup, everyone, in_task, names::*, threads, typical};
use crate::{
    contender::{Handle, Owner},
    figure::Value,
};

pub(super) const PAIRS: usize = 1000;
const YIELDERS: usize = 200;
const YIELDS: usize = 1000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "ping_pong",
            what: "1,000 tasks start a partner each and wait for its answer",
            place: Place::Inside,
            cells: threads::beside(everyone!(ping_pong), threads::ping_pong),
        },
        Scenario {
            name: "yield_many",
            what: "200 tasks yield 1,000 times each",
            place: Place::Inside,
            cells: everyone!(yield_many),
        },
    ]
}

fn ping_pong<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let (done, all) = oneshot::channel();
            let done = Arc::new((AtomicUsize::new(PAIRS), Mutex::new(Some(done))));
            for _ in 0..PAIRS {
                let (partner, done) = (rt.clone(), done.clone());
                rt.detach(async move {
                    let (ping, pinged) = oneshot::channel::<()>();
                    let (pong, ponged) = oneshot::channel::<()>();
                    partner.detach(async move {
                        pinged.await.expect("it is sent");
                        pong.send(()).expect("it is waited for");
                    });
                    ping.send(()).expect("the partner waits for it");
                    ponged.await.expect("the partner answers");
                    if done.0.fetch_sub(1, AcqRel) == 1 {
                        let done = done.1.lock().expect("nobody panics here").take();
                        let done = done.expect("the last one comes once");
                        done.send(()).expect("the last one is waited for");
                    }
                });
            }
            all.await.expect("all of them end");
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}

fn yield_many<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let yielder = |rt: O::Handle| async move {
                for _ in 0..YIELDS {
                    rt.yield_now().await;
                }
            };
            let start = |_| rt.spawn(yielder(rt.clone()));
            let tasks: Vec<_> = (0..YIELDERS).map(start).collect();
            for task in tasks {
                task.await;
            }
        };
        vec![Value::micros("", typical(setup, once).await)]
    })
}
