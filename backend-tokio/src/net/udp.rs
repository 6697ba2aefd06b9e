//! UDP on tokio: [`UdpSocket`]. Knows nothing of names.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;
use socket2::SockRef;
use tokio::io::ReadBuf;

use super::refusal::Refusable;
use crate::home::{Home, map_gone};
use crate::io::Source;

/// A UDP socket on tokio.
#[derive(Debug, Clone)]
pub struct UdpSocket {
    pub(super) source: Arc<Source<Refusable>>,
}

/// Binds, as std does.
pub(crate) fn bind(home: &Arc<Home>, addr: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(home, std::net::UdpSocket::bind(addr)?)
}

impl UdpSocket {
    pub(crate) fn from_std(home: &Arc<Home>, socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let socket = tokio::net::UdpSocket::from_std(socket).map_err(map_gone)?;
        let source = Source::new(home, Refusable::new(socket));
        Ok(UdpSocket { source })
    }

    pub(crate) fn into_std(self) -> io::Result<std::net::UdpSocket> {
        let socket = self.source.into_io()?.into_socket().into_std()?;
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    pub(super) fn socket(&self) -> &tokio::net::UdpSocket {
        self.source.io.socket()
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self.socket())
    }

    fn poll_send_by(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut send: impl FnMut(&tokio::net::UdpSocket, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |socket, cx| {
            send(socket.socket(), cx)
        })
    }

    fn poll_receive_by<T>(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut receive: impl FnMut(&tokio::net::UdpSocket, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.source.poll(Direction::Read, cx, wait, |socket, cx| {
            socket.poll_receive(cx, &mut receive)
        })
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
        self.poll_send_by(cx, wait, |socket, cx| socket.poll_send_to(cx, buf, to))
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.poll_receive_by(cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            let from = ready!(socket.poll_recv_from(cx, &mut buf))?;
            Poll::Ready(Ok((buf.filled().len(), from)))
        })
    }

    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.poll_receive_by(cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            let from = ready!(socket.poll_peek_from(cx, &mut buf))?;
            Poll::Ready(Ok((buf.filled().len(), from)))
        })
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send_by(cx, wait, |socket, cx| socket.poll_send(cx, buf))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_receive_by(cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            ready!(socket.poll_recv(cx, &mut buf))?;
            Poll::Ready(Ok(buf.filled().len()))
        })
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_receive_by(cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            ready!(socket.poll_peek(cx, &mut buf))?;
            Poll::Ready(Ok(buf.filled().len()))
        })
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.sock().connect(&to.into())?;
        self.source.io.is_connected();
        Ok(())
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
