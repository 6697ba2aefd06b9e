//! Unix sockets on async-io: [`UnixStream`], [`UnixListener`], [`UnixDatagram`].

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::{RawUnixDatagram, RawUnixListener, RawUnixStream};
use anyrt_kit::net::address;
use async_io::Async;
use socket2::SockRef;

use super::stream::{Socket, Stream};
use crate::Smol;
use crate::home::Home;
use crate::io::Source;

/// A Unix connection on async-io.
pub type UnixStream = Stream<net::UnixStream>;

/// Connects; waits while the listener's queue is full (`L131`).
pub(crate) fn connect(
    rt: &Smol,
    addr: &SocketAddr,
) -> impl Future<Output = io::Result<UnixStream>> + Send + use<> {
    let (rt, addr) = (rt.clone(), addr.clone());
    async move {
        let connected = anyrt_kit::net::connect(&rt, &addr).await?;
        UnixStream::from_std(&rt.home, connected)
    }
}

impl UnixStream {
    pub(crate) fn from_std(home: &Arc<Home>, stream: net::UnixStream) -> io::Result<Self> {
        home.check()?;
        Ok(Stream::new(home, Async::new(stream)?))
    }

    pub(crate) fn into_std(self) -> io::Result<net::UnixStream> {
        let stream = self.into_socket()?;
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(crate) fn pair(home: &Arc<Home>) -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixStream::pair()?;
        let one = UnixStream::from_std(home, one)?;
        Ok((one, UnixStream::from_std(home, other)?))
    }
}

impl RawUnixStream for UnixStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown_sock(how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }
}

impl Socket for net::UnixStream {
    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self)
    }

    fn reader(&self) -> impl Read {
        self
    }

    fn writer(&self) -> impl Write {
        self
    }
}

/// A listening Unix socket on async-io.
#[derive(Debug, Clone)]
pub struct UnixListener {
    pub(super) source: Arc<Source<net::UnixListener>>,
}

impl UnixListener {
    pub(crate) fn bind(home: &Arc<Home>, addr: &SocketAddr) -> io::Result<Self> {
        UnixListener::from_std(home, net::UnixListener::bind_addr(addr)?)
    }

    pub(crate) fn from_std(home: &Arc<Home>, listener: net::UnixListener) -> io::Result<Self> {
        home.check()?;
        let source = Source::new(home, Async::new(listener)?);
        Ok(UnixListener { source })
    }

    pub(crate) fn into_std(self) -> io::Result<net::UnixListener> {
        let listener = self.source.into_io()?;
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    fn socket(&self) -> &net::UnixListener {
        self.source.io.get_ref()
    }
}

impl RawUnixListener for UnixListener {
    type Stream = UnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let source = &self.source;
        let accepted = source.poll(Direction::Read, cx, wait, net::UnixListener::accept);
        let (stream, from) = ready!(accepted)?;
        Poll::Ready(Ok((UnixStream::from_std(source.home(), stream)?, from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }
}

impl RawObject for UnixListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}

/// A Unix datagram socket on async-io.
#[derive(Debug, Clone)]
pub struct UnixDatagram {
    pub(super) source: Arc<Source<net::UnixDatagram>>,
}

impl UnixDatagram {
    pub(crate) fn bind(home: &Arc<Home>, addr: Option<&SocketAddr>) -> io::Result<Self> {
        let socket = match addr {
            Some(addr) => net::UnixDatagram::bind_addr(addr)?,
            None => net::UnixDatagram::unbound()?,
        };
        UnixDatagram::from_std(home, socket)
    }

    pub(crate) fn pair(home: &Arc<Home>) -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixDatagram::pair()?;
        let one = UnixDatagram::from_std(home, one)?;
        Ok((one, UnixDatagram::from_std(home, other)?))
    }

    pub(crate) fn from_std(home: &Arc<Home>, socket: net::UnixDatagram) -> io::Result<Self> {
        home.check()?;
        let source = Source::new(home, Async::new(socket)?);
        Ok(UnixDatagram { source })
    }

    pub(crate) fn into_std(self) -> io::Result<net::UnixDatagram> {
        let socket = self.source.into_io()?;
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    fn socket(&self) -> &net::UnixDatagram {
        self.source.io.get_ref()
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self.socket())
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
        self.source.poll(Direction::Write, cx, wait, |socket| {
            socket.send_to_addr(buf, to)
        })
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.recv_from(buf))
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Write, cx, wait, |socket| socket.send(buf))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.recv(buf))
    }

    fn connect(&self, to: &SocketAddr) -> io::Result<()> {
        self.sock().connect(&address(to)?)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        anyrt_kit::net::shutdown(&self.sock(), how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }
}

impl RawObject for UnixDatagram {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}
