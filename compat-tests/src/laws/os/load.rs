//! Laws of many at once, and of what they leave: L162, L186 and L187.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream as StdStream, UdpSocket as StdUdp};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyrt_api::fs::OpenOptions;
use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::task::JoinHandle;
use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};
use futures_lite::future::{poll_once, zip};

use super::process::{descriptors, descriptors_settle, raise_descriptors, resident, threads};
use crate::bound::at_most_count;
use crate::peers::{datagrams, listener, pair};
use crate::scratch::folder;
use crate::unshown::unshown;
use crate::{Backend, Lab, Law, Setup};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l162_ten_thousand_opens_at_once in lab)
            .limit(Duration::from_secs(60), "it opens ten thousand files"),
        law!(l186_idle_connections_and_alarms_are_small in lab).limit(
            Duration::from_secs(120),
            "it makes tens of thousands of connections",
        ),
        law!(l187_what_nobody_reads_takes_no_memory),
        law!(l187_what_is_read_takes_no_memory),
    ]
}

/// L162: Ten thousand opens at once succeed on no more threads than the pool's limit, and leak no
/// descriptor.
///
/// Seen from outside all threads look alike. So twice the limit is allowed: a runtime may start
/// others meanwhile, for instance to stand in for a worker that the system holds.
fn l162_ten_thousand_opens_at_once<B: Backend>(lab: &Lab<B>) {
    const OPENS: usize = 10_000;
    // Half of them are open at once where the system allows it.
    let open_max = raise_descriptors() / 2;
    let owner = lab.start();
    let limit = Setup::default().blocking_threads;
    let rt = owner.handle();
    owner.block_on(async {
        let folder = Arc::new(folder(&rt).await);
        let (baseline, threads_before) = (descriptors(), threads());
        let (most, done) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (seen, over) = (most.clone(), done.clone());
        let watch = rt.spawn({
            let rt = rt.clone();
            async move {
                while !over.load(Ordering::SeqCst) {
                    seen.fetch_max(threads(), Ordering::SeqCst);
                    sleep_in(Duration::from_millis(1), &rt).await;
                }
            }
        });
        let open = |i: usize| {
            let (rt, folder) = (rt.clone(), folder.clone());
            async move {
                // Made, so that no open is answered without a thread.
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true);
                let file = options
                    .open_in(folder.join((i % 100).to_string()), &rt)
                    .await;
                file.expect("it opens")
            }
        };
        for start in (0..OPENS).step_by(open_max.min(OPENS)) {
            let end = OPENS.min(start + open_max);
            let opens: Vec<_> = (start..end).map(|i| rt.spawn(open(i))).collect();
            let mut files = Vec::new();
            for open in opens {
                files.push(open.await.expect("no panic"));
            }
            assert!(descriptors() >= baseline + files.len());
        }
        done.store(true, Ordering::SeqCst);
        watch.await.expect("no panic");
        let more = most.load(Ordering::SeqCst).saturating_sub(threads_before);
        at_most_count("threads more:", more as u64, 2 * limit as u64);
        descriptors_settle(&rt, baseline).await;
    });
}

/// A connection on which both sides wait, and an alarm far away.
type Idle<R> = (
    JoinHandle<(), R>,
    TcpStream<R>,
    Pin<Box<<R as Timer>::Sleep>>,
);

/// `n` connections that are idle, each with a task that reads it and an alarm.
async fn idle<R: Runtime>(n: usize, rt: &R) -> Vec<Idle<R>> {
    let (listener, addr) = listener(rt).await;
    let far = rt.now() + Duration::from_secs(3_600);
    let mut all = Vec::with_capacity(n);
    for _ in 0..n {
        let (client, server) = connected(&listener, addr, rt).await;
        let reader = rt.spawn(async move {
            let read = server.read(&mut [0; 1]).await;
            assert!(matches!(read, Ok(0) | Err(_)), "nobody writes");
        });
        let mut alarm = Box::pin(rt.sleep_until(far));
        assert!(poll_once(alarm.as_mut()).await.is_none());
        all.push((reader, client, alarm));
    }
    all
}

async fn connected<R: Runtime>(
    listener: &TcpListener<R>,
    addr: SocketAddr,
    rt: &R,
) -> (TcpStream<R>, TcpStream<R>) {
    let ends = zip(TcpStream::connect_in(addr, rt), listener.accept()).await;
    let (client, (server, _)) = (ends.0.expect("it connects"), ends.1.expect("it accepts"));
    // Closed by a reset, so that the system keeps nothing of it.
    client.set_linger(Some(Duration::ZERO)).expect("it is set");
    (client, server)
}

