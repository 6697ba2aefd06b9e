//! Unix sockets on tokio: [`UnixStream`], [`UnixListener`], [`UnixDatagram`].

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::unix::net::{self as std_unix, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::{RawUnixDatagram, RawUnixListener, RawUnixStream};
use anyrt_kit::net::address;
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::stream::{Socket, Stream, until_ready};
use crate::Tokio;
use crate::home::{Home, map_gone};
use crate::io::Source;

/// A Unix connection on tokio.
pub type UnixStream = Stream<tokio::net::UnixStream>;

/// Connects; waits while the listener's queue is full (`L131`).
pub(crate) fn connect(
    rt: &Tokio,
    addr: &SocketAddr,
) -> impl Future<Output = io::Result<UnixStream>> + Send + use<> {
    let (rt, addr) = (rt.clone(), addr.clone());
    async move {
        let connected = anyrt_kit::net::connect(&rt, &addr).await?;
        UnixStream::from_std(&rt.home, connected)
    }
}

impl UnixStream {
    pub(crate) fn from_std(home: &Arc<Home>, stream: std_unix::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let stream = tokio::net::UnixStream::from_std(stream).map_err(map_gone)?;
        Ok(Stream::new(home, stream))
    }

    pub(crate) fn into_std(self) -> io::Result<std_unix::UnixStream> {
        let stream = self.into_socket()?.into_std()?;
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(crate) fn pair(home: &Arc<Home>) -> io::Result<(Self, Self)> {
        let (one, other) = std_unix::UnixStream::pair()?;
        let one = UnixStream::from_std(home, one)?;
        Ok((one, UnixStream::from_std(home, other)?))
    }
}

impl RawUnixStream for UnixStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr().map(SocketAddr::from)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr().map(SocketAddr::from)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown_sock(how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }
}

impl Socket for tokio::net::UnixStream {
    type ReadHalf = OwnedReadHalf;
    type WriteHalf = OwnedWriteHalf;

    fn halve(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        self.into_split()
    }

    fn forget(half: OwnedWriteHalf) {
        half.forget();
    }

    fn rejoin(read: OwnedReadHalf, write: OwnedWriteHalf) -> Option<Self> {
        read.reunite(write).ok()
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self)
    }

    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tokio::net::UnixStream::poll_read_ready(self, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tokio::net::UnixStream::poll_write_ready(self, cx)
    }

    fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        tokio::net::UnixStream::try_read_vectored(self, bufs)
    }

    fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        tokio::net::UnixStream::try_write(self, buf)
    }

    fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        tokio::net::UnixStream::try_write_vectored(self, bufs)
    }
}

/// A listening Unix socket on tokio.
#[derive(Debug, Clone)]
pub struct UnixListener {
    pub(super) source: Arc<Source<tokio::net::UnixListener>>,
}

impl UnixListener {
    pub(crate) fn bind(home: &Arc<Home>, addr: &SocketAddr) -> io::Result<Self> {
        UnixListener::from_std(home, std_unix::UnixListener::bind_addr(addr)?)
    }

    pub(crate) fn from_std(home: &Arc<Home>, listener: std_unix::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let listener = tokio::net::UnixListener::from_std(listener).map_err(map_gone)?;
        let source = Source::new(home, listener);
        Ok(UnixListener { source })
    }

    pub(crate) fn into_std(self) -> io::Result<std_unix::UnixListener> {
        let listener = self.source.into_io()?.into_std()?;
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

impl RawUnixListener for UnixListener {
    type Stream = UnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let home = self.source.home();
        let accepted = self.source.poll(Direction::Read, cx, wait, |listener, cx| {
            // tokio registers the connection with its current runtime.
            let _entered = home.enter()?;
            listener.poll_accept(cx)
        });
        let (stream, from) = ready!(accepted)?;
        Poll::Ready(Ok((Stream::new(home, stream), from.into())))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.io.local_addr().map(SocketAddr::from)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        SockRef::from(&*self.source.io).take_error()
    }
}

impl RawObject for UnixListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}

/// A Unix datagram socket on tokio.
#[derive(Debug, Clone)]
pub struct UnixDatagram {
    pub(super) source: Arc<Source<tokio::net::UnixDatagram>>,
}

impl UnixDatagram {
    pub(crate) fn bind(home: &Arc<Home>, addr: Option<&SocketAddr>) -> io::Result<Self> {
        let socket = match addr {
            Some(addr) => std_unix::UnixDatagram::bind_addr(addr)?,
            None => std_unix::UnixDatagram::unbound()?,
        };
        UnixDatagram::from_std(home, socket)
    }

    pub(crate) fn pair(home: &Arc<Home>) -> io::Result<(Self, Self)> {
        let (one, other) = std_unix::UnixDatagram::pair()?;
        let one = UnixDatagram::from_std(home, one)?;
        Ok((one, UnixDatagram::from_std(home, other)?))
    }

    pub(crate) fn from_std(home: &Arc<Home>, socket: std_unix::UnixDatagram) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let socket = tokio::net::UnixDatagram::from_std(socket).map_err(map_gone)?;
        let source = Source::new(home, socket);
        Ok(UnixDatagram { source })
    }

    pub(crate) fn into_std(self) -> io::Result<std_unix::UnixDatagram> {
        let socket = self.source.into_io()?.into_std()?;
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(&*self.source.io)
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
        // tokio's own method takes a path, which leaves out abstract names.
        let to = address(to)?;
        self.source.poll(Direction::Write, cx, wait, |socket, cx| {
            let poll_ready = tokio::net::UnixDatagram::poll_send_ready;
            until_ready(cx, poll_ready, socket, |socket| {
                socket.try_io(Interest::WRITABLE, || {
                    SockRef::from(socket).send_to(buf, &to)
                })
            })
        })
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source.poll(Direction::Read, cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            let from = ready!(socket.poll_recv_from(cx, &mut buf))?;
            Poll::Ready(Ok((buf.filled().len(), from.into())))
        })
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Write, cx, wait, |socket, cx| {
            socket.poll_send(cx, buf)
        })
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.source.poll(Direction::Read, cx, wait, |socket, cx| {
            let mut buf = ReadBuf::new(buf);
            ready!(socket.poll_recv(cx, &mut buf))?;
            Poll::Ready(Ok(buf.filled().len()))
        })
    }

    fn connect(&self, to: &SocketAddr) -> io::Result<()> {
        self.sock().connect(&address(to)?)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.io.local_addr().map(SocketAddr::from)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io.peer_addr().map(SocketAddr::from)
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
