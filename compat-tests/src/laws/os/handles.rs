//! Laws of std's sockets and files on their way in and out: L104, L105 and L149.

use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener as StdListener, TcpStream as StdStream, UdpSocket as StdUdp};
use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{AnyRuntime, Spawn, fs};
use rustix::fs::{OFlags, fcntl_getfl};

use crate::peers::{any_port, bytes_from, datagrams, listener, pair};
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l104_blocking_sockets_are_taken erased),
        law!(l105_what_is_given_out_blocks erased),
        law!(l105_clones_keep_it_in erased),
        law!(l149_the_systems_cursor_is_ours erased),
    ]
}

fn is_blocking(fd: impl std::os::fd::AsFd) -> bool {
    !fcntl_getfl(fd)
        .expect("its flags")
        .contains(OFlags::NONBLOCK)
}

/// L104: A blocking socket is taken in and blocks no worker.
async fn l104_blocking_sockets_are_taken(rt: AnyRuntime) {
    let std = StdListener::bind(any_port()).expect("a listener");
    let addr = std.local_addr().expect("its address");
    let mut peer = StdStream::connect(addr).expect("it connects");
    let accepted = std.accept().expect("it accepts").0;
    assert!(is_blocking(&accepted));
    let stream = TcpStream::from_std_in(accepted, &rt).expect("it is taken");
    let listener = TcpListener::from_std_in(std, &rt).expect("it is taken");
    let udp = StdUdp::bind(any_port()).expect("a socket");
    let udp = UdpSocket::from_std_in(udp, &rt).expect("it is taken");
    let reader = rt.spawn(async move {
        let mut four = [0; 4];
        stream.read_exact(&mut four).await.map(|()| four)
    });
    let acceptor = rt.spawn(async move { listener.accept().await.map(|(_, peer)| peer) });
    let receiver = rt.spawn(async move { udp.recv_from(&mut [0; 4]).await });
    // If one of them blocked, a runtime with one worker would end here.
    for _ in 0..2 {
        sleep_in(Duration::from_millis(2), &rt).await;
        rt.spawn(async {}).await.expect("a worker is free");
    }
    assert!(!reader.is_finished() && !acceptor.is_finished() && !receiver.is_finished());
    peer.write_all(b"data").expect("written");
    let second = StdStream::connect(addr).expect("it connects");
    assert_eq!(
        &reader.await.expect("no panic").expect("the bytes"),
        b"data"
    );
    let accepted = acceptor.await.expect("no panic").expect("the connection");
    assert_eq!(accepted, second.local_addr().expect("its address"));
    assert!(
        receiver
            .cancel()
            .await
            .expect_err("it was pending")
            .is_cancelled()
    );
}

/// L105: What is given out is deregistered and blocking, as std's objects are.
async fn l105_what_is_given_out_blocks(rt: AnyRuntime) {
    let (ours, peer) = pair(&rt).await;
    let mut byte = [0];
    // It has been waited on.
    let timed = timeout_in(Duration::from_millis(2), ours.read(&mut byte), &rt).await;
    assert!(timed.is_err());
    let mut std = ours.into_std_in(&rt).expect("it is given out");
    assert!(is_blocking(&std), "it is left non-blocking");
    peer.write_all(b"x").await.expect("written");
    let read = rt.spawn_blocking(move || {
        let mut byte = [0];
        std.read_exact(&mut byte).map(|()| byte)
    });
    assert_eq!(read.await.expect("no panic").expect("a byte"), *b"x");

    let (listener, _) = listener(&rt).await;
    assert!(is_blocking(listener.into_std().expect("it is given out")));
    let (udp, _) = datagrams(&rt).await;
    assert!(is_blocking(udp.into_std().expect("it is given out")));
    // And it can be taken in again.
    let (ours, peer) = pair(&rt).await;
    let std = ours.into_std_in(&rt).expect("it is given out");
    let again = TcpStream::from_std_in(std, &rt).expect("it is taken");
    peer.write_all(b"y").await.expect("written");
    let read = timeout_in(Duration::from_secs(5), again.read(&mut byte), &rt).await;
    assert_eq!(
        (read.expect("it is heard again").expect("a byte"), byte),
        (1, *b"y")
    );
}

/// L105: If clones or halves are still there, that is an error, and they go on working.
async fn l105_clones_keep_it_in(rt: AnyRuntime) {
    let (ours, peer) = pair(&rt).await;
    let clone = ours.clone();
    ours.into_std_in(&rt).expect_err("a clone is there");
    peer.write_all(b"data").await.expect("written");
    let mut four = [0; 4];
    clone
        .read_exact(&mut four)
        .await
        .expect("the clone goes on");
    clone.write_all(b"back").await.expect("the clone goes on");
    peer.read_exact(&mut four).await.expect("both ways");
    clone.into_std_in(&rt).expect("it is the last");
}

/// L149: At rest the system's cursor is the file's cursor: what takes the descriptor over goes on
/// where we stopped.
async fn l149_the_systems_cursor_is_ours(rt: AnyRuntime) {
    let path = folder(&rt).await.join("file");
    std::fs::write(&path, bytes_from(0, 100_000)).expect("written");
    let mut options = fs::OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .open_in(&path, &rt)
        .await
        .expect("it opens");
    let mut ten = [0; 10];
    file.read_exact(&mut ten).await.expect("ten bytes");
    let mut std = file.into_std_in(&rt).await.expect("it is given out");
    assert_eq!(std.stream_position().expect("its cursor"), 10);
    std.seek(SeekFrom::Start(500)).expect("elsewhere");
    let file = fs::File::from_std_in(std, &rt).expect("it is taken");
    file.read_exact(&mut ten)
        .await
        .expect("ten bytes from there");
    assert_eq!(ten[..], bytes_from(500, 10));
    file.write_all(b"written").await.expect("written");
    let mut std = file.into_std_in(&rt).await.expect("it is given out");
    assert_eq!(std.stream_position().expect("its cursor"), 517);
    let mut next = [0; 3];
    std.read_exact(&mut next).expect("what follows");
    assert_eq!(next[..], bytes_from(517, 3));
}
