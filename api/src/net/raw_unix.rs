//! What a backend may bring for Unix sockets: [`AsyncUnixNet`] and its objects. Unix only.
//!
//! An optional capability: a library that needs it says so in its bound.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::task::{Context, Poll};

use crate::io::{RawObject, RawStream, Wait};

/// Unix sockets. Addresses are paths or, on Linux, abstract names.
///
/// # Contract
///
/// - `L132` Binding a path that is there is `AddrInUse`; dropping a listener does not remove it; a
///   connect to a path that is not there is `NotFound`.
/// - `L133` A path that is too long or has a NUL is `InvalidInput`; one that is not UTF-8 works.
/// - `L134` Pairs and datagrams behave as std's.
/// - `L135` A fresh stream is writable: its first write needs no event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Unix sockets",
    label = "this bound is missing",
    note = "in generic code, add the bound `{Self}: anyrt_api::AsyncUnixNet`"
)]
pub trait AsyncUnixNet: Clone + Debug + Send + Sync + Unpin + 'static {
    /// A connection.
    type UnixStream: RawUnixStream + Clone;
    /// A listening socket.
    type UnixListener: RawUnixListener<Stream = Self::UnixStream> + Clone;
    /// A datagram socket.
    type UnixDatagram: RawUnixDatagram + Clone;

    /// Connects.
    ///
    /// - `L131` While the listener's backlog is full it waits, as std does.
    fn connect_unix(
        &self,
        addr: &SocketAddr,
    ) -> impl Future<Output = io::Result<Self::UnixStream>> + Send;
    /// Binds and listens. Dropping the listener does not remove the path.
    fn listen_unix(&self, addr: &SocketAddr) -> io::Result<Self::UnixListener>;
    /// Two connected streams.
    fn unix_pair(&self) -> io::Result<(Self::UnixStream, Self::UnixStream)>;
    /// Binds a datagram socket; `None` leaves it without a name.
    fn bind_unix_datagram(&self, addr: Option<&SocketAddr>) -> io::Result<Self::UnixDatagram>;
    /// Two connected datagram sockets.
    fn unix_datagram_pair(&self) -> io::Result<(Self::UnixDatagram, Self::UnixDatagram)>;
}

/// A backend's Unix connection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's Unix stream",
    note = "a backend implements `RawUnixStream` for its own Unix stream; \
            libraries use the types over it"
)]
pub trait RawUnixStream: RawStream {
    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// The other end's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    /// Ends one direction or both; `Ok` if that was done before or the peer is gone.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}

/// A backend's listening Unix socket.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's Unix listener",
    note = "a backend implements `RawUnixListener` for its own Unix listener; \
            libraries use the types over it"
)]
pub trait RawUnixListener: RawObject {
    /// The connections it makes.
    type Stream: RawUnixStream;

    /// Accepts one connection.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;
    /// The address it listens on.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}

/// A backend's Unix datagram socket.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's Unix datagram socket",
    note = "a backend implements `RawUnixDatagram` for its own Unix datagram socket; \
            libraries use the types over it"
)]
pub trait RawUnixDatagram: RawObject {
    /// Sends one datagram.
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: &SocketAddr,
    ) -> Poll<io::Result<usize>>;
    /// Receives one datagram and says who it is from.
    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>>;
    /// Sends one datagram to the connected peer.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;
    /// Receives one datagram from the connected peer.
    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>>;
    /// Sets the peer.
    fn connect(&self, to: &SocketAddr) -> io::Result<()>;
    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// The connected peer's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    /// Ends one direction or both.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}
