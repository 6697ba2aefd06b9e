//! What the provided methods of layer A do, on a backend that brings its primitives and no more,
//! and that an erased object uses those of its own that a backend brings instead.
#![forbid(unsafe_code)]

mod files;
mod runtime;
mod sockets;

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use anyrt_api::any::{AnyFile, AnyTcpStream, AnyUdpSocket};
use anyrt_api::fs::{self, Permissions, RawFile};
use anyrt_api::io::{RawStream, Wait};
use anyrt_api::net::RawUdpSocket;
use anyrt_api::{AnyRuntime, AsyncFs, budget};
use files::{OwnFile, Plain};
use futures_lite::future::block_on;
use runtime::Own;
use sockets::{OwnSocket, OwnStream, PEER, PlainSocket, PlainStream};

/// Polls an operation of an object once.
fn poll<T>(op: impl FnOnce(&mut Context<'_>, &mut Wait) -> Poll<T>) -> T {
    match op(&mut Context::from_waker(Waker::noop()), &mut Wait::new()) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing waits here"),
    }
}

#[test]
fn a_vectored_operation_takes_the_first_buffer_with_room() {
    let stream = PlainStream::of(b"hello");
    let (mut none, mut one, mut two) = ([], [0; 3], [0; 9]);
    let mut bufs = [&mut none[..], &mut one, &mut two].map(IoSliceMut::new);
    let n_read = poll(|cx, wait| stream.poll_read_vectored(cx, wait, &mut bufs));
    assert_eq!(n_read.expect("it is there"), 3);
    assert_eq!((&one, two), (b"hel", [0; 9]));
    let bufs = [IoSlice::new(b""), IoSlice::new(b"12"), IoSlice::new(b"34")];
    let n_written = poll(|cx, wait| stream.poll_write_vectored(cx, wait, &bufs));
    assert_eq!(n_written.expect("it takes all"), 2);
    assert_eq!(stream.written(), b"12", "a prefix of the concatenation");
}

#[test]
fn a_connected_socket_is_one_that_knows_its_peer() {
    let socket = PlainSocket::default();
    let error = poll(|cx, wait| socket.poll_send(cx, wait, b"lost"));
    let error = error.expect_err("it has no peer");
    assert_eq!(
        error.kind(),
        ErrorKind::NotConnected,
        "the error of `peer_addr`"
    );
    socket.connect(PEER).expect("any peer will do");
    let n_sent = poll(|cx, wait| socket.poll_send(cx, wait, b"hello"));
    assert_eq!(n_sent.expect("it is sent"), 5);
    let mut buf = [0; 3];
    for _ in 0..2 {
        let n_seen = poll(|cx, wait| socket.poll_peek(cx, wait, &mut buf));
        assert_eq!((n_seen.expect("it is there"), &buf), (3, b"hel"));
    }
    let n_read = poll(|cx, wait| socket.poll_recv(cx, wait, &mut buf));
    assert_eq!(n_read.expect("the peer sends back"), 3);
    let error = poll(|cx, wait| socket.poll_recv(cx, wait, &mut buf));
    assert_eq!(error.expect_err("it is read").kind(), ErrorKind::NotFound);
}

#[test]
fn whole_files_are_written_and_read_in_steps() {
    let rt = Plain::default();
    let long: Vec<u8> = (0..300_000_u32).map(|i| i as u8).collect();
    for contents in [&long[..], b"short", b""] {
        block_on(fs::write_in("a", contents, &rt)).expect("it is written");
        let read = block_on(fs::read_in("a", &rt)).expect("it is there");
        assert!(
            read == contents,
            "{} bytes of {}",
            read.len(),
            contents.len()
        );
    }
    let missing = block_on(fs::read_in("none", &rt)).expect_err("it is not there");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let full = block_on(fs::write_in("full", b"much", &rt)).expect_err("it takes nothing");
    assert_eq!(full.kind(), ErrorKind::WriteZero);
}

#[test]
fn bytes_that_are_given_away_are_written_in_steps_and_come_back() {
    let rt = Plain::default();
    block_on(async {
        let file = fs::File::create_in("a", &rt).await.expect("a name");
        let mut expected = Vec::new();
        for length in [5000, 0, 1] {
            let bytes = vec![length as u8; length];
            let memory = bytes.as_ptr();
            expected.extend_from_slice(&bytes);
            let back = file.as_raw().write_owned(bytes).await;
            let back = back.expect("it is written");
            assert_eq!((back.as_ptr(), back.len()), (memory, length));
        }
        let seen = fs::read_in("a", &rt).await.expect("it is there");
        assert!(seen == expected);
        let full = fs::File::create_in("full", &rt).await.expect("a name");
        let error = full.as_raw().write_owned(vec![1]).await;
        let error = error.expect_err("it takes nothing");
        assert_eq!(error.kind(), ErrorKind::WriteZero);
    });
}

