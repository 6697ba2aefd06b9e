//! A datagram socket: [`UdpSocket`].

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use super::addr::{first, first_that_works};
use super::{RawUdpSocket, Target, ToSocketAddrs};
use crate::any::AnyUdpSocket;
use crate::budget::charged;
use crate::current::Late;
use crate::io::{Direction, Wait, operation};
use crate::{AnyRuntime, AsyncNet, Core, budget};

/// A datagram socket: [`std::net::UdpSocket`], async.
///
/// One send and one receive is one datagram each. It is used through `&UdpSocket` and through
/// clones, by any number of tasks at once.
///
/// ```no_run
/// use anyrt_api::net::UdpSocket;
/// use anyrt_api::{Runtime, io};
///
/// async fn ask<R: Runtime>(rt: &R) -> io::Result<Vec<u8>> {
///     let socket = UdpSocket::bind_in("0.0.0.0:0", rt).await?;
///     socket.send_to(b"ping", "localhost:7").await?;
///     let mut answer = vec![0; 1500];
///     let (len, _from) = socket.recv_from(&mut answer).await?;
///     answer.truncate(len);
///     Ok(answer)
/// }
/// ```
///
/// # Cancel safety
///
/// Every method is safe: a receive that is dropped loses no datagram, and of a send that is dropped
/// before it was ready nothing was sent.
#[derive(Clone)]
pub struct UdpSocket<R: AsyncNet = AnyRuntime> {
    raw: R::UdpSocket,
    rt: R,
}

impl UdpSocket {
    /// Binds on the current runtime: `std::net::UdpSocket::bind`.
    ///
    /// Several addresses are tried in order. Port 0 is a port of the system's choice.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`AddrInUse`, ..).
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    #[track_caller]
    pub fn bind(addr: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send {
        bind(addr.to_target(), Late::here())
    }
}

impl<R: AsyncNet> UdpSocket<R> {
    /// Binds on `rt`: as [`bind`](UdpSocket::bind).
    ///
    /// # Errors
    ///
    /// As [`bind`](UdpSocket::bind).
    pub fn bind_in<A: ToSocketAddrs>(
        addr: A,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<A, R> {
        bind(addr.to_target(), Late::now(rt.clone()))
    }

    /// From a backend's socket and its runtime, which looks up the names of [`send_to`] and
    /// [`connect`].
    ///
    /// [`send_to`]: Self::send_to
    /// [`connect`]: Self::connect
    pub fn from_raw_in(raw: R::UdpSocket, rt: &R) -> Self {
        UdpSocket {
            raw,
            rt: rt.clone(),
        }
    }

    /// The backend's socket.
    pub fn as_raw(&self) -> &R::UdpSocket {
        &self.raw
    }

    /// The backend's socket, by value.
    pub fn into_raw(self) -> R::UdpSocket {
        self.raw
    }

    pub(crate) fn runtime(&self) -> &R {
        &self.rt
    }

    /// The same socket without its backend in the type.
    #[must_use]
    pub fn erase(self) -> UdpSocket
    where
        R: Core,
    {
        UdpSocket {
            raw: AnyUdpSocket::new(self.raw),
            rt: AnyRuntime::new(self.rt),
        }
    }

    /// Another handle on the same socket: `std::net::UdpSocket::try_clone`.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Sets the peer, and from then on receives from it alone: `std::net::UdpSocket::connect`.
    /// Several addresses are tried in order.
    ///
    /// # Errors
    ///
    /// The system's; `InvalidInput` if there is no address.
    pub fn connect<A: ToSocketAddrs>(
        &self,
        addr: A,
    ) -> impl Future<Output = io::Result<()>> + Send {
        let target = addr.to_target();
        async move {
            let connect = async |addr| self.raw.connect(addr);
            first_that_works(target, &self.rt, connect).await
        }
    }

    /// Sends one datagram to the first address of `addr`: `std::net::UdpSocket::send_to`.
    ///
    /// # Errors
    ///
    /// The system's (a datagram that is too long, ..); `InvalidInput` if there is no address.
    pub fn send_to<A: ToSocketAddrs>(
        &self,
        buf: &[u8],
        addr: A,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        let target = addr.to_target();
        async move {
            let to = first(target, &self.rt).await?;
            operation(&self.raw, Direction::Write, |raw, cx, wait| {
                raw.poll_send_to(cx, wait, buf, to)
            })
            .await
        }
    }

    /// Receives one datagram, and says who it is from: `std::net::UdpSocket::recv_from`. What does
    /// not fit into `buf` is gone.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_recv_from(cx, wait, buf)
        })
        .await
    }

    /// Receives one datagram and leaves it there: `std::net::UdpSocket::peek_from`.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_peek_from(cx, wait, buf)
        })
        .await
    }

    /// Sends one datagram to the peer of [`connect`](Self::connect): `std::net::UdpSocket::send`.
    ///
    /// # Errors
    ///
    /// The system's; `ConnectionRefused` if the peer refused an earlier one.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        operation(&self.raw, Direction::Write, |raw, cx, wait| {
            raw.poll_send(cx, wait, buf)
        })
        .await
    }

    /// Receives one datagram from the peer of [`connect`](Self::connect):
    /// `std::net::UdpSocket::recv`. What does not fit into `buf` is gone.
    ///
    /// # Errors
    ///
    /// The system's; `ConnectionRefused` if the peer refused an earlier one.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_recv(cx, wait, buf)
        })
        .await
    }

    /// Receives one datagram from the peer and leaves it there: `std::net::UdpSocket::peek`.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_peek(cx, wait, buf)
        })
        .await
    }
}

