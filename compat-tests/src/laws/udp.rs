//! Laws of datagrams: L125, L126, L129 and L130.

use std::io::ErrorKind;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::time::{sleep_in, timeout_in};

use crate::peers::datagrams;
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l125_one_receive_is_one_datagram),
        law!(l126_an_empty_datagram_is_one),
        law!(l129_too_long_is_an_error),
        law!(l130_a_dropped_receive_loses_nothing),
        law!(l130_sends_and_receives_are_independent),
    ]
}

/// L125: One receive is one datagram; what does not fit in the buffer is gone.
async fn l125_one_receive_is_one_datagram<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, from)) = (datagrams(&rt).await, datagrams(&rt).await);
    for text in ["first", "a second one", "third"] {
        peer.send_to(text.as_bytes(), addr)
            .await
            .expect("it is sent");
    }
    let mut buf = [0; 64];
    assert_eq!(ours.peek_from(&mut buf).await.expect("seen"), (5, from));
    assert_eq!(
        ours.recv_from(&mut buf).await.expect("the first"),
        (5, from)
    );
    assert_eq!(&buf[..5], b"first");
    let mut short = [0; 4];
    assert_eq!(ours.recv_from(&mut short).await.expect("the second").0, 4);
    assert_eq!(&short, b"a se");
    // The rest of the second is gone.
    assert_eq!(ours.recv_from(&mut buf).await.expect("the third").0, 5);
    assert_eq!(&buf[..5], b"third");
}

/// L126: A datagram without bytes is `Ok(0)`, and others follow it.
async fn l126_an_empty_datagram_is_one<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, from)) = (datagrams(&rt).await, datagrams(&rt).await);
    ours.connect(from).await.expect("a peer");
    peer.connect(addr).await.expect("a peer");
    assert_eq!(peer.send(&[]).await.expect("it is sent"), 0);
    assert_eq!(peer.send(b"next").await.expect("it is sent"), 4);
    let mut buf = [0; 8];
    let first = timeout_in(Duration::from_secs(2), ours.recv(&mut buf), &rt).await;
    assert_eq!(first.expect("it comes").expect("without bytes"), 0);
    assert_eq!(ours.recv(&mut buf).await.expect("the next"), 4);
    assert_eq!(ours.peer_addr().expect("its peer"), from);
}

/// L129: A datagram that is too long is an error, and no part of it is sent.
async fn l129_too_long_is_an_error<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, _)) = (datagrams(&rt).await, datagrams(&rt).await);
    let error = peer
        .send_to(&[0; 70_000], addr)
        .await
        .expect_err("IP ends at 65,535");
    assert!(!matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::Interrupted
    ));
    let long = vec![7; 60_000];
    assert_eq!(
        peer.send_to(&long, addr).await.expect("this one fits"),
        long.len()
    );
    let mut buf = vec![0; 70_000];
    let (n, _) = ours.recv_from(&mut buf).await.expect("it comes whole");
    assert_eq!(buf[..n], long);
}

/// L130: Dropping a pending receive loses no datagram.
async fn l130_a_dropped_receive_loses_nothing<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, _)) = (datagrams(&rt).await, datagrams(&rt).await);
    let mut buf = [0; 8];
    for i in 0..40_u8 {
        let probe = Probe::new();
        let mut lost = [0; 8];
        let mut receive = Box::pin(ours.recv_from(&mut lost));
        assert!(probe.poll(receive.as_mut()).is_pending());
        peer.send_to(&[i], addr).await.expect("it is sent");
        if i % 2 == 0 {
            probe.woken().await;
        }
        drop(receive);
        assert!(probe.is_let_go().await, "a dropped receive keeps its waker");
        let next = timeout_in(Duration::from_secs(2), ours.recv_from(&mut buf), &rt).await;
        assert_eq!(
            next.expect("the datagram was lost").expect("a datagram").0,
            1
        );
        assert_eq!(buf[0], i);
    }
}

/// L130: One task that sends and one that receives on one socket both make progress.
async fn l130_sends_and_receives_are_independent<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, from)) = (datagrams(&rt).await, datagrams(&rt).await);
    let clone = ours.try_clone().expect("a clone");
    let receiver = rt.spawn(async move {
        let mut sum = 0;
        let mut buf = [0; 8];
        for _ in 0..100 {
            let (n, _) = clone.recv_from(&mut buf).await.expect("a datagram");
            sum += u32::from(buf[..n][0]);
        }
        sum
    });
    let mut buf = [0; 8];
    for i in 0..100_u8 {
        if i % 10 == 0 {
            sleep_in(Duration::from_millis(1), &rt).await;
        }
        // While the receiver waits: one out, one in.
        ours.send_to(&[i], from).await.expect("it is sent");
        assert_eq!(peer.recv_from(&mut buf).await.expect("it comes"), (1, addr));
        peer.send_to(&buf[..1], addr)
            .await
            .expect("it is sent back");
    }
    let sum = timeout_in(Duration::from_secs(5), receiver, &rt).await;
    assert_eq!(
        sum.expect("all came").expect("no panic"),
        (0..100).sum::<u32>()
    );
}