#[test]
fn a_copy_is_the_bytes_and_the_permissions() {
    let rt = Plain::default();
    let long = vec![7; 200_001];
    block_on(async {
        fs::write_in("a", &long, &rt).await.expect("it is written");
        let secret = Permissions::from_mode(0o600);
        fs::set_permissions_in("a", secret.clone(), &rt)
            .await
            .expect("it is there");
        fs::write_in("b", vec![8; 300_000], &rt)
            .await
            .expect("it is written");
        assert_eq!(
            fs::copy_in("a", "b", &rt).await.expect("two files"),
            200_001
        );
        assert!(fs::read_in("b", &rt).await.expect("it is there") == long);
        let known = fs::metadata_in("b", &rt).await.expect("it is there");
        assert_eq!(known.permissions().mode(), Some(0o600));
        let error = fs::copy_in("folder", "b", &rt).await.expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(
            fs::read_in("b", &rt).await.expect("it is there") == long,
            "untouched"
        );
        // As std's: it is emptied before it is read.
        assert_eq!(fs::copy_in("a", "a", &rt).await.expect("one file"), 0);
        assert_eq!(fs::read_in("a", &rt).await.expect("it is there"), b"");
    });
}

#[test]
fn where_no_step_waits_a_whole_file_is_written_in_one_poll() {
    let rt = Plain::default();
    let long = vec![7; 100_000];
    block_on(fs::write_in("a", &long, &rt)).expect("it is written");
    let mut cx = Context::from_waker(Waker::noop());
    // One unit is left of the budget, and each file takes thousands of steps (`L153`).
    budget::refilled(|| {
        for _ in 1..budget::BUDGET {
            assert!(budget::poll(&mut cx, |_| Poll::Ready(())).is_ready());
        }
        assert!(pin!(fs::write_in("b", &long, &rt)).poll(&mut cx).is_ready());
        assert!(
            pin!(fs::write_in("c", &long, &rt))
                .poll(&mut cx)
                .is_pending()
        );
        assert!(pin!(fs::copy_in("a", "c", &rt)).poll(&mut cx).is_ready());
    });
    for name in ["b", "c"] {
        assert!(block_on(fs::read_in(name, &rt)).expect("it is there") == long);
    }
}

#[test]
fn what_a_backend_does_better_is_used_when_it_is_erased() {
    let rt = AnyRuntime::new(Own);
    let text = |result: std::io::Result<()>| result.expect_err("its own way").to_string();
    block_on(async {
        let path = "a".as_ref();
        assert_eq!(text(rt.read_file(path).await.map(drop)), "own read_file");
        assert_eq!(
            text(rt.write_file(path, Vec::new()).await),
            "own write_file"
        );
        assert_eq!(
            text(rt.copy_file(path, path).await.map(drop)),
            "own copy_file"
        );
    });
    let file = AnyFile::new(OwnFile);
    assert_eq!(
        text(poll(|cx, wait| file.poll_flush(cx, wait))),
        "own poll_flush"
    );
    let given = block_on(file.write_owned(vec![1]));
    assert_eq!(text(given.map(drop)), "own write_owned");

    let stream = AnyTcpStream::new(OwnStream);
    let read = poll(|cx, wait| stream.poll_read_vectored(cx, wait, &mut []));
    assert_eq!(text(read.map(drop)), "own poll_read_vectored");
    let written = poll(|cx, wait| stream.poll_write_vectored(cx, wait, &[]));
    assert_eq!(text(written.map(drop)), "own poll_write_vectored");

    let socket = AnyUdpSocket::new(OwnSocket);
    let sent = poll(|cx, wait| socket.poll_send(cx, wait, b"x"));
    assert_eq!(text(sent.map(drop)), "own poll_send");
    let received = poll(|cx, wait| socket.poll_recv(cx, wait, &mut [0]));
    assert_eq!(text(received.map(drop)), "own poll_recv");
    let seen = poll(|cx, wait| socket.poll_peek(cx, wait, &mut [0]));
    assert_eq!(text(seen.map(drop)), "own poll_peek");
}

#[test]
fn a_flush_has_nothing_to_wait_for() {
    let rt = Plain::default();
    block_on(async {
        let file = fs::File::create_in("a", &rt).await.expect("a name");
        file.write_all(b"hello").await.expect("it is written");
        file.flush().await.expect("all is written");
    });
}
