//! Sockets: the counterpart of [`std::net`] and `std::os::unix::net`.

mod raw;
#[cfg(unix)]
mod raw_unix;

pub use raw::{AsyncNet, RawTcpListener, RawTcpStream, RawUdpSocket};
#[cfg(unix)]
pub use raw_unix::{AsyncUnixNet, RawUnixDatagram, RawUnixListener, RawUnixStream};
