//! Laws of connections that break on the way: L095, L116, L120 and L187, through a network that
//! harms them.

use std::io::ErrorKind;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::TcpStream;
use anyrt_api::time::{sleep_in, timeout_in};

use crate::chance::Chance;
use crate::chaos::{Fault, Lane, Proxy};
use crate::peers::{bytes_from, listener};
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l095_an_end_on_the_way_stays_the_end),
        law!(l116_one_direction_ends_on_the_way),
        law!(l120_a_reset_on_the_way_is_both_ends_error),
        law!(l187_a_peer_that_falls_silent_is_waited_for),
    ]
}

/// A client and a server with such a network in between.
async fn through<R: Runtime>(
    up: Lane,
    down: Lane,
    rt: &R,
) -> (TcpStream<R>, TcpStream<R>, Proxy<R>) {
    let (listener, addr) = listener(rt).await;
    let seed = Chance::of(rt).below(1 << 30) as u64;
    let proxy = Proxy::start(addr, up, down, seed, rt)
        .await
        .expect("it listens");
    let client = TcpStream::connect_in(proxy.addr(), rt)
        .await
        .expect("it connects");
    let (server, _) = listener.accept().await.expect("it accepts");
    (client, server, proxy)
}

/// L095: The end of a stream that ended on the way is the end again and again.
async fn l095_an_end_on_the_way_stays_the_end<R: Runtime>(rt: R) {
    let down = Lane::new().slices(1..=9).after(1_000, Fault::HalfClose);
    let (client, server, _proxy) = through(Lane::new(), down, &rt).await;
    server
        .write_all(&bytes_from(0, 5_000))
        .await
        .expect("its buffer has room");
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.expect("to the end");
    assert_eq!(all, bytes_from(0, 1_000));
    for _ in 0..5 {
        assert_eq!(client.read(&mut [0; 4]).await.expect("the end"), 0);
    }
}

/// L116: When one direction ends on the way, the other goes on.
async fn l116_one_direction_ends_on_the_way<R: Runtime>(rt: R) {
    let up = Lane::new().slices(1..=5).after(777, Fault::HalfClose);
    let (client, server, _proxy) = through(up, Lane::new(), &rt).await;
    client
        .write_all(&bytes_from(0, 777))
        .await
        .expect("it is read");
    let mut all = Vec::new();
    server.read_to_end(&mut all).await.expect("to the end");
    assert_eq!(all, bytes_from(0, 777));
    server.write_all(b"and back").await.expect("the other way");
    server.close().await.expect("the end of it");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("to the end");
    assert_eq!(answer, b"and back");
}

/// L120: A connection that is reset on the way is an error for the reader, after what had passed,
/// and for the writer, and wakes both.
async fn l120_a_reset_on_the_way_is_both_ends_error<R: Runtime>(rt: R) {
    for passed in [1, 400, 5_000] {
        let up = Lane::new().slices(1..=400).after(passed, Fault::Reset);
        let (client, server, _proxy) = through(up, Lane::new(), &rt).await;
        let writer = rt.spawn(async move {
            let mut at = 0;
            loop {
                match client.write(&bytes_from(at, 1_000)).await {
                    Ok(n) => at += n,
                    Err(error) => return error.kind(),
                }
            }
        });
        let mut all = Vec::new();
        let read = timeout_in(PATIENCE, server.read_to_end(&mut all), &rt).await;
        let error = read.expect("a reader hangs").expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(all.len() as u64 <= passed && all == bytes_from(0, all.len()));
        let kind = timeout_in(PATIENCE, writer, &rt)
            .await
            .expect("a writer hangs");
        let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&kind.expect("no panic")));
    }
}

/// L187: A peer that falls silent in the middle is waited for: reads and writes wait, a time limit
/// around them holds, and what is written meanwhile is held back.
async fn l187_a_peer_that_falls_silent_is_waited_for<R: Runtime>(rt: R) {
    let up = Lane::new().after(100_000, Fault::Stall);
    let down = Lane::new().after(10, Fault::Stall);
    let (client, server, _proxy) = through(up, down, &rt).await;
    let writing = client.clone();
    let writer = rt.spawn(async move {
        let (mut at, bytes) = (0_u64, vec![7; 64 << 10]);
        while at < FAR_TOO_MUCH {
            at += writing.write(&bytes).await.expect("nobody breaks it") as u64;
        }
    });
    server
        .write_all(&bytes_from(0, 20))
        .await
        .expect("its buffer has room");
    let mut ten = [0; 10];
    client.read_exact(&mut ten).await.expect("what passed");
    let limit = Duration::from_millis(100);
    let before = rt.now();
    let read = timeout_in(limit, client.read(&mut ten), &rt).await;
    assert!(read.is_err() && rt.now() - before >= limit);
    sleep_in(limit, &rt).await;
    assert!(
        !writer.is_finished(),
        "more was taken than any buffer holds"
    );
    let cancelled = writer.cancel().await.expect_err("it waited");
    assert!(cancelled.is_cancelled());
}

/// What no peer may be made to keep.
const FAR_TOO_MUCH: u64 = 256 << 20;
const PATIENCE: Duration = Duration::from_secs(5);
