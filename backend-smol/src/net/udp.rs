//! UDP on async-io: [`UdpSocket`]. Knows nothing of names.

use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;
use async_io::Async;
use socket2::SockRef;

use crate::home::Home;
use crate::io::Source;

/// A UDP socket on async-io.
#[derive(Debug, Clone)]
pub struct UdpSocket {
    pub(super) source: Arc<Source<net::UdpSocket>>,
}

/// Binds, as std does.
pub(crate) fn bind(home: &Arc<Home>, addr: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(home, net::UdpSocket::bind(addr)?)
}

impl UdpSocket {
    pub(crate) fn from_std(home: &Arc<Home>, socket: net::UdpSocket) -> io::Result<Self> {
        home.check()?;
        let source = Source::new(home, Async::new(socket)?);
        Ok(UdpSocket { source })
    }

    pub(crate) fn into_std(self) -> io::Result<net::UdpSocket> {
        let socket = self.source.into_io()?;
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    fn socket(&self) -> &net::UdpSocket {
        self.source.io.get_ref()
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self.socket())
    }
}

impl RawUdpSocket for UdpSocket {
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Write, cx, wait, |socket| socket.send_to(buf, to))
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.recv_from(buf))
    }

    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.peek_from(buf))
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Write, cx, wait, |socket| socket.send(buf))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.recv(buf))
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.peek(buf))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.sock().connect(&to.into())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }

    fn broadcast(&self) -> io::Result<bool> {
        self.sock().broadcast()
    }

    fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.sock().set_broadcast(broadcast)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.sock().ttl_v4()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.sock().set_ttl_v4(ttl)
    }

    fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.sock().multicast_loop_v4()
    }

    fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.sock().set_multicast_loop_v4(on)
    }

    fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.sock().multicast_ttl_v4()
    }

    fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.sock().set_multicast_ttl_v4(ttl)
    }

    fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.sock().multicast_loop_v6()
    }

    fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.sock().set_multicast_loop_v6(on)
    }

    fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.sock().join_multicast_v4(&group, &interface)
    }

    fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.sock().join_multicast_v6(group, interface)
    }

    fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.sock().leave_multicast_v4(&group, &interface)
    }

    fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.sock().leave_multicast_v6(group, interface)
    }
}

impl RawObject for UdpSocket {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}
