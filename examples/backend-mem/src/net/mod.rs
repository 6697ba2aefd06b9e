//! The loopback network: which addresses there are, and who is bound where (`Ports`).
//!
//! One host with the addresses of its loopback, `127.0.0.0/8` and `::1`; everything else cannot be
//! reached. Bytes arrive at once; what makes a sender wait is a full buffer at the receiver. Knows
//! nothing of tasks.

/// Methods for options that read back what was set, if `check` lets it pass.
macro_rules! options {
    ($($get:ident, $set:ident: $type:ty $(, $check:ident)?;)*) => {$(
        fn $get(&self) -> io::Result<$type> {
            Ok(self.0.options.lock().$get)
        }
        fn $set(&self, value: $type) -> io::Result<()> {
            $($check(value)?;)?
            self.0.options.lock().$get = value;
            Ok(())
        }
    )*};
}

pub(crate) mod tcp;
pub(crate) mod udp;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyrt_kit::lock::Lock;
use anyrt_kit::wait::Waiters;

use crate::ensure;
use crate::executor::Sim;

pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;

/// The first port that the system gives out by itself.
const FIRST_PORT: u16 = 49_152;

/// A socket with an address: a listener, or one for datagrams.
#[derive(Debug)]
pub(crate) struct Bound<T> {
    sim: Arc<Sim>,
    addr: SocketAddr,
    /// What has arrived, and who waits for it.
    inbox: Lock<T>,
    arrived: Waiters,
    options: Lock<Options>,
}

/// Who is bound where, on one protocol. An address is free again when its socket is dropped.
#[derive(Debug, Default)]
pub(crate) struct Ports<T>(Lock<Table<T>>);

#[derive(Debug, Default)]
struct Table<T> {
    bound: BTreeMap<SocketAddr, Weak<Bound<T>>>,
    last_port: u16,
}

/// How a socket is set up, whatever its kind.
#[derive(Debug)]
struct Options {
    nodelay: bool,
    ttl: u32,
    linger: Option<Duration>,
    keepalive: bool,
    broadcast: bool,
    multicast_loop_v4: bool,
    multicast_ttl_v4: u32,
    multicast_loop_v6: bool,
}

/// How a system gives them out.
const FRESH: Options = Options {
    nodelay: false,
    ttl: 64,
    linger: None,
    keepalive: false,
    broadcast: false,
    multicast_loop_v4: true,
    multicast_ttl_v4: 1,
    multicast_loop_v6: true,
};

impl<T: Default> Ports<T> {
    /// Makes a socket that is bound to `addr`.
    pub(crate) fn bind(&self, sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<Arc<Bound<T>>> {
        sim.check()?;
        let is_ours = is_loopback(addr.ip()) || addr.ip().is_unspecified();
        ensure(is_ours, ErrorKind::AddrNotAvailable)?;
        let mut table = self.0.lock();
        table.bound.retain(|_, socket| socket.strong_count() > 0);
        let addr = match addr.port() {
            0 => table.free(addr.ip())?,
            _ => addr,
        };
        ensure(!table.is_taken(addr), ErrorKind::AddrInUse)?;
        let socket = Arc::new(Bound {
            sim: sim.clone(),
            addr,
            inbox: Lock::default(),
            arrived: Waiters::on(&sim.waiting),
            options: Lock::new(FRESH),
        });
        table.bound.insert(addr, Arc::downgrade(&socket));
        Ok(socket)
    }

    /// Who gets what is sent to `to`: the socket bound there, or one bound to all addresses.
    fn find(&self, to: SocketAddr) -> Option<Arc<Bound<T>>> {
        let v4 = to.is_ipv4().then_some(Ipv4Addr::UNSPECIFIED.into());
        let ips = [Some(to.ip()), v4, Some(Ipv6Addr::UNSPECIFIED.into())];
        let table = self.0.lock();
        let at = |ip| table.bound.get(&SocketAddr::new(ip, to.port()))?.upgrade();
        ips.into_iter().flatten().find_map(at)
    }
}

impl<T> Table<T> {
    /// The next port that nobody has at `ip`.
    fn free(&mut self, ip: IpAddr) -> io::Result<SocketAddr> {
        let free = (FIRST_PORT..=u16::MAX).find_map(|_| {
            self.last_port = self.last_port.wrapping_add(1).max(FIRST_PORT);
            let addr = SocketAddr::new(ip, self.last_port);
            (!self.is_taken(addr)).then_some(addr)
        });
        free.ok_or(ErrorKind::AddrInUse.into())
    }

    /// True if a socket bound to `addr` would get in the way of another's.
    fn is_taken(&self, addr: SocketAddr) -> bool {
        self.bound.keys().any(|other| {
            let all = other.ip().is_unspecified() || addr.ip().is_unspecified();
            other.port() == addr.port() && (all || other.ip() == addr.ip())
        })
    }
}

/// What a name stands for: this host knows its own name alone.
pub(crate) fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let own = vec![SocketAddr::new(loopback(true), port)];
    let unknown = || io::Error::new(ErrorKind::NotFound, format!("`{host}` is not known"));
    let is_own = host.eq_ignore_ascii_case("localhost");
    is_own.then_some(own).ok_or_else(unknown)
}

/// The address that a datagram or a connection to `to` really goes to.
fn target(to: SocketAddr) -> io::Result<SocketAddr> {
    let ip = match to.ip().to_canonical() {
        ip if ip.is_unspecified() => loopback(ip.is_ipv4()),
        ip => ip,
    };
    ensure(to.port() != 0, ErrorKind::ConnectionRefused)?;
    ensure(is_loopback(ip), ErrorKind::NetworkUnreachable)?;
    Ok(SocketAddr::new(ip, to.port()))
}

/// `addr` as a socket bound to `own` shows it: an IPv6 socket maps IPv4 addresses.
fn shown(addr: SocketAddr, own: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if own.is_ipv6() => (ip.to_ipv6_mapped(), addr.port()).into(),
        _ => addr,
    }
}

fn loopback(v4: bool) -> IpAddr {
    match v4 {
        true => Ipv4Addr::LOCALHOST.into(),
        false => Ipv6Addr::LOCALHOST.into(),
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Refuses a time to live that no packet has room for.
fn check_ttl(ttl: u32) -> io::Result<()> {
    ensure((1..=255).contains(&ttl), ErrorKind::InvalidInput)
}
