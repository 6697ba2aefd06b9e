//! The pauses of `incoming()`, and what an error of accept means.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_lite::future::block_on;

use super::fake::Fake;
use crate::net::{AcceptError, Incoming, TcpListener, TcpStream};

/// EMFILE, or its counterpart.
fn exhausted() -> io::Error {
    io::Error::from_raw_os_error(if cfg!(windows) { 10024 } else { 24 })
}

fn incoming(rt: &Fake) -> Incoming<Fake> {
    let listener = block_on(TcpListener::bind_in("127.0.0.1:80", rt));
    listener.expect("port 80 is free").into_incoming()
}

fn next(incoming: &mut Incoming<Fake>) -> Poll<io::Result<TcpStream<Fake>>> {
    let mut cx = Context::from_waker(Waker::noop());
    let next = pin!(incoming.next()).poll(&mut cx);
    next.map(|item| item.expect("it never ends"))
}

#[test]
fn exhaustion_pauses_twice_as_long_each_time() {
    let rt = Fake::new();
    let mut incoming = incoming(&rt);
    rt.lock().accepts = (0..14).map(|_| Err(exhausted())).collect();
    let pauses = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000];
    assert!(matches!(next(&mut incoming), Poll::Ready(Err(_))));
    for pause in pauses.map(Duration::from_millis) {
        rt.advance(pause - Duration::from_nanos(1));
        assert!(next(&mut incoming).is_pending(), "{pause:?} is not over");
        rt.advance(Duration::from_nanos(1));
        assert!(matches!(next(&mut incoming), Poll::Ready(Err(_))));
    }
}

#[test]
fn a_connection_ends_the_pauses() {
    let rt = Fake::new();
    let mut incoming = incoming(&rt);
    for _ in 0..2 {
        rt.lock().accepts = [Err(exhausted()), Ok(()), Ok(())].into();
        assert!(matches!(next(&mut incoming), Poll::Ready(Err(_))));
        assert!(next(&mut incoming).is_pending());
        rt.advance(Duration::from_millis(1));
        assert!(matches!(next(&mut incoming), Poll::Ready(Ok(_))));
        assert!(matches!(next(&mut incoming), Poll::Ready(Ok(_))));
    }
    assert!(next(&mut incoming).is_pending(), "nobody connects");
}

#[test]
fn the_error_of_one_connection_pauses_nothing() {
    let rt = Fake::new();
    let mut incoming = incoming(&rt);
    let aborted = || Err(ErrorKind::ConnectionAborted.into());
    rt.lock().accepts = [aborted(), aborted(), Ok(())].into();
    assert!(matches!(next(&mut incoming), Poll::Ready(Err(_))));
    assert!(matches!(next(&mut incoming), Poll::Ready(Err(_))));
    assert!(matches!(next(&mut incoming), Poll::Ready(Ok(_))));
}

#[test]
fn what_an_error_means() {
    assert_eq!(AcceptError::of(&exhausted()), AcceptError::Exhausted);
    assert!(AcceptError::of(&exhausted()).is_transient());
    let of = |kind: ErrorKind| AcceptError::of(&kind.into());
    assert_eq!(of(ErrorKind::OutOfMemory), AcceptError::Exhausted);
    assert_eq!(of(ErrorKind::ConnectionReset), AcceptError::Connection);
    assert_eq!(of(ErrorKind::InvalidInput), AcceptError::Listener);
    assert!(!of(ErrorKind::InvalidInput).is_transient());
}
