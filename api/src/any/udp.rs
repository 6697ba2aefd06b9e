//! Erased datagram sockets: [`AnyUdpSocket`], one virtual call an operation.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::io::{Direction, RawObject, Wait};
use crate::net::RawUdpSocket;

/// A datagram socket of any backend.
#[derive(Clone)]
pub struct AnyUdpSocket {
    erased: Arc<dyn RawUdpSocket>,
}

impl AnyUdpSocket {
    /// Erases a backend's socket, in one allocation; an erased one stays as it is.
    pub fn new<S: RawUdpSocket>(raw: S) -> Self {
        let known = (&raw as &dyn Any).downcast_ref::<AnyUdpSocket>().cloned();
        known.unwrap_or_else(|| AnyUdpSocket {
            erased: Arc::new(raw),
        })
    }

    /// The backend's socket, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The socket itself, if it is of another backend.
    pub fn downcast<S: RawUdpSocket + Clone>(self) -> Result<S, AnyUdpSocket> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<S>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw))
    }
}

impl RawObject for AnyUdpSocket {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawUdpSocket for AnyUdpSocket {
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_send_to(cx, wait, buf, to)
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.erased.poll_recv_from(cx, wait, buf)
    }

    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.erased.poll_peek_from(cx, wait, buf)
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_send(cx, wait, buf)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_recv(cx, wait, buf)
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_peek(cx, wait, buf)
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.erased.connect(to)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.erased.peer_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }

    fn broadcast(&self) -> io::Result<bool> {
        self.erased.broadcast()
    }

    fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.erased.set_broadcast(broadcast)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.erased.ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.erased.set_ttl(ttl)
    }

    fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.erased.multicast_loop_v4()
    }

    fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.erased.set_multicast_loop_v4(on)
    }

    fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.erased.multicast_ttl_v4()
    }

    fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.erased.set_multicast_ttl_v4(ttl)
    }

    fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.erased.multicast_loop_v6()
    }

    fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.erased.set_multicast_loop_v6(on)
    }

    fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.erased.join_multicast_v4(group, interface)
    }

    fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.erased.join_multicast_v6(group, interface)
    }

    fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.erased.leave_multicast_v4(group, interface)
    }

    fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.erased.leave_multicast_v6(group, interface)
    }
}

impl fmt::Debug for AnyUdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}
