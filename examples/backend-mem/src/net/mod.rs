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

use crate::lock::Lock;

pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;

/// The first port that the system gives out by itself.
const FIRST_PORT: u16 = 49_152;

/// Who is bound where, on one protocol. A socket lets go of its address when it is dropped.
#[derive(Debug)]
pub(crate) struct Ports<T>(Lock<Table<T>>);

#[derive(Debug)]
struct Table<T> {
    bound: BTreeMap<SocketAddr, Weak<T>>,
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

impl Default for Options {
    fn default() -> Self {
        Options {
            nodelay: false,
            ttl: 64,
            linger: None,
            keepalive: false,
            broadcast: false,
            multicast_loop_v4: true,
            multicast_ttl_v4: 1,
            multicast_loop_v6: true,
        }
    }
}

impl<T> Default for Ports<T> {
    fn default() -> Self {
        Ports(Lock::new(Table {
            bound: BTreeMap::new(),
            last_port: 0,
        }))
    }
}

impl<T> Ports<T> {
    /// Makes a socket that is bound to `addr`.
    fn bind(&self, addr: SocketAddr, make: impl FnOnce(SocketAddr) -> T) -> io::Result<Arc<T>> {
        if !(is_loopback(addr.ip()) || addr.ip().is_unspecified()) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        let mut table = self.0.lock();
        let addr = match addr.port() {
            0 => table.free(addr.ip())?,
            _ if table.is_taken(addr) => return Err(ErrorKind::AddrInUse.into()),
            _ => addr,
        };
        let socket = Arc::new(make(addr));
        table.bound.insert(addr, Arc::downgrade(&socket));
        Ok(socket)
    }

    fn release(&self, addr: SocketAddr) {
        self.0.lock().bound.remove(&addr);
    }

    /// Who gets what is sent to `to`: the socket bound there, or one bound to all addresses.
    fn find(&self, to: SocketAddr) -> Option<Arc<T>> {
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
    let ip = match host.parse() {
        Ok(ip) => ip,
        Err(_) if host.eq_ignore_ascii_case("localhost") => loopback(true),
        Err(_) => {
            let text = format!("no address is known for `{host}`");
            return Err(io::Error::new(ErrorKind::NotFound, text));
        }
    };
    Ok(vec![SocketAddr::new(ip, port)])
}

/// The address that a datagram or a connection to `to` really goes to.
fn target(to: SocketAddr) -> io::Result<SocketAddr> {
    let ip = match to.ip().to_canonical() {
        ip if ip.is_unspecified() => loopback(ip.is_ipv4()),
        ip => ip,
    };
    match (to.port(), is_loopback(ip)) {
        (0, _) => Err(ErrorKind::ConnectionRefused.into()),
        (_, false) => Err(ErrorKind::NetworkUnreachable.into()),
        (port, true) => Ok(SocketAddr::new(ip, port)),
    }
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
    let fits = (1..=255).contains(&ttl).then_some(());
    fits.ok_or(ErrorKind::InvalidInput.into())
}
