//! Waiters, empty buffers, halves and erasure of a connection.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use futures_lite::future::block_on;

use super::fake::{Fake, FakeStream};
use crate::any::AnyTcpStream;
use crate::budget;
use crate::io::{AsyncRead, AsyncWrite};
use crate::net::{AsyncNet, TcpStream};

fn connected() -> (FakeStream, TcpStream<Fake>) {
    let raw = FakeStream::default();
    (raw.clone(), TcpStream::from_raw(raw))
}

#[test]
fn every_waiter_has_one_place_and_leaves_it() {
    let (raw, mut stream) = connected();
    let mut cx = Context::from_waker(Waker::noop());
    let mut buf = [0; 8];
    {
        let (mut read, mut peek) = ([0; 8], [0; 8]);
        let mut read = Box::pin(stream.read(&mut read));
        let mut peek = Box::pin(stream.peek(&mut peek));
        for _ in 0..3 {
            assert!(read.as_mut().poll(&mut cx).is_pending());
            assert!(peek.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(raw.lock().waiting.len(), 2);
    }
    assert!(raw.lock().waiting.is_empty(), "dropped operations are gone");

    for _ in 0..3 {
        let owned = Pin::new(&mut stream);
        assert!(owned.poll_read(&mut cx, &mut buf).is_pending());
        assert!(Pin::new(&mut stream).poll_write(&mut cx, &buf).is_pending());
    }
    assert_eq!(raw.lock().waiting.len(), 2, "one a direction");
    let shared = &mut &stream;
    assert!(Pin::new(shared).poll_read(&mut cx, &mut buf).is_pending());
    assert_eq!(raw.lock().n_waits_by_waker, 1);
    drop(stream.clone());
    assert_eq!(raw.lock().waiting.len(), 2, "a clone has its own");
    drop(stream);
    assert!(raw.lock().waiting.is_empty());
}

#[test]
fn empty_buffers_do_not_reach_the_socket() {
    let (raw, mut stream) = connected();
    let mut nothing: [IoSliceMut<'_>; 2] = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])];
    let none = [IoSlice::new(&[])];
    assert_eq!(block_on(stream.read(&mut [])).ok(), Some(0));
    assert_eq!(block_on(stream.peek(&mut [])).ok(), Some(0));
    assert_eq!(block_on(stream.read_vectored(&mut nothing)).ok(), Some(0));
    assert_eq!(block_on(stream.write(&[])).ok(), Some(0));
    assert_eq!(block_on(stream.write_vectored(&none)).ok(), Some(0));
    block_on(stream.read_exact(&mut [])).expect("there is nothing to read");
    block_on(stream.write_all(&[])).expect("there is nothing to write");
    let mut cx = Context::from_waker(Waker::noop());
    let mut owned = Pin::new(&mut stream);
    assert!(owned.as_mut().poll_read(&mut cx, &mut []).is_ready());
    assert!(owned.as_mut().poll_write(&mut cx, &[]).is_ready());
    assert_eq!(raw.lock().n_calls, 0);
}

#[test]
fn exact_and_all_go_on_until_they_are_done() {
    let (raw, stream) = connected();
    raw.lock().n_ready = 3;
    block_on(stream.read_exact(&mut [0; 8])).expect("three at a time");
    assert_eq!(raw.lock().n_calls, 3);
    block_on(stream.write_all(&[0; 7])).expect("three at a time");
    assert_eq!(raw.lock().n_calls, 6);
}

#[test]
fn reads_and_writes_are_charged_to_the_budget() {
    let (raw, mut stream) = connected();
    raw.lock().n_ready = 1;
    let mut cx = Context::from_waker(Waker::noop());
    budget::refilled(|| {
        for _ in 0..budget::BUDGET / 2 {
            let owned = Pin::new(&mut stream);
            assert!(owned.poll_read(&mut cx, &mut [0]).is_ready());
            assert!(Pin::new(&mut &stream).poll_write(&mut cx, &[0]).is_ready());
        }
        assert!(pin!(stream.read(&mut [0])).poll(&mut cx).is_pending());
        assert!(raw.lock().waiting.is_empty());
    });
}

#[test]
fn halves_reunite_with_each_other_alone() {
    let ((raw, ours), (_, other)) = (connected(), connected());
    let (read, write) = ours.into_split();
    let (other_read, other_write) = other.into_split();
    let error = read.reunite(other_write).expect_err("two connections");
    let crate::net::ReuniteError(read, other_write) = error;
    other_write.reunite(other_read).expect("one connection");
    let stream = write.reunite(read).expect("one connection");
    raw.lock().n_ready = 1;
    assert_eq!(block_on(stream.read(&mut [0])).ok(), Some(1));
}

#[test]
fn a_dropped_half_shuts_nothing_down() {
    let (raw, stream) = connected();
    let (read, mut write) = stream.into_split();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut write).poll_write(&mut cx, &[0]).is_pending());
    drop(write);
    assert!(raw.lock().waiting.is_empty());
    assert!(!raw.lock().is_shut);
    drop(read);
    assert!(!raw.lock().is_shut);

    let (_read, write) = TcpStream::<Fake>::from_raw(raw.clone()).into_split();
    block_on(write.close()).expect("it is open");
    assert!(raw.lock().is_shut);
}

#[test]
fn an_erased_connection_is_the_same_connection() -> io::Result<()> {
    let (raw, stream) = connected();
    raw.lock().n_ready = 2;
    let erased = stream.erase();
    assert_eq!(block_on(erased.read(&mut [0; 8]))?, 2);
    let twice = erased.try_clone()?.erase();
    let foreign = twice.into_raw().downcast::<Foreign>();
    let back = foreign.expect_err("it is of the other backend").downcast();
    let back: FakeStream = back.expect("an erased connection is not erased again");
    raw.lock().n_ready = 5;
    assert_eq!(back.lock().n_ready, 5);
    Ok(())
}

/// A connection of another backend than [`Fake`].
type Foreign = <crate::AnyRuntime as AsyncNet>::TcpStream;

#[test]
fn the_names_of_the_erased_are_in_their_debug_form() {
    let (_, stream) = connected();
    let text = format!("{stream:?} {:?}", stream.clone().erase());
    assert_eq!(text.matches("127.0.0.1:1000").count(), 2, "{text}");
    let raw = AnyTcpStream::new(stream.into_raw());
    assert!(format!("{raw:?}").contains("FakeStream"));
}

#[test]
fn a_text_is_appended_whole_or_not_at_all() {
    let (raw, stream) = connected();
    let mut text = String::from("before, ");
    raw.lock().sent = Some(b"after".to_vec().into());
    assert_eq!(block_on(stream.read_to_string(&mut text)).ok(), Some(5));
    assert_eq!(text, "before, after");
    raw.lock().sent = Some(b"\xFF".to_vec().into());
    let (reading, _writing) = stream.into_split();
    let error = block_on(reading.read_to_string(&mut text)).expect_err("it is no text");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(text, "before, after");
}

#[test]
fn erased_halves_are_of_one_connection() {
    let (raw, stream) = connected();
    raw.lock().n_ready = 3;
    let (read, write) = stream.into_split();
    let (read, write) = (read.erase(), write.erase());
    assert_eq!(block_on(read.read(&mut [0; 8])).ok(), Some(3));
    assert_eq!(block_on(write.write(&[0; 2])).ok(), Some(2));
    let (other, _kept) = connected().1.into_split();
    let apart = other.erase().reunite(write).expect_err("they are of two");
    let whole: TcpStream = read.reunite(apart.1).expect("they are of one");
    assert!(whole.into_raw().downcast::<FakeStream>().is_ok());
}
