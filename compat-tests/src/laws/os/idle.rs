//! L188: a runtime that has nothing to do does nothing.

use std::sync::mpsc::channel;
use std::time::Duration;

use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Spawn};

use super::process::{Sleeps, processor_time};
use crate::bound::{at_most, at_most_count};
use crate::gate::step_aside;
use crate::peers::{datagrams, listener, pair};
use crate::unshown::unshown;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l188_an_idle_runtime_rests in lab).stochastic(),
        law!(l188_an_idle_runtime_rests_after_a_burst in lab).stochastic(),
    ]
}

/// How long it is watched.
const IDLE: Duration = Duration::from_secs(3);

/// Two a second, and the one that ends the watch.
const WAKE_UPS: u64 = 2 * IDLE.as_secs() + 1;

/// Watches this process while it has nothing to do. It waits outside the runtime, whose own sleep
/// would be something to do.
fn rests() {
    let (_nobody, waits) = channel::<()>();
    let wait = |time| {
        let _ = waits.recv_timeout(time);
    };
    // What goes on comes to its end first.
    wait(Duration::from_millis(300));
    let (before, busy) = (Sleeps::count(), processor_time());
    wait(IDLE);
    let used = processor_time() - busy;
    at_most("busy for", used, Duration::from_millis(100));
    match (before, Sleeps::count()) {
        (Some(before), Some(after)) => {
            at_most_count("wake-ups in 3 s:", after.since(&before), WAKE_UPS);
        }
        _ => unshown("the system does not say how often a thread wakes up"),
    }
}

/// L188: An idle runtime wakes up at most twice a second, with objects that wait.
fn l188_an_idle_runtime_rests<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let (_peer, waiting) = owner.block_on(async {
        let (ours, peer) = pair(&rt).await;
        let (listener, _) = listener(&rt).await;
        let (udp, _) = datagrams(&rt).await;
        let far = sleep_in(Duration::from_secs(3_600), &rt);
        let waiting = [
            rt.spawn(async move { drop(ours.read(&mut [0; 8]).await) }),
            rt.spawn(async move { drop(listener.accept().await) }),
            rt.spawn(async move { drop(udp.recv_from(&mut [0; 8]).await) }),
            rt.spawn(far),
        ];
        (peer, waiting)
    });
    rests();
    assert!(waiting.iter().all(|task| !task.is_finished()));
}

/// L188: And so it does after it was busy: with tasks, timers, sockets and blocking closures.
fn l188_an_idle_runtime_rests_after_a_burst<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async {
        let mut burst = Vec::new();
        for i in 0..400 {
            let own = rt.clone();
            burst.push(rt.spawn(async move {
                step_aside(i % 20).await;
                sleep_in(Duration::from_millis(i as u64 % 50), &own).await;
                let (ours, peer) = pair(&own).await;
                ours.write_all(b"x").await.expect("written");
                peer.read_exact(&mut [0; 1]).await.expect("read");
                let closure = move || (0..i * 1_000).sum::<usize>();
                own.spawn_blocking(closure).await.expect("a closure");
            }));
        }
        for task in burst {
            task.await.expect("no panic");
        }
    });
    rests();
}
