//! What a backend brings for internet sockets: [`AsyncNet`] and its objects.
//!
//! Primitives only: one address an attempt, resolved names. What can be written over them (lists of
//! addresses, `connect_timeout`, `incoming`, split halves) is written once, beside this file.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::io::{RawObject, RawStream, Wait};

/// Internet sockets and names.
///
/// # Contract
///
/// - `L097` After a descriptor was closed and its number used again, no event of the old object
///   reaches the new one.
/// - `L098` A registration that fails is an error and leaks neither descriptor nor memory.
/// - `L099` A deregistration that fails, since the descriptor was closed behind our back, leaks
///   nothing.
/// - `L100` An error on one socket never costs another its wake-up.
/// - `L101` An interrupted wait for events is waited again; timers stay right.
/// - `L102` A driver that can wait for events no more says so; it neither spins nor falls silent.
/// - `L103` Every descriptor is closed on `exec`.
/// - `L124` Addresses go in and come out as std has them: of both families, IPv4 addresses in the
///   form of IPv6, and the scope of an address that means something on one interface alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no sockets",
    label = "not a runtime with sockets",
    note = "in generic code, add the bound `{Self}: anyrt_api::AsyncNet` (or `Runtime`)",
    note = "pass the handle of a backend, as `native::Runtime::handle()` returns it",
    note = "a raw `tokio::runtime::Handle` is wrapped by `anyrt::tokio::Tokio::try_from_handle`"
)]
pub trait AsyncNet: Clone + Debug + Send + Sync + Unpin + 'static {
    /// A connection.
    type TcpStream: RawTcpStream + Clone;
    /// A listening socket.
    type TcpListener: RawTcpListener<Stream = Self::TcpStream> + Clone;
    /// A datagram socket.
    type UdpSocket: RawUdpSocket + Clone;

    /// Connects to `addr`: one attempt, one address.
    ///
    /// # Contract
    ///
    /// - `L108` If nobody listens the error is `ErrorKind::ConnectionRefused`.
    /// - `L110` Dropping the future closes the socket; the task is not woken for it later.
    fn connect_tcp(
        &self,
        addr: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send;

    /// Binds and listens on `addr`, with a backlog of at least 128.
    ///
    /// # Contract
    ///
    /// - `L107` Port 0 yields a port of the system's choice; on Unix a port that was just closed
    ///   can be bound again (`SO_REUSEADDR`).
    fn listen_tcp(
        &self,
        addr: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpListener>> + Send;

    /// Binds a datagram socket to `addr`.
    fn bind_udp(
        &self,
        addr: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::UdpSocket>> + Send;

    /// Resolves a name as the system does. A literal address does not reach this method.
    ///
    /// # Contract
    ///
    /// - `L137` `localhost` resolves as [`std::net::ToSocketAddrs`] resolves it, in its order.
    /// - `L138` A bad name gives the error kind that std gives, never a panic.
    /// - `L139` A resolver that does not answer blocks no worker; dropping the future returns at
    ///   once.
    /// - `L140` However many lookups hang, files are opened, read and written, as long as two
    ///   threads may block.
    fn lookup_host(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;
}

/// A backend's TCP connection.
///
/// # Contract
///
/// - `L116` After `shutdown(Write)` the peer reads the end, and our reads go on.
/// - `L117` `poll_close` sends FIN.
/// - `L118` Closing twice, or after a reset, is `Ok`.
/// - `L119` `shutdown(Both)` by one task wakes a reader in another, which gets `Ok(0)`.
/// - `L120` A reset by the peer is `ConnectionReset` for a pending read, `BrokenPipe` or
///   `ConnectionReset` for a write, never a signal.
/// - `L121` A write to a peer that does not read waits, and goes on when it does; every byte
///   arrives in order.
/// - `L123` `poll_peek` consumes nothing; options read back what was set; `take_error` clears.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's TCP stream",
    note = "a backend implements `RawTcpStream` for its own TCP stream; \
            libraries use the types over it"
)]
pub trait RawTcpStream: RawStream {
    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// The other end's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    /// Ends one direction or both; `Ok` if that was done before or the peer is gone (`L118`).
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    /// Reads without consuming.
    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>>;
    /// `TCP_NODELAY`.
    fn nodelay(&self) -> io::Result<bool>;
    /// Sets `TCP_NODELAY`.
    fn set_nodelay(&self, nodelay: bool) -> io::Result<()>;
    /// `IP_TTL`.
    fn ttl(&self) -> io::Result<u32>;
    /// Sets `IP_TTL`.
    fn set_ttl(&self, ttl: u32) -> io::Result<()>;
    /// `SO_LINGER`: how long a close waits for unsent data; whole seconds.
    fn linger(&self) -> io::Result<Option<Duration>>;
    /// Sets `SO_LINGER`; `Some(Duration::ZERO)` resets the connection on close.
    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()>;
    /// `SO_KEEPALIVE`.
    fn keepalive(&self) -> io::Result<bool>;
    /// Sets `SO_KEEPALIVE`.
    fn set_keepalive(&self, keepalive: bool) -> io::Result<()>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}

/// A backend's listening socket.
///
/// # Contract
///
/// - `L111` Several tasks may accept on one listener: each connection goes to exactly one.
/// - `L112` Dropping a pending accept loses no connection.
/// - `L113` Out of descriptors, accept returns that error; once one is free the waiting connection
///   is accepted.
/// - `L114` An error of one connection (`ConnectionAborted`) does not end the listener.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's TCP listener",
    note = "a backend implements `RawTcpListener` for its own TCP listener; \
            libraries use the types over it"
)]
pub trait RawTcpListener: RawObject {
    /// The connections it makes.
    type Stream: RawTcpStream;

