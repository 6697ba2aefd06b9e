//! Power cuts at a thousand seeded points, on a runtime that is all in memory.
//!
//! Each run is one life of a store with a few clients, cut at an event that the seed chooses, and a
//! second life that looks for what was acknowledged in the first.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use anyrt_api::net::TcpStream;
use anyrt_api::{BlockOn, task};
use anyrt_mem::{Mem, Runtime};
use kv::{Config, Fsync, Server};

/// What each client was told is kept, by key.
type Acknowledged = Arc<Mutex<BTreeMap<String, u64>>>;

const SEEDS: u64 = 1000;
const CLIENTS: u64 = 4;

fn config(fsync: Fsync) -> Config {
    let mut config = Config::new("/store");
    config.addr.set_port(0);
    config.fsync = fsync;
    config
}

/// The first life: clients write until the power is cut.
async fn write_for_ever(rt: Mem, fsync: Fsync, acknowledged: Acknowledged) -> io::Result<()> {
    let server = Server::bind_in(config(fsync), &rt).await?;
    for client in 0..CLIENTS {
        let stream = TcpStream::connect_in(server.local_addr(), &rt).await?;
        task::spawn_in(write(stream, client, Arc::clone(&acknowledged)), &rt);
    }
    server.serve(pending()).await
}

/// One client: three writes in a pipeline, then the next three.
async fn write(stream: TcpStream<Mem>, client: u64, acknowledged: Acknowledged) -> io::Result<()> {
    for round in 1.. {
        let mut requests = String::new();
        for key in 0..3 {
            requests.push_str(&format!("SET {client}:{key} {round}\r\n"));
        }
        stream.write_all(requests.as_bytes()).await?;
        let mut replies = [0; 15];
        stream.read_exact(&mut replies).await?;
        assert_eq!(&replies, b"+OK\r\n+OK\r\n+OK\r\n");
        let mut acknowledged = acknowledged.lock().expect("nobody panics with it");
        for key in 0..3 {
            acknowledged.insert(format!("{client}:{key}"), round);
        }
    }
    Ok(())
}

/// The second life: how many acknowledged writes are not there.
async fn count_lost(rt: Mem, acknowledged: BTreeMap<String, u64>) -> io::Result<usize> {
    let server = Server::bind_in(config(Fsync::Always), &rt).await?;
    let stream = TcpStream::connect_in(server.local_addr(), &rt).await?;
    task::spawn_in(server.serve(pending()), &rt);
    let mut n_lost = 0;
    for (key, last) in acknowledged {
        stream
            .write_all(format!("INCRBY {key} 0\r\n").as_bytes())
            .await?;
        let mut reply = Vec::new();
        while reply.last() != Some(&b'\n') {
            let mut byte = [0];
            stream.read_exact(&mut byte).await?;
            reply.push(byte[0]);
        }
        let reply = String::from_utf8(reply).expect("a number");
        let found: u64 = reply
            .trim_start_matches(':')
            .trim_end()
            .parse()
            .expect("a number");
        // A later write may be there too: it was on its way when the power went.
        n_lost += usize::from(found < last);
    }
    Ok(n_lost)
}

/// Two lives of one seed; how many writes were acknowledged, and how many of them lost.
fn cut(seed: u64, fsync: Fsync) -> (usize, usize) {
    let acknowledged = Acknowledged::default();
    let first = Runtime::new(seed);
    let rt = first.handle();
    let n_events = 20 + seed * 7919 % 1500;
    let life = write_for_ever(rt.clone(), fsync, Arc::clone(&acknowledged));
    let ended = first.block_on_until(n_events, life);
    assert!(ended.is_none(), "seed {seed}: the store ended: {ended:?}");
    rt.power_cut();
    let disk = first.disk();
    drop((rt, first));
    let acknowledged = acknowledged.lock().expect("nobody panics with it").clone();
    let n_acknowledged = acknowledged.len();
    let second = Runtime::with_disk(seed, disk);
    let rt = second.handle();
    let n_lost = second.block_on(count_lost(rt, acknowledged));
    (
        n_acknowledged,
        n_lost.unwrap_or_else(|error| panic!("seed {seed}: {error}")),
    )
}

#[test]
fn always_loses_nothing() {
    let mut n_acknowledged = 0;
    for seed in 0..SEEDS {
        let (acknowledged, lost) = cut(seed, Fsync::Always);
        assert_eq!(lost, 0, "seed {seed}: acknowledged writes are lost");
        n_acknowledged += acknowledged;
    }
    assert!(
        n_acknowledged as u64 > SEEDS,
        "hardly anything was written: {n_acknowledged}"
    );
}

#[test]
fn no_loses_some() {
    let lost: usize = (0..SEEDS).map(|seed| cut(seed, Fsync::No).1).sum();
    assert!(lost > 0, "the cuts do nothing");
}
