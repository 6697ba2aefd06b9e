//! Reading addresses, looking names up, and trying one address after the other.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_lite::future::block_on;

use super::fake::Fake;
use crate::budget;
use crate::net::{Target, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use crate::net::{lookup_host, lookup_host_in};

fn v4(last: u8, port: u16) -> SocketAddr {
    ([10, 0, 0, last], port).into()
}

#[test]
fn literals_are_read_as_std_reads_them() {
    let literals = [
        "127.0.0.1:80",
        "[::1]:65535",
        "[fe80::1%7]:0",
        "::1:80",
        "0.0.0.0:0",
    ];
    for text in literals {
        let std = text.to_socket_addrs().expect("std reads it").next();
        let ours = text.to_target().expect("we read it");
        assert_eq!(std.map(Target::Address), Some(ours), "{text}");
    }
    for bad in [
        "127.0.0.1",
        "localhost",
        "localhost:",
        "localhost:65536",
        "",
        "a:b",
    ] {
        let std = bad.to_socket_addrs().expect_err("std refuses it").kind();
        let ours = bad.to_target().expect_err("we refuse it").kind();
        assert_eq!(std, ours, "{bad}");
    }
}

#[test]
fn every_form_of_an_address() {
    let one = Target::Address(([127, 0, 0, 1], 80).into());
    let read = |addr: &dyn ToSocketAddrs| addr.to_target().expect("an address");
    assert_eq!(read(&SocketAddr::from(([127, 0, 0, 1], 80))), one);
    assert_eq!(read(&("127.0.0.1", 80)), one);
    assert_eq!(read(&(String::from("127.0.0.1"), 80)), one);
    assert_eq!(read(&(Ipv4Addr::LOCALHOST, 80)), one);
    assert_eq!(read(&[SocketAddr::from(([127, 0, 0, 1], 80))]), one);
    let v6 = Target::Address((Ipv6Addr::LOCALHOST, 80).into());
    assert_eq!(read(&("::1", 80)), v6);
    let two = vec![v4(1, 80), v4(2, 80)];
    assert_eq!(read(&two), Target::Addresses(two.clone()));
    let name = Target::Name {
        host: String::from("localhost"),
        port: 80,
    };
    assert_eq!(read(&"localhost:80"), name);
    assert_eq!(read(&("localhost", 80)), name);
}

#[test]
fn a_literal_never_reaches_the_lookup() {
    let rt = Fake::new();
    for literal in ["127.0.0.1:80", "[::1]:80", "::1:80"] {
        block_on(TcpStream::connect_in(literal, &rt)).expect("port 80 answers");
        block_on(lookup_host_in(literal, &rt)).expect("an address");
        // Not even a runtime is needed.
        let found = block_on(lookup_host(literal)).expect("an address");
        assert_eq!(found.len(), 1);
    }
    assert!(rt.lock().looked_up.is_empty());
    block_on(TcpStream::connect_in("two:80", &rt)).expect("port 80 answers");
    assert_eq!(rt.lock().looked_up, ["two"]);
}

#[test]
fn addresses_are_tried_in_order() {
    let rt = Fake::new();
    let all = [v4(1, 1), v4(2, 2), v4(3, 80), v4(4, 80)];
    block_on(TcpStream::connect_in(all, &rt)).expect("the third answers");
    assert_eq!(rt.lock().attempts, all[..3]);

    let kind = |addrs: &[SocketAddr]| {
        let connected = block_on(TcpStream::connect_in(addrs, &rt));
        connected.expect_err("none answers").kind()
    };
    assert_eq!(kind(&[v4(1, 1), v4(2, 2)]), ErrorKind::TimedOut);
    assert_eq!(kind(&[v4(2, 2), v4(1, 1)]), ErrorKind::ConnectionRefused);
    assert_eq!(kind(&[]), ErrorKind::InvalidInput);
    let nowhere = block_on(TcpStream::connect_in("nowhere:80", &rt));
    assert_eq!(
        nowhere.expect_err("no address").kind(),
        ErrorKind::InvalidInput
    );

    rt.lock().attempts.clear();
    block_on(TcpListener::bind_in([v4(1, 1), v4(2, 80)], &rt)).expect("the second is free");
    assert_eq!(rt.lock().attempts, [v4(1, 1), v4(2, 80)]);
}

#[test]
fn a_connect_timeout_ends_at_its_limit() {
    let rt = Fake::new();
    let limit = Duration::from_secs(5);
    let mut cx = Context::from_waker(Waker::noop());
    let mut connect = pin!(TcpStream::connect_timeout_in(&v4(1, 3), limit, &rt));
    rt.advance(limit - Duration::from_nanos(1));
    assert!(connect.as_mut().poll(&mut cx).is_pending());
    rt.advance(Duration::from_nanos(1));
    let Poll::Ready(Err(error)) = connect.poll(&mut cx) else {
        panic!("its time is over");
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);

    let zero = block_on(TcpStream::connect_timeout_in(
        &v4(1, 80),
        Duration::ZERO,
        &rt,
    ));
    assert_eq!(
        zero.expect_err("as std has it").kind(),
        ErrorKind::InvalidInput
    );
}

#[test]
fn making_a_socket_is_charged_to_the_budget() {
    let rt = Fake::new();
    is_charged(|| TcpStream::connect_in(v4(1, 80), &rt));
    is_charged(|| TcpListener::bind_in(v4(1, 80), &rt));
    is_charged(|| UdpSocket::bind_in(v4(1, 80), &rt));
}

/// Each is ready at once, and so one too many in a row must wait.
fn is_charged<F: Future>(make: impl Fn() -> F) {
    let mut cx = Context::from_waker(Waker::noop());
    budget::refilled(|| {
        for _ in 0..budget::BUDGET {
            assert!(pin!(make()).poll(&mut cx).is_ready());
        }
        assert!(pin!(make()).poll(&mut cx).is_pending());
    });
}
