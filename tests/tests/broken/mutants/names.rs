//! Mutants of names and addresses: L136 to L138, and L142 of sockets.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyrt_api::{AsyncNet, Spawn};

use crate::backend::{Doing, Sick, Tcp};
use crate::mutant::Mutant;

mutants! {
    ConnectsOnThePool: l136_literals_with_every_thread_blocked => Hang;
    LosesThePort: l137_localhost_is_the_loopback => Broken;
    RepeatsTheFirst: l137_localhost_as_std_has_it => Broken;
    FindsNoBadName: l138_bad_names_as_std_has_them => Broken;
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
