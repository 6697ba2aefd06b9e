//! L121: much data, in pieces of every size.

use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::TcpStream;

use crate::chance::Chance;
use crate::chaos::{Lane, Proxy};
use crate::peers::{Pattern, listener, pair};
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l121_sixty_four_mebibytes_there_and_back).limit(
            Duration::from_secs(60),
            "it moves 256 MiB on each of two runtimes",
        ),
        law!(l121_what_is_cut_up_on_the_way_is_whole),
    ]
}

/// Writes `len` bytes of the pattern in pieces of every size up to `most`, and the end.
async fn send<R: Runtime>(stream: TcpStream<R>, len: usize, most: usize, mut chance: Chance) {
    let pattern = Pattern::new(most);
    let mut at = 0;
    while at < len {
        let piece = chance.length(most).min(len - at);
        stream
            .write_all(pattern.at(at, piece))
            .await
            .expect("it is read");
        at += piece;
    }
    stream.close().await.expect("the end of it");
}

/// Gives back what comes, in buffers of every size.
async fn echo<R: Runtime>(stream: TcpStream<R>, most: usize, mut chance: Chance) {
    let mut buf = vec![0; most];
    loop {
        let room = chance.length(most);
        let n = stream.read(&mut buf[..room]).await.expect("it is sent");
        if n == 0 {
            return stream.close().await.expect("the end of it");
        }
        stream.write_all(&buf[..n]).await.expect("it is read");
    }
}

/// Reads to the end in buffers of every size, and holds every byte against the pattern; how many.
async fn check<R: Runtime>(stream: &TcpStream<R>, most: usize, mut chance: Chance) -> usize {
    let pattern = Pattern::new(most);
    let mut buf = vec![0; most];
    let mut at = 0;
    loop {
        let room = chance.length(most);
        let n = stream.read(&mut buf[..room]).await.expect("it is sent");
        if n == 0 {
            return at;
        }
        assert!(
            buf[..n] == *pattern.at(at, n),
            "wrong bytes at {at}..{}",
            at + n
        );
        at += n;
    }
}

/// L121: 64 MiB there and back, in buffers of every size, arrive byte for byte.
async fn l121_sixty_four_mebibytes_there_and_back<R: Runtime>(rt: R) {
    const LEN: usize = 64 << 20;
    const MOST: usize = 128 << 10;
    let mut chance = Chance::of(&rt);
    let (ours, peer) = pair(&rt).await;
    let echo = rt.spawn(echo(peer, MOST, chance.split()));
    let sends = rt.spawn(send(ours.clone(), LEN, MOST, chance.split()));
    assert_eq!(check(&ours, MOST, chance).await, LEN);
    sends.await.expect("all was sent");
    echo.await.expect("and came back");
}

/// L121: And so do bytes that a network cuts up and delays.
async fn l121_what_is_cut_up_on_the_way_is_whole<R: Runtime>(rt: R) {
    const LEN: usize = 200_000;
    let mut chance = Chance::of(&rt);
    let (listener, addr) = listener(&rt).await;
    let up = Lane::new().slices(1..=700);
    let down = Lane::new()
        .slices(300..=3_000)
        .delay(Duration::from_micros(50));
    let proxy = Proxy::start(addr, up, down, chance.below(1 << 30) as u64, &rt);
    let proxy = proxy.await.expect("it listens");
    let client = TcpStream::connect_in(proxy.addr(), &rt)
        .await
        .expect("it connects");
    let (server, _) = listener.accept().await.expect("it accepts");
    let echo = rt.spawn(echo(server, 5_000, chance.split()));
    let sends = rt.spawn(send(client.clone(), LEN, 9_000, chance.split()));
    assert_eq!(check(&client, 4_000, chance).await, LEN);
    sends.await.expect("all was sent");
    echo.await.expect("and came back");
}
