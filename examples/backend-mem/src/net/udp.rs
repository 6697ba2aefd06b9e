//! Datagrams: [`UdpSocket`]. One send is one datagram in the mailbox of the receiver, or nowhere.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;

use super::{Net, check_ttl, net};
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
    addr: SocketAddr,
    mailbox: Arc<Mailbox>,
}

/// What a socket has received, and how it is set up.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    readable: Waiters,
}

#[derive(Debug)]
struct State {
    mail: VecDeque<(Vec<u8>, SocketAddr)>,
    peer: Option<SocketAddr>,
    error: Option<ErrorKind>,
    groups: BTreeSet<IpAddr>,
    broadcast: bool,
    ttl: u32,
    multicast_loop: [bool; 2],
    multicast_ttl: u32,
}

/// Binds a socket to `addr`.
pub(crate) fn bind(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<UdpSocket> {
    sim.check()?;
    let mut net = net(sim);
    let addr = net.claim(addr, |net| super::is_taken(&net.sockets, addr))?;
    let mailbox = Arc::new(Mailbox {
        state: Mutex::new(State {
            mail: VecDeque::new(),
            peer: None,
            error: None,
            groups: BTreeSet::new(),
            broadcast: false,
            ttl: 64,
            multicast_loop: [true; 2],
            multicast_ttl: 1,
        }),
        readable: Waiters::default(),
    });
    net.sockets.insert(addr, mailbox.clone());
    Ok(UdpSocket(Arc::new(Bound {
        sim: sim.clone(),
        addr,
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
        if bytes.len() > LONGEST || to.port() == 0 || (self.addr.is_ipv4() && to.is_ipv6()) {
            return Err(ErrorKind::InvalidInput.into());
        }
        if to.ip() == IpAddr::V4(Ipv4Addr::BROADCAST) && !broadcast {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let heard = self
            .receivers(to)?
            .into_iter()
            .fold(false, |heard, (own, mailbox)| {
                mailbox.deliver(bytes, super::shown(self.source(to), own)) || heard
            });
        if connected && !heard {
            // What a host answers for a port where nobody is.
            self.mailbox.state().error = Some(ErrorKind::ConnectionRefused);
            self.mailbox.readable.wake();
        }
        Ok(bytes.len())
    }

    /// The sockets that a datagram to `to` reaches.
    fn receivers(&self, to: SocketAddr) -> io::Result<Vec<(SocketAddr, Arc<Mailbox>)>> {
        let net: &Net = &net(&self.sim);
        let copy = |(addr, mailbox): (&SocketAddr, &Arc<Mailbox>)| (*addr, mailbox.clone());
        let ip = to.ip();
        if !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST) {
            let found = super::receiver(&net.sockets, super::target(to)?);
            return Ok(found.map(copy).into_iter().collect());
        }
        let own = self.mailbox.state().multicast_loop[usize::from(ip.is_ipv6())];
        let hears = |(addr, mailbox): &(&SocketAddr, &Arc<Mailbox>)| {
            let member = mailbox.state().groups.contains(&ip) && own;
            addr.port() == to.port() && (member || !ip.is_multicast())
        };
        Ok(net.sockets.iter().filter(hears).map(copy).collect())
    }

    /// Where a datagram to `to` comes from.
    fn source(&self, to: SocketAddr) -> SocketAddr {
        if self.addr.ip().is_unspecified() {
            SocketAddr::new(
                super::loopback(to.ip().to_canonical().is_ipv4()),
                self.addr.port(),
            )
        } else {
            self.addr
        }
    }

    fn peer(&self) -> io::Result<SocketAddr> {
        self.mailbox
            .state()
            .peer
            .ok_or(ErrorKind::NotConnected.into())
    }

    fn group(&self, group: IpAddr, join: bool) -> io::Result<()> {
        if !group.is_multicast() || group.is_ipv4() != self.addr.is_ipv4() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let groups = &mut self.mailbox.state().groups;
        match join {
            true if groups.insert(group) => Ok(()),
            true => Err(ErrorKind::AddrInUse.into()),
            false if groups.remove(&group) => Ok(()),
            false => Err(ErrorKind::AddrNotAvailable.into()),
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        net(&self.sim).sockets.remove(&self.addr);
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
        Ok(peer.map_or(self.0.addr, |peer| self.0.source(peer)))
    }
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer()
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.mailbox.state().error.take().map(io::Error::from))
    }
    fn broadcast(&self) -> io::Result<bool> {
        Ok(self.0.mailbox.state().broadcast)
    }
    fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.0.mailbox.state().broadcast = broadcast;
        Ok(())
    }
    fn ttl(&self) -> io::Result<u32> {
        Ok(self.0.mailbox.state().ttl)
    }
    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.mailbox.state().ttl = check_ttl(ttl)?;
        Ok(())
    }
    fn multicast_loop_v4(&self) -> io::Result<bool> {
        Ok(self.0.mailbox.state().multicast_loop[0])
    }
    fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.0.mailbox.state().multicast_loop[0] = on;
        Ok(())
    }
    fn multicast_ttl_v4(&self) -> io::Result<u32> {
        Ok(self.0.mailbox.state().multicast_ttl)
    }
    fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.0.mailbox.state().multicast_ttl = check_ttl(ttl)?;
        Ok(())
    }
    fn multicast_loop_v6(&self) -> io::Result<bool> {
        Ok(self.0.mailbox.state().multicast_loop[1])
    }
    fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.0.mailbox.state().multicast_loop[1] = on;
        Ok(())
    }
    fn join_multicast_v4(&self, group: Ipv4Addr, _interface: Ipv4Addr) -> io::Result<()> {
        self.0.group(group.into(), true)
    }
    fn join_multicast_v6(&self, group: &Ipv6Addr, _interface: u32) -> io::Result<()> {
        self.0.group((*group).into(), true)
    }
    fn leave_multicast_v4(&self, group: Ipv4Addr, _interface: Ipv4Addr) -> io::Result<()> {
        self.0.group(group.into(), false)
    }
    fn leave_multicast_v6(&self, group: &Ipv6Addr, _interface: u32) -> io::Result<()> {
        self.0.group((*group).into(), false)
    }
}
