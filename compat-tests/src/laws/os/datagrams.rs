//! Laws of refusals that the network tells a datagram socket of: L127 and L128.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::UdpSocket;
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use super::process::processor_time;
use crate::bound::at_most;
use crate::peers::datagrams;
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l127_a_refusal_surfaces_once),
        law!(l127_a_refusal_wakes_a_receiver),
        law!(l128_an_unconnected_socket_hears_no_refusal),
        law!(l128_refusals_cost_nothing).stochastic(),
    ]
}

/// An address where nobody is.
async fn dead_addr<R: Runtime>(rt: &R) -> SocketAddr {
    let (socket, addr) = datagrams(rt).await;
    drop(socket);
    addr
}

/// A socket whose peer is gone.
async fn alone<R: Runtime>(rt: &R) -> UdpSocket<R> {
    let (ours, _) = datagrams(rt).await;
    ours.connect(dead_addr(rt).await).await.expect("a peer");
    ours
}

/// L127: On a connected socket a refusal surfaces once, as `ConnectionRefused`; then a receive
/// waits again.
async fn l127_a_refusal_surfaces_once<R: Runtime>(rt: R) {
    let ours = alone(&rt).await;
    let mut buf = [0; 8];
    for round in 0..10 {
        ours.send(b"is anybody there").await.expect("it is sent");
        let refused = match round % 3 {
            0 => timeout_in(PATIENCE, ours.recv(&mut buf), &rt).await,
            1 => timeout_in(PATIENCE, ours.peek(&mut buf), &rt).await,
            // The next send is told as well as a receive, and sends nothing.
            _ => timeout_in(PATIENCE, ours.send(b"and now"), &rt).await,
        };
        let error = refused.expect("it surfaces").expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "round {round}");
        let mut next = pin!(ours.recv(&mut buf));
        assert!(poll_once(next.as_mut()).await.is_none(), "it came twice");
        sleep_in(Duration::from_millis(2), &rt).await;
        assert!(poll_once(next.as_mut()).await.is_none(), "it came twice");
    }
}

/// L127: It wakes a receive that waits; once the peer is there, datagrams come.
async fn l127_a_refusal_wakes_a_receiver<R: Runtime>(rt: R) {
    let ours = alone(&rt).await;
    let addr = ours.peer_addr().expect("its peer");
    let mut buf = [0; 8];
    for _ in 0..5 {
        let mut waiting = pin!(ours.recv(&mut buf));
        assert!(poll_once(waiting.as_mut()).await.is_none());
        ours.send(b"is anybody there").await.expect("it is sent");
        let woken = timeout_in(PATIENCE, waiting, &rt).await;
        let error = woken.expect("nobody woke it").expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
    let peer = UdpSocket::bind_in(addr, &rt)
        .await
        .expect("its port is free");
    let own = ours.local_addr().expect("its address");
    peer.send_to(b"now", own).await.expect("it is sent");
    let got = timeout_in(PATIENCE, ours.recv(&mut buf), &rt).await;
    assert_eq!(got.expect("it comes").expect("a datagram"), 3);
}

/// L128: On a socket without a peer no refusal surfaces, and its datagrams go and come on.
async fn l128_an_unconnected_socket_hears_no_refusal<R: Runtime>(rt: R) {
    let ((ours, addr), (peer, from)) = (datagrams(&rt).await, datagrams(&rt).await);
    let dead = dead_addr(&rt).await;
    let mut buf = [0; 8];
    for i in 0..20_u8 {
        ours.send_to(b"is anybody there", dead).await.expect("sent");
        let mut waiting = Box::pin(ours.recv_from(&mut buf));
        assert!(poll_once(waiting.as_mut()).await.is_none());
        sleep_in(Duration::from_millis(1), &rt).await;
        assert!(poll_once(waiting.as_mut()).await.is_none(), "it surfaced");
        ours.send_to(&[i], from).await.expect("others are there");
        peer.send_to(&[i], addr).await.expect("it is sent");
        let got = timeout_in(PATIENCE, waiting, &rt).await;
        assert_eq!(got.expect("it comes").expect("a datagram"), (1, from));
        assert_eq!(buf[0], i);
        assert!(ours.take_error().expect("it is asked").is_none());
        peer.recv_from(&mut [0; 8])
            .await
            .expect("it came there too");
    }
}

/// L128: And they neither wake a receiver nor keep the runtime busy.
async fn l128_refusals_cost_nothing<R: Runtime>(rt: R) {
    let (ours, _) = datagrams(&rt).await;
    let (dead, probe) = (dead_addr(&rt).await, Probe::new());
    let mut buf = [0; 8];
    let mut waiting = pin!(ours.recv_from(&mut buf));
    assert!(probe.poll(waiting.as_mut()).is_pending());
    for _ in 0..50 {
        ours.send_to(b"is anybody there", dead).await.expect("sent");
    }
    sleep_in(Duration::from_millis(50), &rt).await;
    let polled = probe.poll(waiting.as_mut());
    assert!(polled.is_pending(), "a refusal surfaced: {polled:?}");
    let before = processor_time();
    sleep_in(Duration::from_millis(300), &rt).await;
    let used = processor_time() - before;
    at_most("busy for", used, Duration::from_millis(100));
    assert!(probe.wakes() <= 50, "woken {} times", probe.wakes());
}

/// What a loopback needs at most to answer.
const PATIENCE: Duration = Duration::from_secs(5);
