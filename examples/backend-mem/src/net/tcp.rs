//! Connections: [`TcpStream`] and [`TcpListener`]. A connection is two pipes, one a direction.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use anyrt_kit::wait::Waiters;

use super::{Options, check_ttl, shown, target};
use crate::Polled;
use crate::executor::Sim;
use crate::lock::Lock;

/// Bytes that a receiver keeps before its sender waits.
const BUFFER: usize = 64 * 1024;

/// Connections that a listener keeps before it refuses more.
const BACKLOG: usize = 4096;

/// A connection of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct TcpStream(Arc<End>);

/// One end. Its drop is the close.
#[derive(Debug)]
struct End {
    sim: Arc<Sim>,
    input: Arc<Pipe>,
    output: Arc<Pipe>,
    local: SocketAddr,
    peer: SocketAddr,
    options: Lock<Options>,
}

/// One direction of a connection.
#[derive(Debug)]
struct Pipe {
    flow: Lock<Flow>,
    readable: Waiters,
    writable: Waiters,
}

#[derive(Debug, Default)]
struct Flow {
    bytes: VecDeque<u8>,
    /// Nothing more is written.
    ended: bool,
    /// The reader wants no more, or is gone.
    read_shut: bool,
    closed: bool,
    /// What the reader has to be told, once.
    error: Option<ErrorKind>,
}

/// Connects to `addr`.
pub(crate) fn connect(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<TcpStream> {
    sim.check()?;
    let to = target(addr)?;
    let refused = ErrorKind::ConnectionRefused;
    let listener = sim.tcp.find(to).ok_or(refused)?;
    let from = sim.tcp.0.lock().free(to.ip())?;
    let [up, down] = [Pipe::new(sim), Pipe::new(sim)];
    let end = |input: &Arc<Pipe>, output: &Arc<Pipe>, local, peer| {
        Arc::new(End {
            sim: sim.clone(),
            input: input.clone(),
            output: output.clone(),
            local,
            peer,
            options: Lock::default(),
        })
    };
    let own = |addr| shown(addr, listener.addr);
    let server = end(&up, &down, own(to), own(from));
    let mut backlog = listener.backlog.lock();
    if backlog.len() == BACKLOG {
        return Err(refused.into());
    }
    backlog.push_back(server);
    drop(backlog);
    listener.acceptable.wake_all();
    Ok(TcpStream(end(&down, &up, from, to)))
}

impl Pipe {
    fn new(sim: &Sim) -> Arc<Self> {
        Arc::new(Pipe {
            flow: Lock::default(),
            readable: sim.waiters(),
            writable: sim.waiters(),
        })
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>], keep: bool) -> Option<io::Result<usize>> {
        let mut flow = self.flow.lock();
        if flow.bytes.is_empty() {
            let is_over = flow.ended || flow.read_shut;
            let error = flow.error.take().map(|kind| Err(kind.into()));
            return error.or(is_over.then_some(Ok(0)));
        }
        let places = bufs.iter_mut().flat_map(|buf| buf.iter_mut());
        let moved = places.zip(&flow.bytes).map(|(to, from)| *to = *from);
        let n_read = moved.count();
        if !keep {
            flow.bytes.drain(..n_read);
            drop(flow);
            self.writable.wake_all();
        }
        Some(Ok(n_read))
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
        let mut flow = self.flow.lock();
        if flow.ended || flow.closed {
            return Some(Err(ErrorKind::BrokenPipe.into()));
        }
        let before = flow.bytes.len();
        if before == BUFFER {
            return None;
        }
        let bytes = bufs.iter().flat_map(|buf| buf.iter());
        flow.bytes.extend(bytes.take(BUFFER - before));
        let n_written = flow.bytes.len() - before;
        drop(flow);
        self.readable.wake_all();
        Some(Ok(n_written))
    }

    fn change(&self, change: impl FnOnce(&mut Flow)) {
        change(&mut self.flow.lock());
        self.readable.wake_all();
        self.writable.wake_all();
    }
}

impl End {
    fn shutdown(&self, how: Shutdown) {
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            self.input.change(|flow| flow.read_shut = true);
        }
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            self.output.change(|flow| flow.ended = true);
        }
    }

    fn poll_input(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
        keep: bool,
    ) -> Polled<usize> {
        let read = || self.input.read(bufs, keep);
        self.sim.poll_on(&self.input.readable, cx, wait, read)
    }
}

impl Drop for End {
    /// The peer reads the end; a reset, if bytes are lost by this.
    fn drop(&mut self) {
        let mut resets = self.options.lock().linger == Some(Duration::ZERO);
        self.input.change(|flow| {
            flow.closed = true;
            resets |= !std::mem::take(&mut flow.bytes).is_empty();
        });
        self.output.change(|flow| {
            flow.ended = true;
            if resets && !flow.closed {
                flow.error = Some(ErrorKind::ConnectionReset);
            }
        });
    }
}

impl RawObject for TcpStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        match direction {
            Direction::Read => self.0.input.readable.cancel(wait),
            Direction::Write => self.0.output.writable.cancel(wait),
        }
    }
}

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
        self.0.poll_input(cx, wait, bufs, false)
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
        let End { sim, output, .. } = &*self.0;
        sim.poll_on(&output.writable, cx, wait, || output.write(bufs))
    }
    fn poll_close(&self, _: &mut Context<'_>, _: &mut Wait) -> Polled<()> {
        Poll::Ready(self.shutdown(Shutdown::Write))
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
        self.0
            .poll_input(cx, wait, &mut [IoSliceMut::new(buf)], true)
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.input.flow.lock().error.take().map(io::Error::from))
    }
    options! {
        nodelay, set_nodelay: bool;
        ttl, set_ttl: u32, check_ttl;
        linger, set_linger: Option<Duration>;
        keepalive, set_keepalive: bool;
    }
}

/// A listening socket of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct TcpListener(Arc<Listener>);

#[derive(Debug)]
pub(crate) struct Listener {
    sim: Arc<Sim>,
    addr: SocketAddr,
    /// The connections that nobody has accepted yet, and who waits for one.
    backlog: Lock<VecDeque<Arc<End>>>,
    acceptable: Waiters,
    options: Lock<Options>,
}

/// Listens on `addr`.
pub(crate) fn listen(sim: &Arc<Sim>, addr: SocketAddr) -> io::Result<TcpListener> {
    sim.check()?;
    let listener = |addr| Listener {
        sim: sim.clone(),
        addr,
        backlog: Lock::default(),
        acceptable: sim.waiters(),
        options: Lock::default(),
    };
    sim.tcp.bind(addr, listener).map(TcpListener)
}

impl Listener {
    fn accept(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        let end = self.backlog.lock().pop_front()?;
        let peer = end.peer;
        Some(Ok((TcpStream(end), peer)))
    }
}

impl Drop for Listener {
    /// Resets what was not accepted.
    fn drop(&mut self) {
        self.sim.tcp.release(self.addr);
        for end in self.backlog.get_mut().drain(..) {
            end.options.lock().linger = Some(Duration::ZERO);
        }
    }
}

impl RawObject for TcpListener {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        self.0.acceptable.cancel(wait);
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Polled<(TcpStream, SocketAddr)> {
        let Listener {
            sim, acceptable, ..
        } = &*self.0;
        sim.poll_on(acceptable, cx, wait, || self.0.accept())
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.addr)
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
    options! { ttl, set_ttl: u32, check_ttl; }
}
