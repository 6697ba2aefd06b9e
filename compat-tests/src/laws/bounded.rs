//! Laws of what must not grow: L008 and L187, without asking a system.

use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io::{AsyncRead, AsyncReadExt};
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use crate::bound::at_most_count;
use crate::gate::step_aside;
use crate::peers::{datagrams, listener, pair};
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l008_ever_new_wakers_are_not_kept),
        law!(l008_many_waiters_by_reference_are_woken),
        law!(l187_datagrams_that_nobody_reads_are_lost),
    ]
}

/// L008: Objects that are silent and are polled through a reference, with ever new wakers, keep
/// few of them, and tell those that they let go to come again.
async fn l008_ever_new_wakers_are_not_kept<R: Runtime>(rt: R) {
    const POLLS: usize = 3_000;
    let (stream, peer) = pair(&rt).await;
    let ((listener, _), (udp, _)) = (listener(&rt).await, datagrams(&rt).await);
    let mut probes = Vec::new();
    for _ in 0..POLLS {
        let of_each = [Probe::new(), Probe::new(), Probe::new()];
        let wakers = of_each.each_ref().map(Probe::waker);
        let mut contexts = wakers.each_ref().map(Context::from_waker);
        let mut by_reference = &stream;
        let read = Pin::new(&mut by_reference).poll_read(&mut contexts[0], &mut [0; 4]);
        let accepted = listener.poll_accept(&mut contexts[1]);
        let received = udp.poll_recv_from(&mut contexts[2], &mut [0; 4]);
        assert!(read.is_pending() && accepted.is_pending() && received.is_pending());
        probes.push(of_each);
        // With a new budget.
        step_aside(1).await;
    }
    for i in 0..3 {
        let mut of_one = probes.iter().map(|of_each| &of_each[i]);
        let kept = of_one.clone().filter(|probe| probe.held() > 0).count();
        at_most_count("wakers kept of 3,000:", kept as u64, KEPT);
        let told = of_one.all(|probe| probe.held() > 0 || probe.wakes() > 0);
        assert!(
            told,
            "a waker was let go and not woken: its task would wait for ever"
        );
    }
    peer.write_all(b"x").await.expect("a byte");
    for [probe, ..] in &probes {
        probe.woken().await;
    }
}

/// L008: However many tasks wait through a reference on one object, each is woken.
async fn l008_many_waiters_by_reference_are_woken<R: Runtime>(rt: R) {
    let (stream, peer) = pair(&rt).await;
    let readers: Vec<_> = (0..2 * KEPT)
        .map(|_| {
            let stream = stream.clone();
            rt.spawn(async move {
                let (mut by_reference, mut byte) = (&stream, [0]);
                let read = AsyncReadExt::read_exact(&mut by_reference, &mut byte).await;
                read.map(|()| byte[0])
            })
        })
        .collect();
    let bytes: Vec<_> = (0..2 * KEPT).map(|i| (i % 256) as u8).collect();
    for some in bytes.chunks(50) {
        step_aside(3).await;
        peer.write_all(some).await.expect("they are read");
    }
    let mut got = Vec::new();
    for reader in readers {
        let byte = timeout_in(Duration::from_secs(5), reader, &rt).await;
        let byte = byte.expect("one waits for ever").expect("no panic");
        got.push(byte.expect("a byte for each"));
    }
    got.sort_unstable();
    let mut sent = bytes;
    sent.sort_unstable();
    assert_eq!(got, sent);
}

/// L187: Datagrams that nobody reads are lost, not stored without end.
async fn l187_datagrams_that_nobody_reads_are_lost<R: Runtime>(rt: R) {
    const SENT: usize = 20_000;
    let ((ours, addr), (peer, _)) = (datagrams(&rt).await, datagrams(&rt).await);
    // Somebody has waited for them, and left.
    assert!(poll_once(ours.recv_from(&mut [0; 4])).await.is_none());
    for _ in 0..SENT {
        peer.send_to(&[7; 1_000], addr).await.expect("it is sent");
    }
    let mut got = 0;
    let mut buf = [0; 1_000];
    loop {
        let mut next = pin!(ours.recv_from(&mut buf));
        if poll_once(next.as_mut()).await.is_some() {
            got += 1;
            continue;
        }
        // A forced yield, or one that is on its way, is not the end.
        sleep_in(Duration::from_millis(5), &rt).await;
        match poll_once(next).await {
            Some(received) => received.map(drop).expect("a datagram"),
            None => break,
        }
        got += 1;
    }
    assert!(got > 0, "some were there to be read");
    at_most_count("datagrams kept of 20,000:", got, SENT as u64 / 2);
}

/// Wakers that an object may keep of tasks that have no other place to wait.
const KEPT: u64 = 512;
