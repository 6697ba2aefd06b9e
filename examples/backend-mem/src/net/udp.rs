//! Datagrams: [`UdpSocket`]. One send is one datagram in the mailbox of the receiver, or nowhere.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;

use super::{Bound, check_ttl, loopback, shown, target};
use crate::{Polled, ensure};

/// Datagrams that a mailbox keeps; what comes after is lost.
const MAILBOX: usize = 256;

/// The longest datagram that IPv4 has room for.
const LONGEST: usize = 65_507;

/// A datagram socket of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct UdpSocket(pub(crate) Arc<Bound<Mailbox>>);

/// What a socket has received, and from whom it wants to.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    mail: VecDeque<(Vec<u8>, SocketAddr)>,
    peer: Option<SocketAddr>,
    error: Option<ErrorKind>,
}

impl Mailbox {
    /// The first datagram, cut to the buffer.
    fn receive(&mut self, buf: &mut [u8], keep: bool) -> Option<io::Result<(usize, SocketAddr)>> {
        if let Some(kind) = self.error.take() {
            return Some(Err(kind.into()));
        }
        let (bytes, from) = self.mail.front()?;
        let received = bytes.as_slice().read(buf).map(|n_read| (n_read, *from));
        if !keep {
            self.mail.pop_front();
        }
        Some(received)
    }
}

impl Bound<Mailbox> {
    /// Where a datagram to `to` comes from.
    fn source(&self, to: SocketAddr) -> SocketAddr {
        let all = self.addr.ip().is_unspecified();
        let own = loopback(to.ip().to_canonical().is_ipv4());
        SocketAddr::new(if all { own } else { self.addr.ip() }, self.addr.port())
    }

    fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.sim.check()?;
        self.inbox.lock().error.take().map_or(Ok(()), Err)?;
        let is_foreign = self.addr.is_ipv4() && to.is_ipv6();
        let is_sound = bytes.len() <= LONGEST && to.port() != 0 && !is_foreign;
        ensure(is_sound, ErrorKind::InvalidInput)?;
        let may = self.options.lock().broadcast || to.ip() != Ipv4Addr::BROADCAST;
        ensure(may, ErrorKind::PermissionDenied)?;
        let to = target(to)?;
        let receiver = self.sim.udp.find(to);
        let is_heard = receiver.is_some_and(|receiver| receiver.deliver(bytes, self.source(to)));
        let mut own = self.inbox.lock();
        if own.peer == Some(shown(to, self.addr)) && !is_heard {
            // What a host answers for a port where nobody is.
            own.error = Some(ErrorKind::ConnectionRefused);
            drop(own);
            self.arrived.wake_all();
        }
        Ok(bytes.len())
    }

    /// Takes a datagram in; false if this socket hears another peer alone.
    fn deliver(&self, bytes: &[u8], from: SocketAddr) -> bool {
        let from = shown(from, self.addr);
        let mut mailbox = self.inbox.lock();
        if mailbox.peer.is_some_and(|peer| peer != from) {
            return false;
        }
        if mailbox.mail.len() < MAILBOX {
            mailbox.mail.push_back((bytes.to_vec(), from));
        }
        drop(mailbox);
        self.arrived.wake_all();
        true
    }
}

impl RawObject for UdpSocket {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        self.0.arrived.cancel(wait);
    }
}

impl RawUdpSocket for UdpSocket {
    fn poll_send_to(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        buf: &[u8],
        to: SocketAddr,
    ) -> Polled<usize> {
        Poll::Ready(self.0.send(buf, to))
    }
    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Polled<(usize, SocketAddr)> {
        let receive = || self.0.inbox.lock().receive(buf, false);
        self.0.sim.poll_on(&self.0.arrived, cx, wait, receive)
    }
    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Polled<(usize, SocketAddr)> {
        let receive = || self.0.inbox.lock().receive(buf, true);
        self.0.sim.poll_on(&self.0.arrived, cx, wait, receive)
    }
    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        let to = shown(target(to)?, self.0.addr);
        let mut mailbox = self.0.inbox.lock();
        mailbox.mail.retain(|(_, from)| *from == to);
        mailbox.peer = Some(to);
        Ok(())
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        let peer = self.0.inbox.lock().peer;
        Ok(peer.map_or(self.0.addr, |peer| self.0.source(peer)))
    }
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        let peer = self.0.inbox.lock().peer;
        peer.ok_or(ErrorKind::NotConnected.into())
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.inbox.lock().error.take().map(io::Error::from))
    }
    options! {
        broadcast, set_broadcast: bool;
        ttl, set_ttl: u32, check_ttl;
        multicast_loop_v4, set_multicast_loop_v4: bool;
        multicast_ttl_v4, set_multicast_ttl_v4: u32, check_ttl;
        multicast_loop_v6, set_multicast_loop_v6: bool;
    }
    fn join_multicast_v4(&self, _group: Ipv4Addr, _interface: Ipv4Addr) -> io::Result<()> {
        no_groups()
    }
    fn join_multicast_v6(&self, _group: &Ipv6Addr, _interface: u32) -> io::Result<()> {
        no_groups()
    }
    fn leave_multicast_v4(&self, _group: Ipv4Addr, _interface: Ipv4Addr) -> io::Result<()> {
        no_groups()
    }
    fn leave_multicast_v6(&self, _group: &Ipv6Addr, _interface: u32) -> io::Result<()> {
        no_groups()
    }
}

/// A host with its loopback alone has no interface that could join a group.
fn no_groups() -> io::Result<()> {
    Err(ErrorKind::AddrNotAvailable.into())
}
