//! Laws of TCP: L107 to L112, L114 and L116 to L123.

use std::future::Future;
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io::AsyncWriteExt;
use anyrt_api::net::{AcceptError, TcpListener, TcpStream};
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::{poll_once, zip};

use crate::gate::step_aside;
use crate::peers::{any_port, bytes_from, listener, pair, read_checked};
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
        law!(l116_half_close),
        law!(l117_close_sends_the_end),
        law!(l118_closing_twice_is_fine),
        law!(l119_shutdown_wakes_a_reader),
        law!(l120_a_reset_is_an_error),
        law!(l121_a_full_socket_waits),
        law!(l122_a_dropped_half_shuts_nothing),
        law!(l123_peek_consumes_nothing),
        law!(l123_options_read_back),
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
        let wakes = probe.wakes();
        assert_eq!(probe.held(), 0, "a dropped connect keeps its waker");
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

/// L116: After `shutdown(Write)` the peer reads the end, and our reads go on.
async fn l116_half_close<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    ours.write_all(b"question").await.expect("a question");
    ours.shutdown(Shutdown::Write).expect("its end");
    let mut question = Vec::new();
    peer.read_to_end(&mut question).await.expect("to the end");
    assert_eq!(question, b"question");
    peer.write_all(b"answer")
        .await
        .expect("our side still reads");
    drop(peer);
    let mut answer = Vec::new();
    ours.read_to_end(&mut answer).await.expect("to the end");
    assert_eq!(answer, b"answer");
    let error = ours
        .write(b"more")
        .await
        .expect_err("our writes have ended");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// L117: Closing sends FIN: as a method, through the trait, and on a split half.
async fn l117_close_sends_the_end<R: Runtime>(rt: R) {
    for way in 0..3 {
        let (mut ours, peer) = pair(&rt).await;
        let mut byte = [0];
        let end = pin!(timeout_in(
            Duration::from_secs(2),
            peer.read(&mut byte),
            &rt
        ));
        let kept = match way {
            0 => (ours.close().await, Some(ours), None),
            1 => (AsyncWriteExt::close(&mut ours).await, Some(ours), None),
            _ => {
                let (read, write) = ours.into_split();
                (write.close().await, None, Some((read, write)))
            }
        };
        kept.0.as_ref().expect("it closes");
        assert_eq!(end.await.expect("the end comes").expect("the end"), 0);
        // It was the close, not a drop.
        drop(kept);
    }
}

/// L118: Closing twice, or after a reset, is `Ok`.
async fn l118_closing_twice_is_fine<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    for how in [
        Shutdown::Write,
        Shutdown::Write,
        Shutdown::Both,
        Shutdown::Read,
    ] {
        ours.shutdown(how).expect("shut down before, perhaps");
        ours.close().await.expect("closed before, perhaps");
    }
    drop(peer);
    ours.close().await.expect("after the peer is gone");

    let (ours, peer) = pair(&rt).await;
    peer.set_linger(Some(Duration::ZERO))
        .expect("linger is set");
    drop(peer);
    ours.read(&mut [0; 1]).await.expect_err("the reset");
    ours.close().await.expect("after a reset");
    ours.shutdown(Shutdown::Both).expect("after a reset");
    ours.close().await.expect("and again");
}

/// L119: `shutdown(Both)` by one task wakes a reader in another, which gets `Ok(0)`.
async fn l119_shutdown_wakes_a_reader<R: Runtime>(rt: R) {
    let (ours, _peer) = pair(&rt).await;
    let clone = ours.clone();
    let reader = rt.spawn(async move { clone.read(&mut [0; 4]).await });
    step_aside(5).await;
    assert!(!reader.is_finished());
    ours.shutdown(Shutdown::Both).expect("it shuts down");
    let read = timeout_in(Duration::from_secs(2), reader, &rt).await;
    assert_eq!(
        read.expect("the reader wakes")
            .expect("no panic")
            .expect("the end"),
        0
    );
}

/// L120: A reset by the peer is `ConnectionReset` for a pending read, `BrokenPipe` or
/// `ConnectionReset` for a write, never a signal.
async fn l120_a_reset_is_an_error<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let clone = ours.clone();
    let reader = rt.spawn(async move { clone.read(&mut [0; 4]).await });
    step_aside(5).await;
    peer.set_linger(Some(Duration::ZERO))
        .expect("linger is set");
    drop(peer);
    let read = timeout_in(Duration::from_secs(2), reader, &rt).await;
    let error = read
        .expect("the reader wakes")
        .expect("no panic")
        .expect_err("the reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    for _ in 0..3 {
        let error = ours.write(b"to nobody").await.expect_err("nobody is there");
        let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{error:?}");
    }
}

