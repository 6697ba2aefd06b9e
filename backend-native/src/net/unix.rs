//! Unix sockets: streams, listeners and datagrams. Unix only.
//!
//! It knows std's sockets, the source they live in and the runtime's alarm. The door makes them.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::unix::net::{self, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyrt_api::{
    io::{Direction, RawObject, RawStream, Wait},
    net::{RawUnixDatagram, RawUnixListener, RawUnixStream},
};
use socket2::{Domain, SockRef, Socket, Type};

use super::{CLOSE, connected, in_use};
use crate::{
    driver::Driver,
    reactor::{Source, is_in_progress},
    timer::Sleep,
};

/// A connect to a full backlog is tried again after this time, then after twice as long, ..
const RETRY_FIRST: Duration = Duration::from_millis(1);
/// .. up to this.
const RETRY_LAST: Duration = Duration::from_millis(50);
/// How often a datagram is offered to a peer whose queue is full and that we are not connected to:
/// no event says when it has room.
const OFFER_AGAIN: Duration = Duration::from_millis(5);

/// A Unix stream of the native runtime.
#[derive(Clone, Debug)]
pub struct UnixStream(triomphe::Arc<Source<net::UnixStream>>);

impl UnixStream {
    /// Connects, and waits while the listener's backlog is full, as std does (law `L131`).
    pub(crate) async fn connect(driver: &Arc<Driver>, addr: &SocketAddr) -> io::Result<Self> {
        let addr = anyrt_kit::net::address(addr)?;
        let mut pause = RETRY_FIRST;
        loop {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            let begun = socket.connect(&addr);
            let stream = net::UnixStream::from(socket);
            let source = match begun {
                Ok(()) => Source::new(driver, stream)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    drop(stream);
                    Sleep::after(driver.clone(), pause).or_gone().await?;
                    pause = (pause * 2).min(RETRY_LAST);
                    continue;
                }
                Err(error) if is_in_progress(&error) => {
                    let source = Source::connecting(driver, stream)?;
                    let has_peer = |stream: &net::UnixStream| stream.peer_addr().map(drop);
                    connected(source, net::UnixStream::take_error, has_peer).await?
                }
                Err(error) => return Err(error),
            };
            return Ok(Self(triomphe::Arc::new(source)));
        }
    }

    /// Two streams that are connected to each other.
    pub(crate) fn pair(driver: &Arc<Driver>) -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((Self::from_std(driver, one)?, Self::from_std(driver, other)?))
    }

    /// Takes a stream of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, stream: net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, stream)?)))
    }

    /// Gives a stream to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::UnixStream> {
        let stream = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(super) fn io(&self) -> &net::UnixStream {
        self.0.io()
    }
}

impl RawObject for UnixStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

// A short read proves nothing here: it also ends where descriptors came with the bytes.
impl RawStream for UnixStream {
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = |mut stream: &net::UnixStream| stream.read(buf);
        self.0.poll_io(cx, Direction::Read, wait, read, |_| false)
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let read = |mut stream: &net::UnixStream| stream.read_vectored(bufs);
        self.0.poll_io(cx, Direction::Read, wait, read, |_| false)
    }

    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |mut stream: &net::UnixStream| stream.write(buf);
        self.0.poll_io(cx, Direction::Write, wait, write, |_| false)
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |mut stream: &net::UnixStream| stream.write_vectored(bufs);
        self.0.poll_io(cx, Direction::Write, wait, write, |_| false)
    }

    fn poll_close(&self, _cx: &mut Context<'_>, _wait: &mut Wait) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown(CLOSE))
    }
}

impl RawUnixStream for UnixStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        anyrt_kit::net::shutdown(&SockRef::from(self.io()), how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }
}

/// A listening Unix socket of the native runtime.
#[derive(Clone, Debug)]
pub struct UnixListener(triomphe::Arc<Source<net::UnixListener>>);

impl UnixListener {
    /// Binds and listens.
    pub(crate) fn bind(driver: &Arc<Driver>, addr: &SocketAddr) -> io::Result<Self> {
        Self::from_std(driver, net::UnixListener::bind_addr(addr)?)
    }

    /// Takes a listener of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, listener: net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, listener)?)))
    }

    /// Gives a listener to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::UnixListener> {
        let listener = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    pub(super) fn io(&self) -> &net::UnixListener {
        self.0.io()
    }
}

impl RawObject for UnixListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl RawUnixListener for UnixListener {
    type Stream = UnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accept = net::UnixListener::accept;
        let accepted = self
            .0
            .poll_io(cx, Direction::Read, wait, accept, |_| false)?;
        accepted.map(|(stream, addr)| Ok((UnixStream::from_std(self.0.driver(), stream)?, addr)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }
}

/// A Unix datagram socket of the native runtime.
#[derive(Clone, Debug)]
pub struct UnixDatagram(triomphe::Arc<Source<net::UnixDatagram>>);

impl UnixDatagram {
    /// Binds to an address, or to none.
    pub(crate) fn bind(driver: &Arc<Driver>, addr: Option<&SocketAddr>) -> io::Result<Self> {
        let socket = match addr {
            Some(addr) => net::UnixDatagram::bind_addr(addr)?,
            None => net::UnixDatagram::unbound()?,
        };
        Self::from_std(driver, socket)
    }

    /// Two sockets that are connected to each other.
    pub(crate) fn pair(driver: &Arc<Driver>) -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((Self::from_std(driver, one)?, Self::from_std(driver, other)?))
    }

    /// Takes a socket of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, socket: net::UnixDatagram) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, socket)?)))
    }

    /// Gives a socket to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::UnixDatagram> {
        let socket = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    pub(super) fn io(&self) -> &net::UnixDatagram {
        self.0.io()
    }
}

impl RawObject for UnixDatagram {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl RawUnixDatagram for UnixDatagram {
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: &SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let send = |socket: &net::UnixDatagram| socket.send_to_addr(buf, to);
        self.0.poll_offer(cx, wait, OFFER_AGAIN, send)
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let receive = |socket: &net::UnixDatagram| socket.recv_from(buf);
        self.0
            .poll_io(cx, Direction::Read, wait, receive, |_| false)
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let send = |socket: &net::UnixDatagram| socket.send(buf);
        self.0.poll_io(cx, Direction::Write, wait, send, |_| false)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let receive = |socket: &net::UnixDatagram| socket.recv(buf);
        self.0
            .poll_io(cx, Direction::Read, wait, receive, |_| false)
    }

    fn connect(&self, to: &SocketAddr) -> io::Result<()> {
        self.io().connect_addr(to)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io().shutdown(how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }
}
