//! UDP sockets.
//!
//! It knows std's socket and its options, and the source it lives in. The door makes them.

use std::{
    io,
    net::{self, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
};

use anyrt_api::{
    io::{Direction, RawObject, Wait},
    net::RawUdpSocket,
};

use super::in_use;
use crate::{driver::Driver, reactor::Source};

/// A UDP socket of the native runtime.
#[derive(Clone, Debug)]
pub struct UdpSocket(triomphe::Arc<Source<net::UdpSocket>>);

impl UdpSocket {
    /// Binds to an address.
    pub(crate) fn bind(driver: &Arc<Driver>, addr: SocketAddr) -> io::Result<Self> {
        Self::from_std(driver, net::UdpSocket::bind(addr)?)
    }

    /// Takes a socket of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, socket: net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, socket)?)))
    }

    /// Gives a socket to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::UdpSocket> {
        let socket = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    pub(super) fn io(&self) -> &net::UdpSocket {
        self.0.io()
    }

    /// One datagram is one call: what a call leaves behind it cannot say.
    fn poll<U>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: &mut Wait,
        op: impl FnMut(&net::UdpSocket) -> io::Result<U>,
    ) -> Poll<io::Result<U>> {
        self.0.poll_io(cx, direction, wait, op, |_| false)
    }
}

impl RawObject for UdpSocket {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
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
        self.poll(cx, Direction::Write, wait, |socket| socket.send_to(buf, to))
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.poll(cx, Direction::Read, wait, |socket| socket.recv_from(buf))
    }

    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.poll(cx, Direction::Read, wait, |socket| socket.peek_from(buf))
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, Direction::Write, wait, |socket| socket.send(buf))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, Direction::Read, wait, |socket| socket.recv(buf))
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, Direction::Read, wait, |socket| socket.peek(buf))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.io().connect(to)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io().peer_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }

    fn broadcast(&self) -> io::Result<bool> {
        self.io().broadcast()
    }

    fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.io().set_broadcast(broadcast)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.io().ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io().set_ttl(ttl)
    }

    fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.io().multicast_loop_v4()
    }

    fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.io().set_multicast_loop_v4(on)
    }

    fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.io().multicast_ttl_v4()
    }

    fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.io().set_multicast_ttl_v4(ttl)
    }

    fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.io().multicast_loop_v6()
    }

    fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.io().set_multicast_loop_v6(on)
    }

    fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io().join_multicast_v4(&group, &interface)
    }

    fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io().join_multicast_v6(group, interface)
    }

    fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io().leave_multicast_v4(&group, &interface)
    }

    fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io().leave_multicast_v6(group, interface)
    }
}
