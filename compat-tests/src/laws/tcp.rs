//! Laws of a TCP connection: L116 to L123.

use std::future::Future;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io::AsyncWriteExt;
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use crate::gate::step_aside;
use crate::peers::{bytes_from, pair, read_checked};
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
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
    sleep_in(Duration::from_millis(5), &rt).await;
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
    sleep_in(Duration::from_millis(5), &rt).await;
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

/// L121: A write to a peer that does not read waits, and goes on when it does; every byte arrives
/// in order.
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
    sleep_in(Duration::from_millis(5), &rt).await;
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
