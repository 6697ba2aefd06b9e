//! Addresses and names: [`ToSocketAddrs`], [`lookup_host`], and how a list of addresses is tried.
//!
//! An argument is read at the call, without waiting, into a [`Target`]; only a name that is no
//! literal address is taken to the runtime, inside the future. Knows nothing of sockets.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::{slice, vec};

use crate::AsyncNet;
use crate::current::Late;

/// What can be connected or bound to: [`std::net::ToSocketAddrs`], read at once, looked up later.
///
/// Implemented for what std implements it for, and for `Vec<SocketAddr>` and arrays.
///
/// ```
/// use anyrt_api::io;
/// use anyrt_api::net::{Target, ToSocketAddrs};
///
/// /// A service of ours, by its number.
/// struct Service(u16);
///
/// impl ToSocketAddrs for Service {
///     fn to_target(&self) -> io::Result<Target> {
///         (format!("service-{}.example", self.0), 7000).to_target()
///     }
/// }
/// ```
///
/// # Contract
///
/// - `L136` A literal address (`"127.0.0.1:80"`, `("::1", 80)`) never reaches the runtime's lookup,
///   and so works while no thread is to be had.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no address to connect or bind to",
    label = "not an address",
    note = "an address is `\"host:port\"`, `(\"host\", port)`, a `SocketAddr`, or a slice of these"
)]
pub trait ToSocketAddrs {
    /// Reads the argument: no lookup, no waiting.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is neither an address nor a name with a port.
    fn to_target(&self) -> io::Result<Target>;
}

/// What an argument of [`ToSocketAddrs`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// One address.
    Address(SocketAddr),
    /// Addresses, to be tried in this order.
    Addresses(Vec<SocketAddr>),
    /// A name, which the runtime looks up.
    Name {
        /// The host's name, as the system's resolver takes it.
        host: String,
        /// The port of each address found.
        port: u16,
    },
}

/// Looks up a name on the current runtime: `std::net::ToSocketAddrs::to_socket_addrs`.
///
/// A literal address is answered without a runtime.
///
/// # Errors
///
/// `InvalidInput` if `host` is neither an address nor a name with a port; for a name that cannot be
/// resolved the kind that std gives.
///
/// # Panics
///
/// At the first poll, if it is a name and no runtime was current at this call and none is then.
///
/// # Cancel safety
///
/// Safe. The system's resolver may go on until it has its answer, on a thread of its own.
#[track_caller]
pub fn lookup_host(
    host: impl ToSocketAddrs,
) -> impl Future<Output = io::Result<vec::IntoIter<SocketAddr>>> + Send {
    look_up(host.to_target(), Late::here())
}

/// Looks up a name on `rt`: as [`lookup_host`].
///
/// # Errors
///
/// As [`lookup_host`].
pub fn lookup_host_in<A: ToSocketAddrs, R: AsyncNet>(
    host: A,
    rt: &R,
) -> impl Future<Output = io::Result<vec::IntoIter<SocketAddr>>> + Send + use<A, R> {
    look_up(host.to_target(), Late::now(rt.clone()))
}

async fn look_up<R: AsyncNet>(
    target: io::Result<Target>,
    mut rt: Late<R>,
) -> io::Result<vec::IntoIter<SocketAddr>> {
    let found = match target? {
        Target::Address(addr) => vec![addr],
        Target::Addresses(addrs) => addrs,
        Target::Name { host, port } => rt.runtime().lookup_host(&host, port).await?,
    };
    Ok(found.into_iter())
}

/// Makes `attempt` with each address in order until one succeeds; the last error if none does.
pub(super) async fn first_that_works<R, T, F>(
    target: io::Result<Target>,
    rt: &R,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    R: AsyncNet,
    F: Future<Output = io::Result<T>>,
{
    let addrs = resolve(target, rt).await?;
    let mut failed = None;
    for &addr in addrs.as_slice() {
        match attempt(addr).await {
            Ok(made) => return Ok(made),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| invalid("the name or list has no address")))
}

/// The first address of `target`, for a datagram.
pub(super) async fn first<R: AsyncNet>(
    target: io::Result<Target>,
    rt: &R,
) -> io::Result<SocketAddr> {
    let addrs = resolve(target, rt).await?;
    let first = addrs.as_slice().first().copied();
    first.ok_or_else(|| invalid("the name or list has no address"))
}

/// Addresses; one of them costs no allocation.
enum Addrs {
    One(SocketAddr),
    Many(Vec<SocketAddr>),
}

impl Addrs {
    fn as_slice(&self) -> &[SocketAddr] {
        match self {
            Addrs::One(addr) => slice::from_ref(addr),
            Addrs::Many(addrs) => addrs,
        }
    }
}

async fn resolve<R: AsyncNet>(target: io::Result<Target>, rt: &R) -> io::Result<Addrs> {
    Ok(match target? {
        Target::Address(addr) => Addrs::One(addr),
        Target::Addresses(addrs) => Addrs::Many(addrs),
        Target::Name { host, port } => Addrs::Many(rt.lookup_host(&host, port).await?),
    })
}

impl ToSocketAddrs for SocketAddr {
    fn to_target(&self) -> io::Result<Target> {
        Ok(Target::Address(*self))
    }
}

impl ToSocketAddrs for SocketAddrV4 {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::V4(*self).to_target()
    }
}

impl ToSocketAddrs for SocketAddrV6 {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::V6(*self).to_target()
    }
}

impl ToSocketAddrs for (IpAddr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for (Ipv4Addr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for (Ipv6Addr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for (&str, u16) {
    fn to_target(&self) -> io::Result<Target> {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => (ip, port).to_target(),
            Err(_) => Ok(Target::Name {
                host: host.to_owned(),
                port,
            }),
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    fn to_target(&self) -> io::Result<Target> {
        (self.0.as_str(), self.1).to_target()
    }
}

/// `address:port` or `name:port`.
impl ToSocketAddrs for str {
    fn to_target(&self) -> io::Result<Target> {
        if let Ok(addr) = self.parse::<SocketAddr>() {
            return addr.to_target();
        }
        let halves = self.rsplit_once(':');
        let (host, port) = halves.ok_or_else(|| invalid("an address ends in `:port`"))?;
        let port = port.parse();
        let port = port.map_err(|_| invalid("a port is a number from 0 to 65535"))?;
        (host, port).to_target()
    }
}

impl ToSocketAddrs for String {
    fn to_target(&self) -> io::Result<Target> {
        self.as_str().to_target()
    }
}

impl ToSocketAddrs for [SocketAddr] {
    fn to_target(&self) -> io::Result<Target> {
        match self {
            [addr] => addr.to_target(),
            addrs => Ok(Target::Addresses(addrs.to_vec())),
        }
    }
}

impl<const N: usize> ToSocketAddrs for [SocketAddr; N] {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl ToSocketAddrs for Vec<SocketAddr> {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn to_target(&self) -> io::Result<Target> {
        (**self).to_target()
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
