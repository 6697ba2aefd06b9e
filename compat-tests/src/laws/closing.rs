//! Laws of a connection's end: L095 to L097 and L100.

use std::pin::pin;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io::AsyncReadExt;
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use crate::gate::step_aside;
use crate::peers::pair;
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l095_the_end_stays_the_end),
        law!(l096_the_last_drop_closes),
        law!(l097_a_used_descriptor_hears_nothing_old),
        law!(l100_one_error_costs_no_other_wake),
    ]
}

/// L095: The end of a stream is `Ok(0)` again and again.
async fn l095_the_end_stays_the_end<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    peer.write_all(b"last").await.expect("some bytes");
    drop(peer);
    let mut all = Vec::new();
    ours.read_to_end(&mut all).await.expect("to the end");
    assert_eq!(all, b"last");
    let (mut by_trait, mut buf) = (&ours, [0; 8]);
    for _ in 0..5 {
        assert_eq!(ours.read(&mut buf).await.expect("no error at the end"), 0);
        assert_eq!(
            AsyncReadExt::read(&mut by_trait, &mut buf)
                .await
                .expect("no error"),
            0
        );
        assert_eq!(ours.peek(&mut buf).await.expect("no error"), 0);
    }
}

/// L096: The connection is closed when its last clone is dropped, also with an operation pending.
async fn l096_the_last_drop_closes<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut buf = [0; 4];
    let mut eof = pin!(peer.read(&mut buf));
    let clone = ours.try_clone().expect("a clone");
    let (read, write) = clone.into_split();
    drop(ours);
    drop(write);
    sleep_in(Duration::from_millis(20), &rt).await;
    assert!(
        poll_once(eof.as_mut()).await.is_none(),
        "closed though a half is there"
    );
    let task = rt.spawn(async move {
        let mut buf = [0; 4];
        read.read(&mut buf).await
    });
    sleep_in(Duration::from_millis(5), &rt).await;
    assert!(
        poll_once(eof.as_mut()).await.is_none(),
        "closed though a read is pending"
    );
    task.cancel().await.expect_err("it was pending");
    let closed = timeout_in(Duration::from_secs(2), eof, &rt).await;
    assert_eq!(
        closed.expect("the last drop closes it").expect("the end"),
        0
    );
}

/// L097: After a descriptor was closed and its number used again, no event of the old object
/// reaches the new one.
async fn l097_a_used_descriptor_hears_nothing_old<R: Runtime>(rt: R) {
    for round in 0..40_u8 {
        let old = Probe::new();
        let (ours, peer) = pair(&rt).await;
        let mut byte = [0];
        let mut read = Box::pin(ours.read(&mut byte));
        assert!(old.poll(read.as_mut()).is_pending());
        if round % 2 == 0 {
            // Its event is on the way while it is closed.
            peer.write_all(b"old").await.expect("some bytes");
        }
        drop(read);
        drop((ours, peer));
        // A thread that had just taken the event may wake it still.
        assert!(old.is_let_go().await);
        let before = old.wakes();
        // The numbers of both are used again.
        let (ours, peer) = pair(&rt).await;
        let mut byte = [0xff];
        let mut read = Box::pin(ours.read(&mut byte));
        let new = Probe::new();
        assert!(
            new.poll(read.as_mut()).is_pending(),
            "it read what was sent to another"
        );
        step_aside(5).await;
        peer.write_all(&[round]).await.expect("a byte");
        new.woken().await;
        assert_eq!(read.as_mut().await.expect("a byte"), 1);
        drop(read);
        assert_eq!(byte, [round]);
        assert_eq!(
            old.wakes(),
            before,
            "the old waker was woken for the new one"
        );
        assert!(new.is_let_go().await);
    }
}

/// L100: An error on one socket never costs another its wake-up.
async fn l100_one_error_costs_no_other_wake<R: Runtime>(rt: R) {
    for round in 0..20 {
        let mut readers = Vec::new();
        let mut peers = Vec::new();
        for i in 0..8 {
            let (ours, peer) = pair(&rt).await;
            readers.push((i, rt.spawn(async move { ours.read(&mut [0; 4]).await })));
            peers.push(peer);
        }
        sleep_in(Duration::from_millis(1), &rt).await;
        for (i, peer) in peers.iter().enumerate() {
            match (i + round) % 2 {
                0 => peer
                    .set_linger(Some(Duration::ZERO))
                    .expect("linger is set"),
                _ => peer.write_all(b"data").await.expect("some bytes"),
            }
        }
        // Half of them are reset, the others have data and then their end.
        drop(peers);
        for (i, reader) in readers {
            let read = timeout_in(Duration::from_secs(5), reader, &rt).await;
            let read = read.expect("its wake-up was lost").expect("no panic");
            match (i + round) % 2 {
                0 => assert!(read.is_err()),
                _ => assert_eq!(read.expect("data"), 4),
            }
        }
    }
}
