//! Connections: [`TcpStream`] and [`TcpListener`]. A connection is two pipes, one a direction.
//!
//! Knows nothing of the executor but that a waiter is woken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::mem;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use anyrt_kit::lock::Lock;
use anyrt_kit::wait::Waiters;

use super::{Bound, FRESH, Options, check_ttl, shown, target};
use crate::executor::Sim;
use crate::{Polled, ensure};

/// Bytes that a receiver keeps before its sender waits.
const BUFFER: usize = 64 * 1024;

/// Connections that a listener keeps before it refuses more.
const BACKLOG: usize = 4096;

/// A connection of a [`Mem`](crate::Mem) runtime.
#[derive(Debug, Clone)]
pub struct TcpStream(Arc<End>);

/// One end. Its drop is the close.
#[derive(Debug)]
pub(crate) struct End {
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
    let listener = sim.tcp.find(to).ok_or(ErrorKind::ConnectionRefused)?;
    let from = sim.tcp.0.lock().free(to.ip())?;
    let pipe = || {
        Arc::new(Pipe {
            flow: Lock::default(),
            readable: Waiters::on(&sim.waiting),
            writable: Waiters::on(&sim.waiting),
        })
    };
    let (up, down) = (pipe(), pipe());
    let end = |input: &Arc<Pipe>, output: &Arc<Pipe>, local, peer| {
        Arc::new(End {
            sim: sim.clone(),
            input: input.clone(),
            output: output.clone(),
            local,
            peer,
            options: Lock::new(FRESH),
        })
    };
    let own = |addr| shown(addr, listener.addr);
    let server = end(&up, &down, own(to), own(from));
    server.options.lock().linger = Some(Duration::ZERO);
    let mut backlog = listener.inbox.lock();
    ensure(backlog.len() < BACKLOG, ErrorKind::ConnectionRefused)?;
    backlog.push_back(server);
    drop(backlog);
    listener.arrived.wake_all();
    Ok(TcpStream(end(&down, &up, from, to)))
}

impl Pipe {
    fn read(&self, buf: &mut [u8], keep: bool) -> Option<io::Result<usize>> {
        let mut flow = self.flow.lock();
        if flow.bytes.is_empty() {
            let is_over = flow.ended || flow.read_shut;
            let error = flow.error.take().map(|kind| Err(kind.into()));
            return error.or(is_over.then_some(Ok(0)));
        }
        let read = flow.bytes.as_slices().0.read(buf);
        let n_read = read.expect("memory can be read");
        if !keep {
            flow.bytes.drain(..n_read);
            drop(flow);
            self.writable.wake_all();
        }
        Some(Ok(n_read))
    }

    fn write(&self, buf: &[u8]) -> Option<io::Result<usize>> {
        let mut flow = self.flow.lock();
        if flow.ended || flow.closed {
            return Some(Err(ErrorKind::BrokenPipe.into()));
        }
        let n_written = buf.len().min(BUFFER - flow.bytes.len());
        if n_written == 0 {
            return None;
        }
        flow.bytes.extend(&buf[..n_written]);
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

impl Drop for End {
    /// The peer reads the end; a reset, if bytes are lost by this.
    fn drop(&mut self) {
        let mut resets = self.options.lock().linger == Some(Duration::ZERO);
        self.input.change(|flow| {
            flow.closed = true;
            resets |= !mem::take(&mut flow.bytes).is_empty();
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
        let End { sim, input, .. } = &*self.0;
        sim.poll_on(&input.readable, cx, wait, || input.read(buf, false))
    }
    fn poll_write(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &[u8]) -> Polled<usize> {
        let End { sim, output, .. } = &*self.0;
        sim.poll_on(&output.writable, cx, wait, || output.write(buf))
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
        if how != Shutdown::Write {
            self.0.input.change(|flow| flow.read_shut = true);
        }
        if how != Shutdown::Read {
            self.0.output.change(|flow| flow.ended = true);
        }
        Ok(())
    }
    fn poll_peek(&self, cx: &mut Context<'_>, wait: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let End { sim, input, .. } = &*self.0;
        sim.poll_on(&input.readable, cx, wait, || input.read(buf, true))
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
pub struct TcpListener(pub(crate) Arc<Bound<Backlog>>);

/// The connections that nobody has accepted yet. Each is reset if nobody ever does.
pub(crate) type Backlog = VecDeque<Arc<End>>;

impl RawObject for TcpListener {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        self.0.arrived.cancel(wait);
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Polled<(TcpStream, SocketAddr)> {
        let accept = || {
            let end = self.0.inbox.lock().pop_front()?;
            end.options.lock().linger = None;
            let peer = end.peer;
            Some(Ok((TcpStream(end), peer)))
        };
        self.0.sim.poll_on(&self.0.arrived, cx, wait, accept)
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.addr)
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
    options! { ttl, set_ttl: u32, check_ttl; }
}
