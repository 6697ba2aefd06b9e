//! Laws of connecting and accepting: L107 to L112 and L114.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::{AcceptError, TcpListener, TcpStream};
use anyrt_api::time::timeout_in;
use futures_lite::future::zip;

use crate::peers::{any_port, listener};
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l107_port_zero_is_the_systems_choice),
        law!(l107_a_closed_port_can_be_bound_again),
        law!(l108_nobody_listens),
        law!(l109_addresses_are_tried_in_order),
        law!(l110_a_dropped_connect_is_over),
        law!(l111_each_connection_goes_to_one),
        law!(l112_a_dropped_accept_loses_nothing),
        law!(l114_a_connection_that_died_ends_nothing),
    ]
}

/// An address where nobody listens.
async fn dead_addr<R: Runtime>(rt: &R) -> SocketAddr {
    let (listener, addr) = listener(rt).await;
    drop(listener);
    addr
}

/// L107: Port 0 yields a port of the system's choice, and each listener its own.
async fn l107_port_zero_is_the_systems_choice<R: Runtime>(rt: R) {
    let (one, one_addr) = listener(&rt).await;
    let (_other, other_addr) = listener(&rt).await;
    assert!(one_addr.port() != 0 && other_addr.port() != 0);
    assert_ne!(one_addr, other_addr);
    assert_eq!(one.local_addr().expect("again"), one_addr);
    let taken = TcpListener::bind_in(one_addr, &rt).await;
    assert_eq!(
        taken.expect_err("it is in use").kind(),
        ErrorKind::AddrInUse
    );
}

/// L107: A port that was just closed can be bound again, though old connections linger on it.
async fn l107_a_closed_port_can_be_bound_again<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let (client, server) = zip(TcpStream::connect_in(addr, &rt), listener.accept()).await;
    let (client, server) = (client.expect("it connects"), server.expect("it accepts").0);
    // The server's end closes first: its port is the one that the system remembers.
    drop(server);
    assert_eq!(client.read(&mut [0; 1]).await.expect("the end"), 0);
    drop((client, listener));
    TcpListener::bind_in(addr, &rt)
        .await
        .expect("the port is free again");
}

/// L108: If nobody listens the error is `ConnectionRefused`.
async fn l108_nobody_listens<R: Runtime>(rt: R) {
    let addr = dead_addr(&rt).await;
    for _ in 0..3 {
        let refused = TcpStream::connect_in(addr, &rt)
            .await
            .expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}

/// L109: Several addresses are tried in order, the last error is returned; none is `InvalidInput`.
async fn l109_addresses_are_tried_in_order<R: Runtime>(rt: R) {
    let (first, first_addr) = listener(&rt).await;
    let (_second, second_addr) = listener(&rt).await;
    let dead = [dead_addr(&rt).await, dead_addr(&rt).await];
    let stream = TcpStream::connect_in([dead[0], first_addr, second_addr], &rt).await;
    assert_eq!(
        stream.expect("one is alive").peer_addr().expect("its peer"),
        first_addr
    );
    first.accept().await.expect("the connection");
    let error = TcpStream::connect_in(&dead[..], &rt)
        .await
        .expect_err("both are dead");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let none: [SocketAddr; 0] = [];
    let error = TcpStream::connect_in(none, &rt)
        .await
        .expect_err("nothing to try");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let bound = TcpListener::bind_in([first_addr, any_port()], &rt)
        .await
        .expect("the second");
    assert_ne!(bound.local_addr().expect("its address"), first_addr);
    let error = TcpListener::bind_in([second_addr, first_addr], &rt)
        .await
        .expect_err("both");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

/// L110: Dropping the future of a connect closes the socket; the task is not woken for it later.
async fn l110_a_dropped_connect_is_over<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    for _ in 0..20 {
        let probe = Probe::new();
        let mut connect = Box::pin(TcpStream::connect_in(addr, &rt));
        let _ = probe.poll(connect.as_mut());
        drop(connect);
        assert!(probe.is_let_go().await, "a dropped connect keeps its waker");
        let wakes = probe.wakes();
        // If the connection was made it is closed, and another is the next.
        let alive = TcpStream::connect_in(addr, &rt)
            .await
            .expect("the listener goes on");
        let own = alive.local_addr().expect("its address");
        loop {
            let (accepted, peer) = listener.accept().await.expect("a connection");
            if peer == own {
                break;
            }
            let end = timeout_in(Duration::from_secs(2), accepted.read(&mut [0; 1]), &rt).await;
            assert!(matches!(end.expect("it was closed"), Ok(0) | Err(_)));
        }
        assert_eq!(probe.wakes(), wakes, "woken for a connect that was dropped");
    }
}

/// L111: Several tasks may accept on one listener: each connection goes to exactly one.
async fn l111_each_connection_goes_to_one<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let (sender, accepted) = std::sync::mpsc::channel();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (listener, sender) = (listener.try_clone().expect("a clone"), sender.clone());
            rt.spawn(async move {
                loop {
                    let (stream, peer) = listener.accept().await.expect("a connection");
                    stream.write_all(b"hello").await.expect("to its peer");
                    sender.send(peer).expect("the law listens");
                }
            })
        })
        .collect();
    let mut peers = Vec::new();
    for _ in 0..40 {
        let stream = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        let mut hello = [0; 5];
        let read = timeout_in(Duration::from_secs(5), stream.read_exact(&mut hello), &rt).await;
        read.expect("somebody accepted it").expect("its greeting");
        peers.push(stream.local_addr().expect("its address"));
    }
    for task in tasks {
        assert!(
            task.cancel()
                .await
                .expect_err("it never ends")
                .is_cancelled()
        );
    }
    let mut accepted: Vec<_> = accepted.try_iter().collect();
    accepted.sort();
    peers.sort();
    assert_eq!(accepted, peers);
}

/// L112: Dropping a pending accept loses no connection.
async fn l112_a_dropped_accept_loses_nothing<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    for round in 0..30 {
        let probe = Probe::new();
        let mut accept = Box::pin(listener.accept());
        assert!(probe.poll(accept.as_mut()).is_pending());
        let stream = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        if round % 2 == 0 {
            probe.woken().await;
        }
        drop(accept);
        assert!(probe.is_let_go().await, "a dropped accept keeps its waker");
        let next = timeout_in(Duration::from_secs(2), listener.accept(), &rt).await;
        let (_, peer) = next
            .expect("the connection was lost")
            .expect("a connection");
        assert_eq!(peer, stream.local_addr().expect("its address"));
    }
}

/// L114: An error of one connection does not end the listener.
async fn l114_a_connection_that_died_ends_nothing<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    for _ in 0..10 {
        let dying = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        dying
            .set_linger(Some(Duration::ZERO))
            .expect("linger is set");
        drop(dying);
        let stream = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        let own = stream.local_addr().expect("its address");
        loop {
            let next = timeout_in(Duration::from_secs(2), listener.accept(), &rt).await;
            match next.expect("the listener fell silent") {
                Ok((_, peer)) if peer == own => break,
                Ok(_) => {}
                Err(error) => assert_eq!(AcceptError::of(&error), AcceptError::Connection),
            }
        }
    }
}
