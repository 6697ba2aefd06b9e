//! A bounded channel between tasks, and one event that many tasks wait for.
//!
//! Channel and event are the same crates for every runtime, so that the runtime makes the
//! difference. It knows nothing of sockets.

use std::{
    io,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
};

use event_listener::Event;

use super::{Place, Scenario, Setup, everyone, in_task, names::*, typical};
use crate::{
    contender::{Handle, Owner},
    figure::Value,
};

/// Messages a time, all senders together.
const MESSAGES: usize = 20_000;
/// How many the channel holds.
const CAPACITY: usize = 64;
/// Tasks that wait for the event.
const CROWD: usize = 1000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "channel_1_1",
            what: "20,000 messages through a channel of 64 places, one task to one",
            place: Place::Inside,
            cells: everyone!(one_to_one),
        },
        Scenario {
            name: "channel_4_4",
            what: "the same messages, four tasks to four",
            place: Place::Inside,
            cells: everyone!(four_to_four),
        },
        Scenario {
            name: "fan_out",
            what: "one event wakes 1,000 tasks: until the last of them has run",
            place: Place::Inside,
            cells: everyone!(fan_out),
        },
    ]
}

fn one_to_one<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    channel::<O>(setup, 1)
}

fn four_to_four<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    channel::<O>(setup, 4)
}

fn channel<O: Owner>(setup: &Setup, n_tasks: usize) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, move |rt, setup| async move {
        let once = || async {
            let (sender, receiver) = async_channel::bounded(CAPACITY);
            let receive = |_| {
                let receiver = receiver.clone();
                rt.spawn(async move {
                    let mut n_received = 0;
                    while receiver.recv().await.is_ok() {
                        n_received += 1;
                    }
                    n_received
                })
            };
            let receivers: Vec<_> = (0..n_tasks).map(receive).collect();
            for _ in 0..n_tasks {
                let sender = sender.clone();
                rt.detach(async move {
                    for n in 0..MESSAGES / n_tasks {
                        sender.send(n).await.expect("the receivers stay");
                    }
                });
            }
            // The receivers end when the last sender has.
            drop(sender);
            let mut n_received = 0;
            for receiver in receivers {
                n_received += receiver.await;
            }
            assert_eq!(n_received, MESSAGES);
        };
        let time = typical(setup, once).await;
        vec![Value::nanos_each("", time, MESSAGES)]
    })
}

fn fan_out<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let (event, done) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let left = Arc::new(AtomicUsize::new(CROWD));
        let wait = |_| {
            let (event, done, left) = (event.clone(), done.clone(), left.clone());
            // Who was woken listens for the next event before it says that it has run.
            let mut woken = event.listen();
            rt.detach(async move {
                loop {
                    woken.await;
                    if left.load(Acquire) == OVER {
                        break;
                    }
                    woken = event.listen();
                    if left.fetch_sub(1, AcqRel) == 1 {
                        done.notify(1);
                    }
                }
            });
        };
        (0..CROWD).for_each(wait);
        let once = || async {
            let all = done.listen();
            left.store(CROWD, Release);
            event.notify(usize::MAX);
            all.await;
        };
        let time = typical(setup, once).await;
        left.store(OVER, Release);
        event.notify(usize::MAX);
        vec![Value::micros("", time)]
    })
}

/// Instead of a count: the tasks end.
const OVER: usize = usize::MAX;
