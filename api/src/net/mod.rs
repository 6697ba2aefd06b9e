//! Sockets: the counterpart of [`std::net`] and `std::os::unix::net`.
//!
//! The types have std's names, methods and meaning, and two forms of each constructor: `connect` on
//! the current runtime, `connect_in` on one that is given. Knows no backend.

mod accept;
mod addr;
mod connection;
mod raw;
#[cfg(unix)]
mod raw_unix;
mod tcp;
mod udp;
#[cfg(unix)]
pub mod unix;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

pub use accept::AcceptError;
pub use addr::{Target, ToSocketAddrs, lookup_host, lookup_host_in};
pub use raw::{AsyncNet, RawTcpListener, RawTcpStream, RawUdpSocket};
#[cfg(unix)]
pub use raw_unix::{AsyncUnixNet, RawUnixDatagram, RawUnixListener, RawUnixStream};
pub use tcp::{Incoming, OwnedReadHalf, OwnedWriteHalf, ReuniteError, TcpListener, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{datagram::UnixDatagram, listener::UnixListener, stream::UnixStream};

#[cfg(test)]
mod tests;
