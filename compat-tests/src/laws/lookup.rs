//! Laws of names: L136 to L138, without asking the system's resolver.

use std::io::ErrorKind;
use std::net::ToSocketAddrs as _;
use std::sync::mpsc::channel;

use anyrt_api::net::{TcpStream, lookup_host_in};
use anyrt_api::{BlockOn, Runtime, Spawn};
use futures_lite::future::{poll_once, zip};

use crate::peers::listener;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l136_literals_need_no_lookup),
        law!(l136_literals_with_every_thread_blocked in lab).needs(Capability::Threads),
        law!(l137_localhost_is_the_loopback),
        law!(l138_what_is_no_address_is_invalid),
    ]
}

/// L136: A literal address never reaches the runtime's lookup: it is there at the first poll.
async fn l136_literals_need_no_lookup<R: Runtime>(rt: R) {
    for literal in ["127.0.0.1:80", "0.0.0.0:0", "[::1]:443", "[fe80::1%3]:9"] {
        let expected: Vec<_> = literal.to_socket_addrs().expect("std reads it").collect();
        let found = poll_once(lookup_host_in(literal, &rt))
            .await
            .expect("without waiting");
        assert_eq!(found.expect("an address").collect::<Vec<_>>(), expected);
    }
    let found = poll_once(lookup_host_in(("::1", 7), &rt))
        .await
        .expect("without waiting");
    let expected: Vec<_> = ("::1", 7)
        .to_socket_addrs()
        .expect("std reads it")
        .collect();
    assert_eq!(found.expect("an address").collect::<Vec<_>>(), expected);
}

/// L136: And so it works while every blocking thread is taken.
fn l136_literals_with_every_thread_blocked<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.blocking_threads = 2);
    let rt = owner.handle();
    let (releases, blocked): (Vec<_>, Vec<_>) = (0..4)
        .map(|_| {
            let (release, released) = channel::<()>();
            let stuck = rt.spawn_blocking(move || {
                let _ = released.recv();
            });
            (release, stuck)
        })
        .unzip();
    owner.block_on(async {
        let (listener, addr) = listener(&rt).await;
        let literal = format!("127.0.0.1:{}", addr.port());
        let ends = zip(TcpStream::connect_in(literal, &rt), listener.accept()).await;
        assert_eq!(
            ends.0.expect("it connects").peer_addr().expect("its peer"),
            addr
        );
        drop(releases);
        for stuck in blocked {
            stuck.await.expect("it was released");
        }
    });
}

/// L137: `localhost` is the loopback address.
async fn l137_localhost_is_the_loopback<R: Runtime>(rt: R) {
    for found in [
        lookup_host_in("localhost:4321", &rt).await,
        lookup_host_in(("localhost", 4321), &rt).await,
    ] {
        let found: Vec<_> = found.expect("every machine knows it").collect();
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|addr| addr.ip().is_loopback() && addr.port() == 4321)
        );
    }
}

/// L138: What is no address and no name with a port is `InvalidInput`, as in std, never a panic.
async fn l138_what_is_no_address_is_invalid<R: Runtime>(rt: R) {
    for bad in [
        "",
        "no port",
        "127.0.0.1",
        "localhost:",
        "localhost:x",
        "localhost:65536",
        ":",
    ] {
        let std = bad.to_socket_addrs().map(drop);
        let kind = std.map_err(|error| error.kind()).err();
        let ours = lookup_host_in(bad, &rt).await.map(drop);
        let ours = ours.map_err(|error| error.kind()).err();
        if kind == Some(ErrorKind::InvalidInput) {
            assert_eq!(ours, kind, "{bad:?}");
        }
    }
    let connected = TcpStream::connect_in("no port", &rt).await;
    assert_eq!(
        connected.expect_err("no address").kind(),
        ErrorKind::InvalidInput
    );
}
