//! Laws of Unix sockets: L131 to L135.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use anyrt_api::net::{UnixDatagram, UnixListener, UnixStream};
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{AnyRuntime, Spawn};
use futures_lite::future::{poll_once, zip};

use crate::scratch::folder;
use crate::{Backend, Capability, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    let laws: Vec<Law<B>> = vec![
        law!(l131_a_full_backlog_waits erased),
        law!(l132_paths_are_kept_as_in_std erased),
        law!(l133_bad_paths_are_invalid erased),
        law!(l134_pairs_and_datagrams erased),
        law!(l135_a_fresh_stream_writes_at_once erased),
    ];
    laws.into_iter()
        .map(|law| law.needs(Capability::Unix))
        .collect()
}

/// L131: A connect to a listener whose backlog is full waits until there is room.
async fn l131_a_full_backlog_waits(rt: AnyRuntime) {
    let path = folder(&rt).await.join("socket");
    let listener = UnixListener::bind_in(&path, &rt).expect("a listener");
    let mut connected = Vec::new();
    // Until the backlog, which is the system's to bound, is full.
    let waiting = loop {
        let mut connect = Box::pin(UnixStream::connect_in(path.clone(), &rt));
        match timeout_in(Duration::from_millis(50), connect.as_mut(), &rt).await {
            Ok(stream) => connected.push(stream.expect("there is room")),
            Err(_) => break connect,
        }
        assert!(connected.len() < 10_000, "the backlog never fills");
    };
    assert!(connected.len() >= 128, "a backlog of {}", connected.len());
    let waiting = rt.spawn(waiting);
    sleep_in(Duration::from_millis(20), &rt).await;
    assert!(!waiting.is_finished(), "it did not wait");
    for _ in 0..=connected.len() {
        let accepted = timeout_in(Duration::from_secs(5), listener.accept(), &rt).await;
        accepted.expect("every one comes").expect("a connection");
    }
    waiting.await.expect("no panic").expect("there is room now");
}

/// L132: Binding a path that is there is `AddrInUse`, dropping a listener does not remove it, and
/// connecting to none is `NotFound`.
async fn l132_paths_are_kept_as_in_std(rt: AnyRuntime) {
    let path = folder(&rt).await.join("socket");
    let missing = UnixStream::connect_in(&path, &rt)
        .await
        .expect_err("nothing is there");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let listener = UnixListener::bind_in(&path, &rt).expect("a listener");
    let own = listener.local_addr().expect("its address");
    assert_eq!(own.as_pathname(), Some(path.as_path()));
    let taken = UnixListener::bind_in(&path, &rt).expect_err("it is in use");
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    drop(listener);
    assert!(path.exists(), "the path went with the listener");
    let refused = UnixStream::connect_in(&path, &rt)
        .await
        .expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// L133: A path that is too long or has a NUL is `InvalidInput`; one that is not UTF-8 works.
async fn l133_bad_paths_are_invalid(rt: AnyRuntime) {
    let folder = folder(&rt).await;
    for bad in ["x".repeat(200), "nul\0inside".to_owned()] {
        let bad = folder.join(bad);
        let bound = UnixListener::bind_in(&bad, &rt).expect_err("a bad path");
        assert_eq!(bound.kind(), ErrorKind::InvalidInput);
        let connected = UnixStream::connect_in(&bad, &rt)
            .await
            .expect_err("a bad path");
        assert_eq!(connected.kind(), ErrorKind::InvalidInput);
    }
    let odd = folder.join(OsStr::from_bytes(b"\xff\xfe"));
    let listener = UnixListener::bind_in(&odd, &rt).expect("not UTF-8, and fine");
    let ends = zip(UnixStream::connect_in(&odd, &rt), listener.accept()).await;
    ends.0.expect("it connects");
    ends.1.expect("it accepts");
}

/// L134: Pairs and datagrams behave as std's.
async fn l134_pairs_and_datagrams(rt: AnyRuntime) {
    let (ours, peer) = UnixStream::pair_in(&rt).expect("a pair");
    let reader = rt.spawn(async move {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).await.map(|_| all)
    });
    ours.write_all(b"through the pair").await.expect("written");
    assert!(ours.peer_addr().expect("its peer").is_unnamed());
    ours.close().await.expect("closed");
    ours.close().await.expect("closed again");
    assert_eq!(
        reader.await.expect("no panic").expect("all of it"),
        b"through the pair"
    );

    let path = folder(&rt).await.join("datagrams");
    let bound = UnixDatagram::bind_in(&path, &rt).expect("a socket");
    let unbound = UnixDatagram::unbound_in(&rt).expect("a socket");
    let mut buf = [0; 16];
    assert!(poll_once(bound.recv_from(&mut buf)).await.is_none());
    unbound.send_to(b"", &path).await.expect("sent");
    unbound.send_to(b"second", &path).await.expect("sent");
    let first = timeout_in(Duration::from_secs(5), bound.recv_from(&mut buf), &rt).await;
    let (n, from) = first.expect("it comes").expect("a datagram");
    assert!(n == 0 && from.is_unnamed());
    assert_eq!(bound.recv(&mut buf).await.expect("a datagram"), 6);
    assert_eq!(&buf[..6], b"second");
    let (one, other) = UnixDatagram::pair_in(&rt).expect("a pair");
    one.send(b"x").await.expect("sent");
    assert_eq!(other.recv(&mut buf).await.expect("a datagram"), 1);
}

/// L135: A fresh stream is writable: its first write needs no event.
async fn l135_a_fresh_stream_writes_at_once(rt: AnyRuntime) {
    let path = folder(&rt).await.join("socket");
    let listener = UnixListener::bind_in(&path, &rt).expect("a listener");
    for _ in 0..20 {
        let ends = zip(UnixStream::connect_in(&path, &rt), listener.accept()).await;
        let (client, (server, _)) = (ends.0.expect("connected"), ends.1.expect("accepted"));
        for (writer, reader) in [(&client, &server), (&server, &client)] {
            // Waking it may need one turn of the reactor; hearing of the write must not hang.
            let write = timeout_in(Duration::from_secs(5), writer.write_all(b"first"), &rt).await;
            write.expect("it is writable").expect("written");
            reader.read_exact(&mut [0; 5]).await.expect("read");
        }
    }
}
