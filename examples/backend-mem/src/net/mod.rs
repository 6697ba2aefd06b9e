//! The loopback network: who is bound where. Knows nothing of tasks.
//!
//! One host with the addresses of its loopback, `127.0.0.0/8` and `::1`; everything else cannot be
//! reached. Bytes arrive at once; what makes a sender wait is a full buffer at the receiver.

/// Methods for options that read back what was set, if `check` lets it pass.
macro_rules! options {
    ($($get:ident, $set:ident: $type:ty, $check:expr;)*) => {$(
        fn $get(&self) -> io::Result<$type> {
            Ok(self.0.options().$get)
        }
        fn $set(&self, value: $type) -> io::Result<()> {
            self.0.options().$get = $check(value)?;
            Ok(())
        }
    )*};
}

pub(crate) mod tcp;
pub(crate) mod udp;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use crate::executor::Sim;

pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;

/// Who is bound where.
#[derive(Debug, Default)]
pub(crate) struct Net {
    listeners: BTreeMap<SocketAddr, Arc<tcp::Backlog>>,
    clients: BTreeMap<SocketAddr, Weak<tcp::Wire>>,
    sockets: BTreeMap<SocketAddr, Arc<udp::Mailbox>>,
    last_port: u16,
}

/// The first port that the system gives out by itself.
const FIRST_PORT: u16 = 49_152;

/// What a name stands for: this host knows its own name alone.
pub(crate) fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)]);
    }
    let text = format!("no address is known for `{host}`");
    Err(io::Error::new(ErrorKind::NotFound, text))
}

impl Net {
    /// Lets go of everything that is bound, and wakes who waits for any of it.
    pub(crate) fn close(self) {
        self.listeners.values().for_each(|backlog| backlog.close());
        let wires = self.clients.values().filter_map(Weak::upgrade);
        wires.for_each(|wire| wire.wake());
        self.sockets.values().for_each(|mailbox| mailbox.wake());
    }

    /// A port that nobody has at `ip`, on either protocol.
    fn free_port(&mut self, ip: IpAddr) -> Option<u16> {
        let n_ports = u32::from(u16::MAX - FIRST_PORT) + 1;
        (0..n_ports).find_map(|_| {
            self.last_port = self.last_port.wrapping_add(1).max(FIRST_PORT);
            let addr = SocketAddr::new(ip, self.last_port);
            let taken = is_taken(&self.listeners, addr)
                || is_taken(&self.sockets, addr)
                || self.clients.contains_key(&addr);
            (!taken).then_some(self.last_port)
        })
    }

    /// The address to bind for one that was asked for.
    fn claim(&mut self, addr: SocketAddr, taken: impl Fn(&Self) -> bool) -> io::Result<SocketAddr> {
        if !(is_loopback(addr.ip()) || addr.ip().is_unspecified()) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        let mut addr = addr;
        if addr.port() == 0 {
            addr.set_port(self.free_port(addr.ip()).ok_or(ErrorKind::AddrInUse)?);
        } else if taken(self) {
            return Err(ErrorKind::AddrInUse.into());
        }
        Ok(addr)
    }
}

/// The network of `sim`.
fn net(sim: &Sim) -> MutexGuard<'_, Net> {
    sim.net.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True if a socket bound to `addr` would get in the way of another's.
fn is_taken<V>(bound: &BTreeMap<SocketAddr, V>, addr: SocketAddr) -> bool {
    bound.keys().any(|other| {
        let all = other.ip().is_unspecified() || addr.ip().is_unspecified();
        other.port() == addr.port() && (all || other.ip() == addr.ip())
    })
}

/// Who gets what is sent to `to`: the socket bound there, or one bound to all addresses.
fn receiver<V>(bound: &BTreeMap<SocketAddr, V>, to: SocketAddr) -> Option<(&SocketAddr, &V)> {
    let any = |ip: IpAddr| bound.get_key_value(&SocketAddr::new(ip, to.port()));
    let v4 = to.is_ipv4().then(|| any(Ipv4Addr::UNSPECIFIED.into()));
    any(to.ip())
        .or(v4.flatten())
        .or_else(|| any(Ipv6Addr::UNSPECIFIED.into()))
}

/// The address that a datagram or a connection to `to` really goes to.
fn target(to: SocketAddr) -> io::Result<SocketAddr> {
    let ip = to.ip().to_canonical();
    let ip = if ip.is_unspecified() {
        loopback(ip.is_ipv4())
    } else {
        ip
    };
    if to.port() == 0 {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    if !is_loopback(ip) {
        return Err(ErrorKind::NetworkUnreachable.into());
    }
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
    if v4 {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// A time to live as the system takes it.
fn check_ttl(ttl: u32) -> io::Result<u32> {
    let fits = (1..=255).contains(&ttl);
    fits.then_some(ttl).ok_or(ErrorKind::InvalidInput.into())
}
