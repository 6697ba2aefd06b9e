//! The misbehaving network of the laws does what it says, on every backend.
#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::time::timeout_in;
use anyrt_laws::chaos::{Fault, Lane, Proxy};
use anyrt_laws::{Backend, Setup};
use anyrt_tests::{Native, Smol, Tokio};

/// A client and a server that talk through such a network.
async fn through<R: Runtime>(
    up: Lane,
    down: Lane,
    rt: &R,
) -> (TcpStream<R>, TcpStream<R>, Proxy<R>) {
    let listener = TcpListener::bind_in("127.0.0.1:0", rt).await.unwrap();
    let server = listener.local_addr().unwrap();
    let proxy = Proxy::start(server, up, down, 7, rt).await.unwrap();
    let client = TcpStream::connect_in(proxy.addr(), rt).await.unwrap();
    (client, listener.accept().await.unwrap().0, proxy)
}

/// The length of every read until the end, or until an error.
async fn reads<R: Runtime>(stream: &TcpStream<R>) -> (Vec<usize>, Option<ErrorKind>) {
    let (mut lengths, mut buf) = (Vec::new(), [0; 4_096]);
    loop {
        match stream.read(&mut buf).await {
            Ok(0) => return (lengths, None),
            Ok(n) => lengths.push(n),
            Err(error) => return (lengths, Some(error.kind())),
        }
    }
}

mod cases {
    use super::*;

    pub(super) async fn passes_everything<R: Runtime>(rt: R) {
        let (client, server, _proxy) = through(Lane::new(), Lane::new(), &rt).await;
        for (from, to) in [(&client, &server), (&server, &client)] {
            from.write_all(b"some bytes").await.unwrap();
            from.close().await.unwrap();
            let mut all = Vec::new();
            to.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, b"some bytes");
        }
    }

    pub(super) async fn slices_and_delays<R: Runtime>(rt: R) {
        const DELAY: Duration = Duration::from_millis(4);
        let up = Lane::new().slices(1..=3).delay(DELAY);
        let (client, server, _proxy) = through(up, Lane::new(), &rt).await;
        let before = rt.now();
        client.write_all(&[7; 60]).await.unwrap();
        client.close().await.unwrap();
        let (lengths, error) = reads(&server).await;
        assert_eq!((lengths.iter().sum::<usize>(), error), (60, None));
        assert!(
            rt.now() - before >= 20 * DELAY,
            "at least 20 pieces, each delayed"
        );
        // Two pieces may be read as one, if this thread was late; not all of them.
        assert!(lengths.len() >= 5, "{lengths:?}");
    }

    pub(super) async fn resets_after_so_many_bytes<R: Runtime>(rt: R) {
        let up = Lane::new().after(100, Fault::Reset);
        let (client, server, _proxy) = through(up, Lane::new(), &rt).await;
        client.write_all(&[7; 300]).await.unwrap();
        let (lengths, error) = reads(&server).await;
        assert!(lengths.iter().sum::<usize>() <= 100, "{lengths:?}");
        assert_eq!(error, Some(ErrorKind::ConnectionReset));
        assert!(
            client.read(&mut [0; 1]).await.is_err(),
            "both ends are told"
        );
    }

    pub(super) async fn ends_one_direction<R: Runtime>(rt: R) {
        let up = Lane::new().slices(1..=9).after(100, Fault::HalfClose);
        let (client, server, _proxy) = through(up, Lane::new(), &rt).await;
        client.write_all(&[7; 300]).await.unwrap();
        let (lengths, error) = reads(&server).await;
        assert_eq!((lengths.iter().sum::<usize>(), error), (100, None));
        server.write_all(b"back").await.unwrap();
        client.read_exact(&mut [0; 4]).await.unwrap();
    }

    pub(super) async fn falls_silent<R: Runtime>(rt: R) {
        let down = Lane::new().after(10, Fault::Stall);
        let (client, server, proxy) = through(Lane::new(), down, &rt).await;
        server.write_all(&[7; 20]).await.unwrap();
        client.read_exact(&mut [0; 10]).await.unwrap();
        let limit = Duration::from_millis(50);
        let more = timeout_in(limit, client.read(&mut [0; 1]), &rt).await;
        assert!(more.is_err(), "it did not fall silent: {more:?}");
        client.write_all(b"up").await.unwrap();
        server.read_exact(&mut [0; 2]).await.unwrap();
        drop(proxy);
        let end = timeout_in(Duration::from_secs(5), client.read(&mut [0; 1]), &rt).await;
        let end = end.expect("the end of the proxy is the end of its connections");
        assert!(matches!(end, Ok(0) | Err(_)));
    }
}

/// Runs a case on each of them.
macro_rules! on_every_backend {
    ($($case:ident)*) => {
        $(#[test]
        fn $case() {
            let setup = Setup::default();
            let owner = Native::start(&setup).unwrap();
            owner.block_on(cases::$case(owner.handle()));
            let owner = Tokio::start(&setup).unwrap();
            owner.block_on(cases::$case(owner.handle()));
            let owner = Smol::start(&setup).unwrap();
            owner.block_on(cases::$case(owner.handle()));
        })*
    };
}

on_every_backend! {
    passes_everything
    slices_and_delays
    resets_after_so_many_bytes
    ends_one_direction
    falls_silent
}
