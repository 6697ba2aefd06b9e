//! L060 with sockets: one that is always ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyrt_api::Runtime;

use crate::bound::at_most;
use crate::peers::pair;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![law!(l060_ready_sockets_starve_nobody).stochastic()]
}

/// L060: One socket a worker that is always ready cannot starve a timer or another task.
async fn l060_ready_sockets_starve_nobody<R: Runtime>(rt: R) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut busy = Vec::new();
    for _ in 0..3 {
        let (ours, peer) = pair(&rt).await;
        peer.write_all(b"always there").await.expect("some bytes");
        let stop = stop.clone();
        busy.push(rt.spawn(async move {
            let _peer = peer;
            // What is seen and not taken is there again at once.
            while !stop.load(Ordering::SeqCst) {
                assert!(ours.peek(&mut [0; 4]).await.expect("always ready") > 0);
            }
        }));
    }
    for _ in 0..5 {
        let deadline = rt.now() + Duration::from_millis(10);
        rt.sleep_until(deadline).await;
        at_most("late by", rt.now() - deadline, STARVED);
        rt.spawn(async {}).await.expect("another task runs");
    }
    stop.store(true, Ordering::SeqCst);
    for reader in busy {
        reader.await.expect("it was stopped");
    }
}

/// Late is not starved: what starves a timer does so for as long as it runs.
const STARVED: Duration = Duration::from_millis(500);