async fn close<R: Runtime>(all: Vec<Idle<R>>) {
    for (reader, client, alarm) in all {
        drop((client, alarm));
        reader.await.expect("it sees the end");
    }
}

/// L186: An idle connection, the task that reads it and an alarm cost so much memory together, and
/// when they are gone it is there to be used again.
fn l186_idle_connections_and_alarms_are_small<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    // Two descriptors to each, and some for all else.
    let n = (raise_descriptors().saturating_sub(200) / 2).min(50_000);
    owner.block_on(async {
        close(idle(200, &rt).await).await;
        let (baseline, Some(before)) = (descriptors(), resident()) else {
            return unshown("the system does not say how much memory a process has");
        };
        let mut peaks = Vec::new();
        for _ in 0..4 {
            let all = idle(n, &rt).await;
            peaks.push(resident().expect("as before").saturating_sub(before));
            close(all).await;
            descriptors_settle(&rt, baseline).await;
        }
        println!("{n} connections, {peaks:?} bytes more at each peak");
        let each = peaks[0] / n as u64;
        at_most_count("bytes a connection with its task and alarm:", each, EACH);
        // The first round leaves holes of the allocator's; those after it use them.
        let leaked = peaks[3].saturating_sub(peaks[1]) / n as u64;
        at_most_count("bytes more, two rounds later:", leaked, LEAKED);
    });
}

/// Memory that `f` has taken when it is over, in KiB.
async fn grown_by(f: impl Future<Output = ()>) -> u64 {
    let before = resident();
    f.await;
    match (before, resident()) {
        (Some(before), Some(after)) => after.saturating_sub(before) >> 10,
        _ => {
            unshown("the system does not say how much memory a process has");
            0
        }
    }
}

/// L187: What comes from outside and is not read is held back or lost, not stored: bytes,
/// datagrams, connections.
async fn l187_what_nobody_reads_takes_no_memory<R: Runtime>(rt: R) {
    let (udp, udp_addr) = datagrams(&rt).await;
    let (listener, addr) = listener(&rt).await;
    let (quiet, _peer) = connected(&listener, addr, &rt).await;
    // They wait, and what comes for them is not taken; all of it comes for others.
    assert!(poll_once(udp.recv_from(&mut [0; 4])).await.is_none());
    let grown = grown_by(async {
        let flood = rt.spawn_blocking(move || {
            let peer = StdUdp::bind("127.0.0.1:0").expect("a socket");
            for _ in 0..50_000 {
                peer.send_to(&[7; 1_000], udp_addr).expect("sent, or lost");
            }
            let connections: Vec<_> = (0..100)
                .map(|_| {
                    let stream = StdStream::connect(addr).expect("the backlog has room");
                    stream.set_nonblocking(true).expect("it is set");
                    // Until its buffers are full.
                    while (&stream).write(&[7; 10_000]).is_ok() {}
                    stream
                })
                .collect();
            connections.len()
        });
        assert_eq!(flood.await.expect("it was sent"), 100);
        // The runtime looks at what has come, and does not take it.
        sleep_in(Duration::from_millis(100), &rt).await;
        assert!(poll_once(quiet.read(&mut [0; 4])).await.is_none());
    });
    // Of 50 MB and more; who sends them has buffers of its own, as the runtime has.
    at_most_count("KiB more after a flood:", grown.await, 8 << 10);
}

/// L187: What is read byte by byte, from a peer that sends byte by byte, leaves nothing behind.
async fn l187_what_is_read_takes_no_memory<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let mut peer = StdStream::connect(addr).expect("it connects");
    peer.set_nodelay(true).expect("it is set");
    let (ours, _) = listener.accept().await.expect("it accepts");
    let echo = async |n: usize| {
        let mut byte = [0];
        for _ in 0..n {
            // The peer stands still between two bytes, so that each is an event of its own.
            peer.write_all(b"x").expect("a byte");
            assert_eq!(ours.read(&mut byte).await.expect("a byte"), 1);
            ours.write_all(&byte).await.expect("its echo");
            peer.read_exact(&mut byte).expect("its echo");
        }
    };
    let mut echo = echo;
    echo(2_000).await;
    let grown = grown_by(echo(30_000)).await;
    at_most_count("KiB more after 30,000 events:", grown, 1 << 10);
    drop(pair(&rt).await);
}

/// Bytes that a connection may take, with the task that reads it and an alarm: both ends are in
/// this process.
const EACH: u64 = 4 << 10;

/// Bytes of it that may be missing two rounds later: none, but for the allocator's own holes.
const LEAKED: u64 = 160;
