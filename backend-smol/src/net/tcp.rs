//! TCP on async-io: [`TcpStream`] and [`TcpListener`]. Knows nothing of names.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use async_io::Async;
use socket2::SockRef;

use super::stream::{Socket, Stream};
use crate::home::Home;
use crate::io::{Ending, Source};

/// A TCP connection on async-io.
pub type TcpStream = Stream<net::TcpStream>;

/// Connects: one attempt.
pub(crate) fn connect(
    home: &Arc<Home>,
    addr: SocketAddr,
) -> impl Future<Output = io::Result<TcpStream>> + Send + use<> {
    let home = Arc::clone(home);
    async move {
        let connected = Ending::new(&home, Async::<net::TcpStream>::connect(addr)).await?;
        Ok(Stream::new(&home, connected))
    }
}

/// Binds and listens, as std does.
pub(crate) fn listen(home: &Arc<Home>, addr: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::from_std(home, net::TcpListener::bind(addr)?)
}

impl TcpStream {
    pub(crate) fn from_std(home: &Arc<Home>, stream: net::TcpStream) -> io::Result<Self> {
        home.check()?;
        Ok(Stream::new(home, Async::new(stream)?))
    }

    pub(crate) fn into_std(self) -> io::Result<net::TcpStream> {
        let stream = self.into_socket()?;
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
        self.source
            .poll(Direction::Read, cx, wait, |socket| socket.peek(buf))
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

impl Socket for net::TcpStream {
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

/// A listening TCP socket on async-io.
#[derive(Debug, Clone)]
pub struct TcpListener {
    pub(super) source: Arc<Source<net::TcpListener>>,
}

impl TcpListener {
    pub(crate) fn from_std(home: &Arc<Home>, listener: net::TcpListener) -> io::Result<Self> {
        home.check()?;
        let source = Source::new(home, Async::new(listener)?);
        Ok(TcpListener { source })
    }

    pub(crate) fn into_std(self) -> io::Result<net::TcpListener> {
        let listener = self.source.into_io()?;
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    fn socket(&self) -> &net::TcpListener {
        self.source.io.get_ref()
    }

    fn sock(&self) -> SockRef<'_> {
        SockRef::from(self.socket())
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let source = &self.source;
        let accepted = source.poll(Direction::Read, cx, wait, net::TcpListener::accept);
        let (stream, from) = ready!(accepted)?;
        Poll::Ready(Ok((TcpStream::from_std(source.home(), stream)?, from)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
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
