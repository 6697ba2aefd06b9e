//! Mutants of names and addresses: L136 to L138, and L142 of sockets.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::thread::{self, JoinHandle};

use anyrt_api::{AsyncNet, Spawn};

use crate::backend::{Doing, Sick, Tcp};
use crate::mutant::Mutant;

mutants! {
    ConnectsOnThePool: l136_literals_with_every_thread_blocked => Hang;
    LosesThePort: l137_localhost_is_the_loopback => Broken;
    RepeatsTheFirst: l137_localhost_as_std_has_it => Broken;
    FindsNoBadName: l138_bad_names_as_std_has_them => Broken;
    AsksOnTheWorker: l139_a_hanging_lookup_blocks_no_worker => Hang;
    WaitsForTheResolver: l139_a_dropped_lookup_is_over_at_once => Hang;
    AsksOnEachThread: l140_lookups_leave_room_for_files => Hang;
    RefusesWithoutANumber: l142_a_refusal_keeps_its_number => Broken;
}

/// A connect asks the blocking pool first.
#[derive(Default)]
struct ConnectsOnThePool;

impl Mutant for ConnectsOnThePool {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        Box::pin(async move {
            rt.native.spawn_blocking(|| ()).await?;
            Ok(Tcp::new(rt.native.connect_tcp(addr).await?, rt))
        })
    }
}

/// A name is found without its port.
#[derive(Default)]
struct LosesThePort;

impl Mutant for LosesThePort {
    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, _: u16) -> Doing<'a, Vec<SocketAddr>> {
        Box::pin(AsyncNet::lookup_host(&rt.native, host, 0))
    }
}

/// The first address that is found comes twice.
#[derive(Default)]
struct RepeatsTheFirst;

impl Mutant for RepeatsTheFirst {
    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        Box::pin(async move {
            let mut found = AsyncNet::lookup_host(&rt.native, host, port).await?;
            found.extend(found.first().copied());
            Ok(found)
        })
    }
}

/// A name that cannot be looked up is one that is not found.
#[derive(Default)]
struct FindsNoBadName;

impl Mutant for FindsNoBadName {
    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        Box::pin(async move {
            let found = AsyncNet::lookup_host(&rt.native, host, port).await;
            found.map_err(|_| ErrorKind::NotFound.into())
        })
    }
}

/// A connect that fails tells the kind of its error alone.
#[derive(Default)]
struct RefusesWithoutANumber;

impl Mutant for RefusesWithoutANumber {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        Box::pin(async move {
            let connected = rt.native.connect_tcp(addr).await;
            Ok(Tcp::new(connected.map_err(|error| error.kind())?, rt))
        })
    }
}

/// Std's own lookup, which blocks.
fn ask(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// A name is looked up on the thread that polls.
#[derive(Default)]
struct AsksOnTheWorker;

impl Mutant for AsksOnTheWorker {
    fn lookup<'a>(&'a self, _: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        Box::pin(async move { ask(host, port) })
    }
}

/// Waits for its thread when it is dropped.
struct Joins<T>(Option<JoinHandle<T>>);

impl<T> Drop for Joins<T> {
    fn drop(&mut self) {
        self.0.take().map(JoinHandle::join);
    }
}

/// A lookup that is dropped waits for its answer.
#[derive(Default)]
struct WaitsForTheResolver;

impl Mutant for WaitsForTheResolver {
    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        let own = host.to_owned();
        let asks = Joins(Some(thread::spawn(move || ask(&own, port))));
        Box::pin(async move {
            let found = AsyncNet::lookup_host(&rt.native, host, port).await;
            drop(asks);
            found
        })
    }
}

/// Lookups may take every blocking thread.
#[derive(Default)]
struct AsksOnEachThread;

impl Mutant for AsksOnEachThread {
    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        let host = host.to_owned();
        Box::pin(async move { rt.native.spawn_blocking(move || ask(&host, port)).await? })
    }
}