/// What `future` has to say if it is asked twice.
async fn poll_twice<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match poll_once(future.as_mut()).await {
        None => poll_once(future).await,
        some => some,
    }
}

/// L121: A write to a peer that does not read waits, and goes on when it does; every byte arrives in
/// order.
async fn l121_a_full_socket_waits<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut sent = 0;
    // Until nothing more fits: not the yields that the budget forces now and then.
    while let Some(n) = poll_twice(ours.write(&bytes_from(sent, 60_000))).await {
        sent += n.expect("the peer is there");
    }
    assert!(sent > 0);
    const MORE: usize = 3 << 20;
    let writer = rt.spawn(async move {
        let mut at = sent;
        while at < sent + MORE {
            // Of all sizes.
            let len = 1 + (at * 7_919) % 50_000;
            ours.write_all(&bytes_from(at, len))
                .await
                .expect("it is read");
            at += len;
        }
        at
    });
    step_aside(10).await;
    assert!(!writer.is_finished(), "nobody has read yet");
    let got = read_checked(&peer, 40_009).await.expect("all of it");
    assert_eq!(got, writer.await.expect("no panic"));
}

/// L122: Dropping a write half does not shut the connection down.
async fn l122_a_dropped_half_shuts_nothing<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let (read, write) = ours.into_split();
    write.write_all(b"first").await.expect("some bytes");
    drop(write);
    let mut first = [0; 5];
    peer.read_exact(&mut first).await.expect("the bytes");
    let mut byte = [0];
    let mut end = pin!(peer.read(&mut byte));
    sleep_in(Duration::from_millis(20), &rt).await;
    assert!(
        poll_once(end.as_mut()).await.is_none(),
        "a dropped half ended the connection"
    );
    peer.write_all(b"back").await.expect("the other way");
    let mut back = [0; 4];
    read.read_exact(&mut back)
        .await
        .expect("the other half reads");
    drop(read);
    assert_eq!(end.await.expect("now it ends"), 0);

    let (ours, _peer) = pair(&rt).await;
    let addr = ours.local_addr().expect("its address");
    let (read, write) = ours.into_split();
    let whole = read.reunite(write).expect("both halves of one");
    assert_eq!(whole.local_addr().expect("its address"), addr);
}

/// L123: `peek` consumes nothing.
async fn l123_peek_consumes_nothing<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let clone = ours.clone();
    let waiting = rt.spawn(async move {
        let mut buf = [0; 4];
        clone.peek(&mut buf).await.map(|n| (n, buf))
    });
    step_aside(5).await;
    peer.write_all(b"data").await.expect("some bytes");
    let (n, seen) = waiting.await.expect("no panic").expect("it sees them");
    assert_eq!(seen[..n], b"data"[..n]);
    let mut buf = [0; 8];
    for _ in 0..3 {
        let n = ours.peek(&mut buf).await.expect("still there");
        assert_eq!(&buf[..n], &b"data"[..n]);
    }
    let mut all = [0; 4];
    ours.read_exact(&mut all)
        .await
        .expect("nothing was consumed");
    assert_eq!(&all, b"data");
}

/// L123: Options read back what was set; `take_error` has nothing to tell of a good connection.
async fn l123_options_read_back<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    for on in [true, false] {
        ours.set_nodelay(on).expect("it is set");
        assert_eq!(ours.nodelay().expect("it is read"), on);
        ours.set_keepalive(on).expect("it is set");
        assert_eq!(ours.keepalive().expect("it is read"), on);
    }
    for ttl in [17, 64] {
        ours.set_ttl(ttl).expect("it is set");
        assert_eq!(ours.ttl().expect("it is read"), ttl);
    }
    for linger in [Some(Duration::from_secs(3)), Some(Duration::ZERO), None] {
        ours.set_linger(linger).expect("it is set");
        assert_eq!(ours.linger().expect("it is read"), linger);
    }
    assert!(ours.take_error().expect("it is read").is_none());
    assert_eq!(
        ours.peer_addr().expect("its peer"),
        peer.local_addr().expect("its address")
    );
    assert_eq!(
        peer.peer_addr().expect("its peer"),
        ours.local_addr().expect("its address")
    );
}
