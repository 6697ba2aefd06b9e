//! Laws of names, beside std's resolver: L137, L138 and L142.

use std::net::ToSocketAddrs as _;

use anyrt_api::Runtime;
use anyrt_api::net::{TcpStream, lookup_host_in};

use crate::peers::listener;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l137_localhost_as_std_has_it),
        law!(l138_bad_names_as_std_has_them),
        law!(l142_a_refusal_keeps_its_number),
    ]
}

/// L137: `localhost` resolves as `std::net::ToSocketAddrs` resolves it, in its order.
async fn l137_localhost_as_std_has_it<R: Runtime>(rt: R) {
    let expected: Vec<_> = ("localhost", 80)
        .to_socket_addrs()
        .expect("std finds it")
        .collect();
    for _ in 0..3 {
        let found = lookup_host_in(("localhost", 80), &rt).await.expect("found");
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}

/// L138: A bad name gives the error kind that std gives, never a panic.
async fn l138_bad_names_as_std_has_them<R: Runtime>(rt: R) {
    let long = "x".repeat(300);
    for host in [
        "no-such-host.invalid",
        "",
        "a b",
        "nul\0inside",
        "-",
        "..",
        &long,
    ] {
        let std = (host, 80)
            .to_socket_addrs()
            .map(drop)
            .map_err(|error| error.kind());
        let ours = lookup_host_in((host, 80), &rt)
            .await
            .map(drop)
            .map_err(|error| error.kind());
        assert_eq!(ours, std, "{host:?}");
    }
}

/// L142: An error of a socket keeps the system's error number.
async fn l142_a_refusal_keeps_its_number<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    drop(listener);
    let ours = TcpStream::connect_in(addr, &rt)
        .await
        .expect_err("nobody listens");
    let std = std::net::TcpStream::connect(addr).expect_err("nobody listens");
    assert_eq!(ours.raw_os_error(), std.raw_os_error());
    assert!(ours.raw_os_error().is_some());
}
