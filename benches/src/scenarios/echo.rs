//! A server that sends back what it reads, and a client in another process.
//!
//! The client is [`Client`], the same for all. What is measured of the server it measures itself:
//! it is a process of its own too.

use std::{io, net::SocketAddr, thread, time::Duration};

use futures_channel::oneshot;

use super::{Place, Scenario, Setup, everyone, more_descriptors, names::*};
use crate::{
    client::{Client, MESSAGE, Seen},
    clock,
    contender::{Connection, Handle, Listen, Owner},
    figure::Value,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "echo_100",
            what: "1 KiB there and back over 100 connections",
            place: Place::Apart,
            cells: everyone!(echo_100),
        },
        Scenario {
            name: "echo_1000",
            what: "1 KiB there and back over 1,000 connections",
            place: Place::Apart,
            cells: everyone!(echo_1000),
        },
        Scenario {
            name: "echo_blocked",
            what: "the same over 10, a task blocks its worker for 50 ms of every 150",
            place: Place::Apart,
            cells: everyone!(echo_blocked),
        },
    ]
}

fn echo_100<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    echo::<O>(setup, 100)
}

fn echo_1000<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    echo::<O>(setup, 1000)
}

fn echo<O: Owner>(setup: &Setup, connections: usize) -> io::Result<Vec<Value>> {
    more_descriptors(2 * connections as u64)?;
    let (owner, addr) = serve::<O>(setup)?;
    let used = clock::processor_time();
    let seen = client(setup, addr, connections).run()?;
    let used = clock::processor_time() - used;
    let rate = seen.n_measured as f64 / seen.seconds;
    // What an answer takes if each connection gets its turn.
    let fair_us = connections as f64 / rate * 1e6;
    owner.stop();
    Ok(vec![
        Value::higher("throughput", "/s", rate),
        Value::lower("p50", "us", seen.p50_us),
        Value::lower("p99", "us", seen.p99_us),
        Value::lower("p99 of a fair turn", "turns", seen.p99_us / fair_us),
        Value::nanos_each("processor time", used, seen.n_in_all),
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
