//! Connections: [`TcpStream`] and [`TcpListener`], over two bounded buffers a connection.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};

use super::{check_ttl, net};
use crate::executor::Sim;
use crate::waiters::Waiters;

/// Bytes that a receiver keeps before its sender waits.
const BUFFER: usize = 64 * 1024;

/// Connections that a listener keeps before a client waits.
const BACKLOG: usize = 128;

/// A connection of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct TcpStream(Arc<End>);

/// One end. Its drop is the close.
#[derive(Debug)]
struct End {
    sim: Arc<Sim>,
    wire: Arc<Wire>,
    side: usize,
    local: SocketAddr,
    peer: SocketAddr,
    options: Mutex<Options>,
}

#[derive(Debug, Clone, Copy)]
struct Options {
    nodelay: bool,
    ttl: u32,
    linger: Option<Duration>,
    keepalive: bool,
}

/// What both ends share.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    sides: Mutex<[Side; 2]>,
    readable: [Waiters; 2],
    writable: [Waiters; 2],
}

/// One end's state.
#[derive(Debug, Default)]
struct Side {
    inbox: VecDeque<u8>,
    /// The peer has ended its sending side.
    ended: bool,
    /// This end takes no more bytes in, or sends none.
    read_shut: bool,
    write_shut: bool,
    /// This end was dropped.
    closed: bool,
    /// The connection was reset, and the error of it that nobody has seen yet.
    dead: bool,
    error: Option<ErrorKind>,
}

/// Connects to `addr`, as soon as the listener has room.
pub(crate) async fn connect(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<TcpStream> {
    sim.check()?;
    let to = super::target(addr)?;
    let found = super::receiver(&net(sim).listeners, to).map(|(_, backlog)| backlog.clone());
    let backlog = found.ok_or(ErrorKind::ConnectionRefused)?;
    let offer = || backlog.offer(sim, to);
    let stream = backlog.room.wait(sim, offer).await?;
    backlog.waiting.wake();
    Ok(stream)
}

/// Listens on `addr`.
pub(crate) fn listen(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<TcpListener> {
    sim.check()?;
    let mut net = net(sim);
    let addr = net.claim(addr, |net| super::is_taken(&net.listeners, addr))?;
    let backlog = Arc::new(Backlog::new(addr));
    net.listeners.insert(addr, backlog.clone());
    Ok(TcpListener(Arc::new(Bound {
        sim: sim.clone(),
        backlog,
    })))
}

/// A client's end and the end of a listener bound to `own`.
fn pair(sim: &Arc<Sim>, from: SocketAddr, to: SocketAddr, own: SocketAddr) -> [Arc<End>; 2] {
    let wire = Arc::new(Wire::default());
    let end = |side, local, peer| {
        Arc::new(End {
            sim: sim.clone(),
            wire: wire.clone(),
            side,
            local,
            peer,
            options: Mutex::new(Options {
                nodelay: false,
                ttl: 64,
                linger: None,
                keepalive: false,
            }),
        })
    };
    let (local, peer) = (super::shown(to, own), super::shown(from, own));
    [end(0, from, to), end(1, local, peer)]
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, [Side; 2]> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        self.readable
            .iter()
            .chain(&self.writable)
            .for_each(Waiters::wake);
    }
}

impl Side {
    /// Why a read gives no bytes; `None` if it has to wait.
    fn dry(&mut self) -> Option<io::Result<usize>> {
        match self.error.take() {
            Some(kind) => Some(Err(kind.into())),
            None => (self.ended || self.dead || self.read_shut).then_some(Ok(0)),
        }
    }

    fn reset(&mut self) {
        self.dead = true;
        self.error = Some(ErrorKind::ConnectionReset);
    }
}

impl End {
    fn read(&self, bufs: &mut [IoSliceMut<'_>], keep: bool) -> Option<io::Result<usize>> {
        let mut sides = self.wire.lock();
        let side = &mut sides[self.side];
        if side.inbox.is_empty() {
            return side.dry();
        }
        let mut n_read = 0;
        for buf in bufs {
            let rest = side.inbox.iter().skip(n_read);
            n_read += buf
                .iter_mut()
                .zip(rest)
                .map(|(to, from)| *to = *from)
                .count();
        }
        if !keep {
            side.inbox.drain(..n_read);
            drop(sides);
            self.wire.writable[1 - self.side].wake();
        }
        Some(Ok(n_read))
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
        let mut sides = self.wire.lock();
        let side = &mut sides[self.side];
        if let Some(kind) = side.error.take() {
            return Some(Err(kind.into()));
        }
        if side.write_shut || side.dead {
            return Some(Err(ErrorKind::BrokenPipe.into()));
        }
        let n_asked = bufs.iter().map(|buf| buf.len()).sum();
        let peer = &mut sides[1 - self.side];
        if peer.closed {
            // The bytes are on their way when the answer comes that nobody wants them.
            sides[self.side].dead = true;
            drop(sides);
            self.wire.wake();
            return Some(Ok(n_asked));
        }
        let room = BUFFER - peer.inbox.len();
        if room == 0 {
            return None;
        }
        let bytes = bufs.iter().flat_map(|buf| buf.iter());
        peer.inbox.extend(bytes.take(room));
        drop(sides);
        self.wire.readable[1 - self.side].wake();
        Some(Ok(n_asked.min(room)))
    }

    fn shutdown(&self, how: Shutdown) {
        let mut sides = self.wire.lock();
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            sides[self.side].read_shut = true;
        }
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            sides[self.side].write_shut = true;
            sides[1 - self.side].ended = true;
        }
        drop(sides);
        self.wire.wake();
    }

    fn options(&self) -> MutexGuard<'_, Options> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let abort = self.options().linger == Some(Duration::ZERO);
        let mut sides = self.wire.lock();
        let unread = !std::mem::take(&mut sides[self.side].inbox).is_empty();
        sides[self.side].closed = true;
        let peer = &mut sides[1 - self.side];
        peer.ended = true;
        if (abort || unread) && !peer.dead {
            peer.reset();
        }
        drop(sides);
        self.wire.wake();
        if self.side == 0 {
            net(&self.sim).clients.remove(&self.local);
        }
    }
}

