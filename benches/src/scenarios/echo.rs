//! A server that sends back what it reads, and a client in another process.

use std::{io, thread, time::Duration};

use futures_channel::oneshot;

use super::{
    Cell, Place, Scenario, Setup, bare_echo, everyone, more_descriptors,
    names::*,
    server::{Load, serve},
};
use crate::{
    client::{Client, MESSAGE, Protocol, Seen},
    contender::{Connection, Handle, Owner, TunedTokio},
    figure::{Role, Value},
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
        what: "5,000 messages a second over 10, a task blocks its worker for 50 ms of every 150",
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
    let (owner, addr) = serve::<O, _>(setup, send_back)?;
    let values = load(connections).answered(setup, addr)?;
    owner.stop();
    Ok(values)
}

fn bare(setup: &Setup, connections: usize) -> io::Result<Vec<Value>> {
    more_descriptors(connections as u64)?;
    let server = bare_echo::Server::start(setup.workers)?;
    let values = load(connections).answered(setup, server.addr)?;
    server.stop()?;
    Ok(values)
}

fn echo_blocked<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const BLOCKED: Duration = Duration::from_millis(50);
    const FREE: Duration = Duration::from_millis(100);
    let (owner, addr) = serve::<O, _>(setup, send_back)?;
    // A pace that leaves the processors free most of the time: where they are wanted always, the
    // worst answer is that of a thread which waits for the kernel's next tick.
    let client = Client {
        every_us: 200,
        ..load(10).client(setup, addr)
    };
    // What the machine makes of it.
    let free: Seen = client.run()?;
    let (stop, mut stopped) = oneshot::channel::<()>();
    let rt = owner.handle();
    let hog = owner.handle().spawn(async move {
        while stopped.try_recv() == Ok(None) {
            rt.sleep(FREE).await;
            thread::sleep(BLOCKED);
        }
    });
    let seen: Seen = client.run()?;
    drop(stop);
    owner.block_on(hog);
    owner.stop();
    Ok(vec![
        Value::lower("worst", "ms", seen.worst_us / 1e3),
        Value::lower("p99", "ms", seen.p99_us / 1e3),
        Value::lower("worst while none blocks", "ms", free.worst_us / 1e3),
    ])
}

fn load(connections: usize) -> Load {
    Load {
        protocol: Protocol::Echo,
        connections,
    }
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
