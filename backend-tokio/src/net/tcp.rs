//! TCP on tokio: [`TcpStream`] and [`TcpListener`]. Knows nothing of names.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::stream::{Socket, Stream};
use crate::home::{Home, map_gone};
use crate::io::{Entered, Source};

/// A TCP connection on tokio.
pub type TcpStream = Stream<tokio::net::TcpStream>;

/// Connects: one attempt.
pub(crate) fn connect(
    home: &Arc<Home>,
    addr: SocketAddr,
) -> impl Future<Output = io::Result<TcpStream>> + Send + use<> {
    let home = Arc::clone(home);
    async move {
        let connected = Entered::new(&home, tokio::net::TcpStream::connect(addr)).await?;
        Ok(Stream::new(&home, connected))
    }
}

/// Binds and listens, as std does.
pub(crate) fn listen(home: &Arc<Home>, addr: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::from_std(home, std::net::TcpListener::bind(addr)?)
}

impl TcpStream {
    pub(crate) fn from_std(home: &Arc<Home>, stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let stream = tokio::net::TcpStream::from_std(stream).map_err(map_gone)?;
        Ok(Stream::new(home, stream))
    }

    pub(crate) fn into_std(self) -> io::Result<std::net::TcpStream> {
        let stream = self.into_socket()?.into_std()?;
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}

impl RawTcpStream for TcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown_sock(how)
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_half(cx, wait, |half, cx| {
            half.poll_peek(cx, &mut ReadBuf::new(buf))
        })
    }

    fn nodelay(&self) -> io::Result<bool> {
        self.sock().tcp_nodelay()
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.sock().set_tcp_nodelay(nodelay)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.sock().ttl_v4()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.sock().set_ttl_v4(ttl)
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        self.sock().linger()
    }

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.sock().set_linger(linger)
    }

    fn keepalive(&self) -> io::Result<bool> {
        self.sock().keepalive()
    }

    fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.sock().set_keepalive(keepalive)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }
}

impl Socket for tokio::net::TcpStream {
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
        tokio::net::TcpStream::poll_read_ready(self, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tokio::net::TcpStream::poll_write_ready(self, cx)
    }

    fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        tokio::net::TcpStream::try_read_vectored(self, bufs)
    }

    fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        tokio::net::TcpStream::try_write(self, buf)
    }

    fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        tokio::net::TcpStream::try_write_vectored(self, bufs)
    }
}

/// A listening TCP socket on tokio.
#[derive(Debug, Clone)]
pub struct TcpListener {
    pub(super) source: Arc<Source<tokio::net::TcpListener>>,
}

impl TcpListener {
    pub(crate) fn from_std(home: &Arc<Home>, listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let _entered = home.enter()?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(map_gone)?;
        let source = Source::new(home, listener);
        Ok(TcpListener { source })
    }

    pub(crate) fn into_std(self) -> io::Result<std::net::TcpListener> {
        let listener = self.source.into_io()?.into_std()?;
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(&*self.source.io)
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let home = self.source.home();
        let accepted = self.source.poll(Direction::Read, cx, wait, |listener, cx| {
            // tokio registers the connection with its current runtime.
            let _entered = home.enter()?;
            listener.poll_accept(cx)
        });
        let (stream, from) = ready!(accepted)?;
        Poll::Ready(Ok((Stream::new(home, stream), from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.io.local_addr()
    }

    fn ttl(&self) -> io::Result<u32> {
        self.sock().ttl_v4()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.sock().set_ttl_v4(ttl)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.sock().take_error()
    }
}

impl RawObject for TcpListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.source.cancel(direction, wait);
    }
}