impl RawObject for TcpStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        match direction {
            Direction::Read => self.0.wire.readable[self.0.side].cancel(wait),
            Direction::Write => self.0.wire.writable[self.0.side].cancel(wait),
        }
    }
}

type Polled<T> = Poll<io::Result<T>>;

impl RawStream for TcpStream {
    fn poll_read(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        self.poll_read_vectored(cx, wait, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Polled<usize> {
        let waiters = &self.0.wire.readable[self.0.side];
        waiters.poll(&self.0.sim, cx, wait, || self.0.read(bufs, false))
    }

    fn poll_write(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &[u8]) -> Polled<usize> {
        self.poll_write_vectored(cx, wait, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Polled<usize> {
        let waiters = &self.0.wire.writable[self.0.side];
        waiters.poll(&self.0.sim, cx, wait, || self.0.write(bufs))
    }

    fn poll_close(&self, _: &mut Context<'_>, _: &mut Wait) -> Polled<()> {
        self.0.shutdown(Shutdown::Write);
        Poll::Ready(Ok(()))
    }
}

impl RawTcpStream for TcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.local)
    }
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.peer)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how);
        Ok(())
    }
    fn poll_peek(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let waiters = &self.0.wire.readable[self.0.side];
        let mut bufs = [IoSliceMut::new(buf)];
        waiters.poll(&self.0.sim, cx, wait, || self.0.read(&mut bufs, true))
    }
    options! {
        nodelay, set_nodelay: bool, Ok::<_, io::Error>;
        ttl, set_ttl: u32, check_ttl;
        linger, set_linger: Option<Duration>, whole_seconds;
        keepalive, set_keepalive: bool, Ok::<_, io::Error>;
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        let error = self.0.wire.lock()[self.0.side].error.take();
        Ok(error.map(io::Error::from))
    }
}

/// A linger time as the system takes it.
fn whole_seconds(linger: Option<Duration>) -> io::Result<Option<Duration>> {
    Ok(linger.map(|time| Duration::from_secs(time.as_secs())))
}

/// A listening socket of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct TcpListener(Arc<Bound>);

#[derive(Debug)]
struct Bound {
    sim: Arc<Sim>,
    backlog: Arc<Backlog>,
}

/// The connections that nobody has accepted yet.
#[derive(Debug)]
pub(crate) struct Backlog {
    addr: SocketAddr,
    queue: Mutex<Queue>,
    /// Who waits for a connection, and who for room.
    waiting: Waiters,
    room: Waiters,
}

#[derive(Debug)]
struct Queue {
    ends: VecDeque<Arc<End>>,
    closed: bool,
    ttl: u32,
}

impl Backlog {
    fn new(addr: SocketAddr) -> Self {
        Backlog {
            addr,
            queue: Mutex::new(Queue {
                ends: VecDeque::new(),
                closed: false,
                ttl: 64,
            }),
            waiting: Waiters::default(),
            room: Waiters::default(),
        }
    }

    /// A connection to `to`, if there is room for one more.
    fn offer(&self, sim: &Arc<Sim>, to: SocketAddr) -> Option<io::Result<TcpStream>> {
        let mut net = net(sim);
        let mut queue = self.queue();
        if queue.closed {
            return Some(Err(ErrorKind::ConnectionRefused.into()));
        }
        if queue.ends.len() >= BACKLOG {
            return None;
        }
        let Some(port) = net.free_port(to.ip()) else {
            return Some(Err(ErrorKind::AddrNotAvailable.into()));
        };
        let from = SocketAddr::new(to.ip(), port);
        let [client, server] = pair(sim, from, to, self.addr);
        net.clients.insert(from, Arc::downgrade(&client.wire));
        queue.ends.push_back(server);
        Some(Ok(TcpStream(client)))
    }

    fn accept(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        let end = self.queue().ends.pop_front()?;
        self.room.wake();
        let peer = end.peer;
        Some(Ok((TcpStream(end), peer)))
    }

    /// Refuses who waits for room, and resets who was not accepted.
    pub(crate) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        let ends = std::mem::take(&mut queue.ends);
        drop(queue);
        for end in ends {
            end.options().linger = Some(Duration::ZERO);
        }
        self.room.wake();
        self.waiting.wake();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        net(&self.sim).listeners.remove(&self.backlog.addr);
        self.backlog.close();
    }
}

impl RawObject for TcpListener {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        self.0.backlog.waiting.cancel(wait);
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Polled<(TcpStream, SocketAddr)> {
        let backlog = &self.0.backlog;
        backlog
            .waiting
            .poll(&self.0.sim, cx, wait, || backlog.accept())
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.backlog.addr)
    }
    fn ttl(&self) -> io::Result<u32> {
        Ok(self.0.backlog.queue().ttl)
    }
    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.backlog.queue().ttl = check_ttl(ttl)?;
        Ok(())
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
}
