//! A server that sends back what it reads, and a client in another process.
//!
//! The client is [`Client`], the same for all. What is measured of the server it measures itself:
//! it is a process of its own too.

use std::{io, net::SocketAddr, thread, time::Duration};

use futures_channel::oneshot;

use super::{Cell, Place, Scenario, Setup, bare_echo, everyone, more_descriptors, names::*};
use crate::{
    client::{Client, MESSAGE, Seen},
    clock,
    contender::{Connection, Handle, Listen, Owner, TunedTokio},
    figure::{Role, Value},
    switches::{since, switches},
};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        echoes("echo_1", "1 KiB there and back over one connection", 1),
        echoes("echo_100", "1 KiB there and back over 100 connections", 100),
        echoes(
            "echo_1000",
            "1 KiB there and back over 1,000 connections",
            1000,
        ),
        echoes(
            "echo_10000",
            "1 KiB there and back over 10,000 connections",
            10_000,
        ),
    ];
    all.push(Scenario {
        name: "echo_blocked",
        what: "the same over 10, a task blocks its worker for 50 ms of every 150",
        place: Place::Network,
        cells: everyone!(echo_blocked),
    });
    all
}

/// So many connections, to everyone, to tokio with another setting, and to a bare loop of epoll.
fn echoes(name: &'static str, what: &'static str, connections: usize) -> Scenario {
    let cell = |(contender, role, run): (_, _, Echo)| {
        Cell::new(contender, role, move |setup| run(setup, connections))
    };
    let cells = [
        (
            "native",
            Ours,
            echo::<Direct<anyrt_native::Runtime>> as Echo,
        ),
        ("tokio", Ours, echo::<Direct<anyrt_tokio::Runtime>>),
        ("smol", Ours, echo::<Direct<anyrt_smol::Runtime>>),
        ("any-native", Ours, echo::<Erased<anyrt_native::Runtime>>),
        ("any-tokio", Ours, echo::<Erased<anyrt_tokio::Runtime>>),
        ("raw-tokio", Peer, echo::<RawTokio>),
        ("raw-smol", Peer, echo::<RawSmol>),
        ("async-std", Peer, echo::<RawAsyncStd>),
        ("tokio-tuned", Role::Control, echo::<TunedTokio>),
        ("epoll", Role::Control, bare),
    ];
    Scenario {
        name,
        what,
        place: Place::Network,
        cells: cells.into_iter().map(cell).collect(),
    }
}

/// What a server does under so many connections.
type Echo = fn(&Setup, usize) -> io::Result<Vec<Value>>;

fn echo<O: Owner>(setup: &Setup, connections: usize) -> io::Result<Vec<Value>> {
    more_descriptors(connections as u64)?;
    let (owner, addr) = serve::<O>(setup)?;
    let values = answered(setup, addr, connections)?;
    owner.stop();
    Ok(values)
}

fn bare(setup: &Setup, connections: usize) -> io::Result<Vec<Value>> {
    more_descriptors(connections as u64)?;
    let server = bare_echo::Server::start(setup.workers)?;
    let values = answered(setup, server.addr, connections)?;
    server.stop()?;
    Ok(values)
}

/// What the client sees of the server at `addr`, which is this process, and what that takes here.
fn answered(setup: &Setup, addr: SocketAddr, connections: usize) -> io::Result<Vec<Value>> {
    let look = || (clock::processor_time(), switches());
    let (seen, before, after) = client(setup, addr, connections).run_around(look)?;
    let n_switches = since(&before.1?, &after.1?);
    let rate = seen.n_measured as f64 / seen.seconds;
    // What an answer takes if each connection gets its turn.
    let fair_us = connections as f64 / rate * 1e6;
    Ok(vec![
        Value::higher("throughput", "/s", rate),
        Value::lower("p50", "us", seen.p50_us),
        Value::lower("p99", "us", seen.p99_us),
        Value::lower("p99 of a fair turn", "turns", seen.p99_us / fair_us),
        Value::nanos_each("processor time", after.0 - before.0, seen.n_measured),
        Value::lower(
            "context switches",
            "",
            n_switches as f64 / seen.n_measured as f64,
        ),
    ])
}

fn echo_blocked<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const BLOCKED: Duration = Duration::from_millis(50);
    const FREE: Duration = Duration::from_millis(100);
    let (owner, addr) = serve::<O>(setup)?;
    let (stop, mut stopped) = oneshot::channel::<()>();
    let rt = owner.handle();
    let hog = owner.handle().spawn(async move {
        while stopped.try_recv() == Ok(None) {
            rt.sleep(FREE).await;
            thread::sleep(BLOCKED);
        }
    });
    let seen: Seen = client(setup, addr, 10).run()?;
    drop(stop);
    owner.block_on(hog);
    owner.stop();
    Ok(vec![
        Value::lower("worst", "ms", seen.worst_us / 1e3),
        Value::lower("p99", "ms", seen.p99_us / 1e3),
    ])
}

fn client(setup: &Setup, addr: SocketAddr, connections: usize) -> Client {
    Client {
        addr,
        connections,
        warm_up_ms: if setup.quick { 50 } else { 300 },
        span_ms: if setup.quick { 300 } else { 1500 },
    }
}

/// A runtime with a server on it.
fn serve<O: Owner>(setup: &Setup) -> io::Result<(O, SocketAddr)> {
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let inside = rt.clone();
    let bound = rt.spawn(async move {
        let listener = inside.listen().await?;
        let addr = listener.local_addr()?;
        let rt = inside.clone();
        inside.detach(async move {
            while let Ok(stream) = listener.accept().await {
                rt.detach(send_back(stream));
            }
        });
        io::Result::Ok(addr)
    });
    let addr = owner.block_on(bound)?;
    Ok((owner, addr))
}

/// Until the client goes.
async fn send_back(mut stream: impl Connection) {
    let mut buf = [0; MESSAGE];
    while let Ok(n @ 1..) = stream.read(&mut buf).await {
        if stream.write_all(&buf[..n]).await.is_err() {
            break;
        }
    }
}
