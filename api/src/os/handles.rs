//! From std's sockets and files to a backend's, and back: [`OsHandles`], and [`OsUnixHandles`].

use std::future::Future;
use std::io;

use crate::{AsyncFs, AsyncNet};

/// Takes std's sockets and files in, and gives them out again.
///
/// # Contract
///
/// - `L104` A blocking socket is accepted: it is made non-blocking on the way in.
/// - `L105` What is given out is deregistered and blocking, as std's objects are. If clones or
///   halves of it are still there, that is an error, and they go on working.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no objects of an operating system",
    label = "this bound is missing",
    note = "in generic code, add the bound `{Self}: anyrt_api::os::OsHandles`"
)]
pub trait OsHandles: AsyncNet + AsyncFs {
    /// A connection from std's.
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<Self::TcpStream>;
    /// A connection as std's.
    fn tcp_into_std(&self, stream: Self::TcpStream) -> io::Result<std::net::TcpStream>;
    /// A listener from std's.
    fn tcp_listener_from_std(
        &self,
        listener: std::net::TcpListener,
    ) -> io::Result<Self::TcpListener>;
    /// A listener as std's.
    fn tcp_listener_into_std(
        &self,
        listener: Self::TcpListener,
    ) -> io::Result<std::net::TcpListener>;
    /// A datagram socket from std's.
    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<Self::UdpSocket>;
    /// A datagram socket as std's.
    fn udp_into_std(&self, socket: Self::UdpSocket) -> io::Result<std::net::UdpSocket>;
    /// A file from std's.
    fn file_from_std(&self, file: std::fs::File) -> io::Result<Self::File>;
    /// A file as std's, once the operation in flight is done.
    fn file_into_std(
        &self,
        file: Self::File,
    ) -> impl Future<Output = io::Result<std::fs::File>> + Send;
}

/// The same for Unix sockets.
#[cfg(unix)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Unix sockets of an operating system",
    label = "this bound is missing",
    note = "in generic code, add the bound `{Self}: anyrt_api::os::OsUnixHandles`"
)]
pub trait OsUnixHandles: crate::AsyncUnixNet {
    /// A connection from std's.
    fn unix_stream_from_std(
        &self,
        stream: std::os::unix::net::UnixStream,
    ) -> io::Result<Self::UnixStream>;
    /// A connection as std's.
    fn unix_stream_into_std(
        &self,
        stream: Self::UnixStream,
    ) -> io::Result<std::os::unix::net::UnixStream>;
    /// A listener from std's.
    fn unix_listener_from_std(
        &self,
        listener: std::os::unix::net::UnixListener,
    ) -> io::Result<Self::UnixListener>;
    /// A listener as std's.
    fn unix_listener_into_std(
        &self,
        listener: Self::UnixListener,
    ) -> io::Result<std::os::unix::net::UnixListener>;
    /// A datagram socket from std's.
    fn unix_datagram_from_std(
        &self,
        socket: std::os::unix::net::UnixDatagram,
    ) -> io::Result<Self::UnixDatagram>;
    /// A datagram socket as std's.
    fn unix_datagram_into_std(
        &self,
        socket: Self::UnixDatagram,
    ) -> io::Result<std::os::unix::net::UnixDatagram>;
}
