//! Datagrams: [`UdpSocket`]. One send is one datagram in the mailbox of the receiver, or nowhere.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;

use super::{check_ttl, net};
use crate::executor::Sim;
use crate::waiters::Waiters;

/// Datagrams that a mailbox keeps; what comes after is lost.
const MAILBOX: usize = 256;

/// The longest datagram that IPv4 has room for.
const LONGEST: usize = 65_507;

/// A datagram socket of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct UdpSocket(Arc<Bound>);

#[derive(Debug)]
struct Bound {
    sim: Arc<Sim>,
    mailbox: Arc<Mailbox>,
}

/// What a socket has received, and how it is set up.
#[derive(Debug)]
pub(crate) struct Mailbox {
    addr: SocketAddr,
    state: Mutex<State>,
    readable: Waiters,
}

#[derive(Debug)]
struct State {
    mail: VecDeque<(Vec<u8>, SocketAddr)>,
    peer: Option<SocketAddr>,
    error: Option<ErrorKind>,
    broadcast: bool,
    ttl: u32,
    multicast_loop_v4: bool,
    multicast_ttl_v4: u32,
    multicast_loop_v6: bool,
}

/// Binds a socket to `addr`.
pub(crate) fn bind(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<UdpSocket> {
    sim.check()?;
    let mut net = net(sim);
    let addr = net.claim(addr, |net| super::is_taken(&net.sockets, addr))?;
    let mailbox = Arc::new(Mailbox {
        addr,
        state: Mutex::new(State {
            mail: VecDeque::new(),
            peer: None,
            error: None,
            broadcast: false,
            ttl: 64,
            multicast_loop_v4: true,
            multicast_ttl_v4: 1,
            multicast_loop_v6: true,
        }),
        readable: Waiters::default(),
    });
    net.sockets.insert(addr, mailbox.clone());
    Ok(UdpSocket(Arc::new(Bound {
        sim: sim.clone(),
        mailbox,
    })))
}

impl Mailbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        self.readable.wake();
    }

    /// Takes a datagram in; false if this socket hears another peer alone.
    fn deliver(&self, bytes: &[u8], from: SocketAddr) -> bool {
        let mut state = self.state();
        if state.peer.is_some_and(|peer| peer != from) {
            return false;
        }
        if state.mail.len() < MAILBOX {
            state.mail.push_back((bytes.to_vec(), from));
        }
        drop(state);
        self.readable.wake();
        true
    }
}

impl Bound {
    /// The first datagram, cut to the buffer.
    fn receive(&self, buf: &mut [u8], keep: bool) -> Option<io::Result<(usize, SocketAddr)>> {
        let mut state = self.mailbox.state();
        if let Some(kind) = state.error.take() {
            return Some(Err(kind.into()));
        }
        let (bytes, from) = state.mail.front()?;
        let n_read = bytes.len().min(buf.len());
        buf[..n_read].copy_from_slice(&bytes[..n_read]);
        let from = *from;
        if !keep {
            state.mail.pop_front();
        }
        Some(Ok((n_read, from)))
    }

    fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.sim.check()?;
        let (connected, broadcast) = {
            let mut state = self.mailbox.state();
            if let Some(kind) = state.error.take() {
                return Err(kind.into());
            }
            (state.peer == Some(to), state.broadcast)
        };
        if bytes.len() > LONGEST || to.port() == 0 || (self.mailbox.addr.is_ipv4() && to.is_ipv6())
        {
            return Err(ErrorKind::InvalidInput.into());
        }
        if to.ip() == IpAddr::V4(Ipv4Addr::BROADCAST) && !broadcast {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let to = super::target(to)?;
        let found = super::receiver(&net(&self.sim).sockets, to).map(|(_, found)| found.clone());
        let from = |receiver: &Mailbox| super::shown(self.source(to), receiver.addr);
        let is_heard = found.is_some_and(|found| found.deliver(bytes, from(&found)));
        if connected && !is_heard {
            // What a host answers for a port where nobody is.
            self.mailbox.state().error = Some(ErrorKind::ConnectionRefused);
            self.mailbox.wake();
        }
        Ok(bytes.len())
    }

    /// Where a datagram to `to` comes from.
    fn source(&self, to: SocketAddr) -> SocketAddr {
        if self.mailbox.addr.ip().is_unspecified() {
            SocketAddr::new(
                super::loopback(to.ip().to_canonical().is_ipv4()),
                self.mailbox.addr.port(),
            )
        } else {
            self.mailbox.addr
        }
    }

    fn peer(&self) -> io::Result<SocketAddr> {
        self.mailbox
            .state()
            .peer
            .ok_or(ErrorKind::NotConnected.into())
    }

    fn options(&self) -> MutexGuard<'_, State> {
        self.mailbox.state()
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        net(&self.sim).sockets.remove(&self.mailbox.addr);
    }
}

impl UdpSocket {
    fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
        keep: bool,
    ) -> Polled<(usize, SocketAddr)> {
        let waiters = &self.0.mailbox.readable;
        waiters.poll(&self.0.sim, cx, wait, || self.0.receive(buf, keep))
    }
}

impl RawObject for UdpSocket {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        self.0.mailbox.readable.cancel(wait);
    }
}

type Polled<T> = Poll<io::Result<T>>;

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
        self.poll_receive(cx, wait, buf, false)
    }
    fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Polled<(usize, SocketAddr)> {
        self.poll_receive(cx, wait, buf, true)
    }
    fn poll_send(&self, _: &mut Context<'_>, _: &mut Wait, buf: &[u8]) -> Polled<usize> {
        Poll::Ready(self.0.peer().and_then(|peer| self.0.send(buf, peer)))
    }
    fn poll_recv(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        self.poll_receive(cx, wait, buf, false).map_ok(|(n, _)| n)
    }
    fn poll_peek(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        self.poll_receive(cx, wait, buf, true).map_ok(|(n, _)| n)
    }
    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        let to = super::target(to)?;
        let mut state = self.0.mailbox.state();
        state.mail.retain(|(_, from)| *from == to);
        state.peer = Some(to);
        Ok(())
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        let peer = self.0.mailbox.state().peer;
        Ok(peer.map_or(self.0.mailbox.addr, |peer| self.0.source(peer)))
    }
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer()
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.mailbox.state().error.take().map(io::Error::from))
    }
    options! {
        broadcast, set_broadcast: bool, Ok::<_, io::Error>;
        ttl, set_ttl: u32, check_ttl;
        multicast_loop_v4, set_multicast_loop_v4: bool, Ok::<_, io::Error>;
        multicast_ttl_v4, set_multicast_ttl_v4: u32, check_ttl;
        multicast_loop_v6, set_multicast_loop_v6: bool, Ok::<_, io::Error>;
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