/// The operations as polls, for protocols that are state machines. Any number of tasks may poll at
/// once; each is woken.
impl<R: AsyncNet> UdpSocket<R> {
    /// One poll of [`send_to`](Self::send_to).
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        budget::poll(cx, |cx| {
            self.raw.poll_send_to(cx, &mut Wait::by_waker(), buf, to)
        })
    }

    /// One poll of [`recv_from`](Self::recv_from).
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        budget::poll(cx, |cx| {
            self.raw.poll_recv_from(cx, &mut Wait::by_waker(), buf)
        })
    }

    /// One poll of [`send`](Self::send).
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        budget::poll(cx, |cx| self.raw.poll_send(cx, &mut Wait::by_waker(), buf))
    }

    /// One poll of [`recv`](Self::recv).
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        budget::poll(cx, |cx| self.raw.poll_recv(cx, &mut Wait::by_waker(), buf))
    }
}

/// Addresses and options, as std has them (multicast addresses by value); the errors are the
/// system's.
impl<R: AsyncNet> UdpSocket<R> {
    /// This end's address, with the port that the system chose.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.raw.local_addr()
    }

    /// The peer that [`connect`](Self::connect) set.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.raw.peer_addr()
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.raw.take_error()
    }

    /// Whether it may send to broadcast addresses (`SO_BROADCAST`); off by default.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.raw.broadcast()
    }

    /// Sets whether it may send to broadcast addresses (`SO_BROADCAST`).
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.raw.set_broadcast(broadcast)
    }

    /// The time to live of the datagrams sent (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.raw.ttl()
    }

    /// Sets the time to live of the datagrams sent (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.raw.set_ttl(ttl)
    }

    /// Whether IPv4 multicast is looped back (`IP_MULTICAST_LOOP`).
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.raw.multicast_loop_v4()
    }

    /// Sets whether IPv4 multicast is looped back (`IP_MULTICAST_LOOP`).
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.raw.set_multicast_loop_v4(on)
    }

    /// The time to live of IPv4 multicast (`IP_MULTICAST_TTL`).
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.raw.multicast_ttl_v4()
    }

    /// Sets the time to live of IPv4 multicast (`IP_MULTICAST_TTL`).
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.raw.set_multicast_ttl_v4(ttl)
    }

    /// Whether IPv6 multicast is looped back (`IPV6_MULTICAST_LOOP`).
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.raw.multicast_loop_v6()
    }

    /// Sets whether IPv6 multicast is looped back (`IPV6_MULTICAST_LOOP`).
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.raw.set_multicast_loop_v6(on)
    }

    /// Joins an IPv4 multicast group on the interface with this address.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.raw.join_multicast_v4(group, interface)
    }

    /// Joins an IPv6 multicast group on the interface of this index; 0 is the system's choice.
    pub fn join_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.raw.join_multicast_v6(&group, interface)
    }

    /// Leaves an IPv4 multicast group.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.raw.leave_multicast_v4(group, interface)
    }

    /// Leaves an IPv6 multicast group.
    pub fn leave_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.raw.leave_multicast_v6(&group, interface)
    }
}

fn bind<R: AsyncNet>(
    target: io::Result<Target>,
    mut rt: Late<R>,
) -> impl Future<Output = io::Result<UdpSocket<R>>> + Send {
    charged(async move {
        let rt = rt.runtime();
        let raw = first_that_works(target, rt, |addr| rt.bind_udp(addr)).await?;
        Ok(UdpSocket::from_raw_in(raw, rt))
    })
}

impl<R: AsyncNet> fmt::Debug for UdpSocket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("UdpSocket");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        if let Ok(peer) = self.peer_addr() {
            out.field("peer", &peer);
        }
        out.finish_non_exhaustive()
    }
}
