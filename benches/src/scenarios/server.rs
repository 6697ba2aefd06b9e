//! A server on a contender, and what a client in another process sees of it.
//!
//! The client is [`Client`], the same for all. What is measured of the server it measures itself:
//! it is a process of its own too. It knows nothing of what the server answers.

use std::{io, net::SocketAddr};

use super::Setup;
use crate::{
    client::{Client, Protocol},
    clock,
    contender::{Handle, Listen, Owner},
    figure::Value,
    switches::{since, switches},
};

/// A connection that a contender has accepted.
pub(super) type Accepted<O> = <<<O as Owner>::Handle as Handle>::Listener as Listen>::Stream;

/// A runtime with a server on it, whose connections have a task each.
pub(super) fn serve<O, F>(
    setup: &Setup,
    answer: impl Fn(Accepted<O>) -> F + Send + 'static,
) -> io::Result<(O, SocketAddr)>
where
    O: Owner,
    F: Future<Output = ()> + Send + 'static,
{
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let inside = rt.clone();
    let bound = rt.spawn(async move {
        let listener = inside.listen().await?;
        let addr = listener.local_addr()?;
        let rt = inside.clone();
        inside.detach(async move {
            while let Ok(stream) = listener.accept().await {
                rt.detach(answer(stream));
            }
        });
        io::Result::Ok(addr)
    });
    let addr = owner.block_on(bound)?;
    Ok((owner, addr))
}

/// What a server is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// In these words,
    pub(super) protocol: Protocol,
    /// over so many connections, all the time.
    pub(super) connections: usize,
}

impl Load {
    /// Who asks it.
    pub(super) fn client(self, setup: &Setup, addr: SocketAddr) -> Client {
        Client {
            protocol: self.protocol,
            addr,
            connections: self.connections,
            warm_up_ms: if setup.quick { 50 } else { 300 },
            span_ms: if setup.quick { 300 } else { 1500 },
            every_us: 0,
        }
    }

    /// What the client sees of the server at `addr`, which is this process, and what that takes
    /// here.
    pub(super) fn answered(self, setup: &Setup, addr: SocketAddr) -> io::Result<Vec<Value>> {
        let look = || (clock::processor_time(), switches());
        let (seen, before, after) = self.client(setup, addr).run_around(look)?;
        let n_switches = since(&before.1?, &after.1?);
        let rate = seen.n_measured as f64 / seen.seconds;
        // What an answer takes if each connection gets its turn.
        let fair_us = self.connections as f64 / rate * 1e6;
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
}