    /// Accepts one connection and says who it is from.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;
    /// The address it listens on.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// `IP_TTL`.
    fn ttl(&self) -> io::Result<u32>;
    /// Sets `IP_TTL`.
    fn set_ttl(&self, ttl: u32) -> io::Result<()>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}

/// A backend's datagram socket.
///
/// # Contract
///
/// - `L125` One receive is one datagram; what does not fit in the buffer is gone.
/// - `L126` A datagram without bytes is `Ok(0)`, and others follow it.
/// - `L127` On a socket with a peer, that the peer's port is closed surfaces once, as
///   `ConnectionRefused`; then a receive waits again.
/// - `L128` On one without a peer it never surfaces, and costs nothing.
/// - `L129` A datagram that is too long is an error, and no part of it is sent.
/// - `L130` Dropping a pending receive loses no datagram; a task that sends and one that receives
///   on one socket both make progress.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's UDP socket",
    note = "a backend implements `RawUdpSocket` for its own UDP socket; \
            libraries use the types over it"
)]
pub trait RawUdpSocket: RawObject {
    /// Sends one datagram.
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>>;
    /// Receives one datagram and says who it is from.
    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>>;
    /// Receives one datagram without consuming it.
    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>>;
    /// Sends one datagram to the connected peer.
    ///
    /// By default `poll_send_to` the `peer_addr`. That must be overridden over an operating system:
    /// some of them refuse an address on a socket that is connected, and the others look up again
    /// what they know.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.peer_addr() {
            Ok(peer) => self.poll_send_to(cx, wait, buf, peer),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
    /// Receives one datagram from the connected peer. By default `poll_recv_from`, which receives
    /// from nobody else since `connect`.
    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_recv_from(cx, wait, buf).map_ok(|(n, _)| n)
    }
    /// Receives one datagram from the connected peer without consuming it. By default
    /// `poll_peek_from`.
    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_peek_from(cx, wait, buf).map_ok(|(n, _)| n)
    }
    /// Sets the peer, and from then on receives from it alone.
    fn connect(&self, to: SocketAddr) -> io::Result<()>;
    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;
    /// The connected peer's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    /// The socket's pending error (`SO_ERROR`), which is cleared.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
    /// `SO_BROADCAST`.
    fn broadcast(&self) -> io::Result<bool>;
    /// Sets `SO_BROADCAST`.
    fn set_broadcast(&self, broadcast: bool) -> io::Result<()>;
    /// `IP_TTL`.
    fn ttl(&self) -> io::Result<u32>;
    /// Sets `IP_TTL`.
    fn set_ttl(&self, ttl: u32) -> io::Result<()>;
    /// `IP_MULTICAST_LOOP`.
    fn multicast_loop_v4(&self) -> io::Result<bool>;
    /// Sets `IP_MULTICAST_LOOP`.
    fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()>;
    /// `IP_MULTICAST_TTL`.
    fn multicast_ttl_v4(&self) -> io::Result<u32>;
    /// Sets `IP_MULTICAST_TTL`.
    fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()>;
    /// `IPV6_MULTICAST_LOOP`.
    fn multicast_loop_v6(&self) -> io::Result<bool>;
    /// Sets `IPV6_MULTICAST_LOOP`.
    fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()>;
    /// `IP_ADD_MEMBERSHIP`.
    fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
    /// `IPV6_ADD_MEMBERSHIP`; interface 0 is the system's choice.
    fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()>;
    /// `IP_DROP_MEMBERSHIP`.
    fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
    /// `IPV6_DROP_MEMBERSHIP`.
    fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()>;
}
