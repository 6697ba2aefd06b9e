//! TCP: streams and listeners.
//!
//! It knows std's sockets and their options, and the source they live in. The door makes them.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::{self, Shutdown, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyrt_api::{
    io::{Direction, RawObject, RawStream, Wait},
    net::{RawTcpListener, RawTcpStream},
};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{CLOSE, connected, in_use, is_short};
use crate::{
    driver::Driver,
    reactor::{Source, is_in_progress},
};

/// Connections that wait for an accept; the system may cut it.
const BACKLOG: i32 = 1024;

/// A TCP connection of the native runtime.
#[derive(Clone, Debug)]
pub struct TcpStream(triomphe::Arc<Source<net::TcpStream>>);

impl TcpStream {
    /// One attempt at one address.
    pub(crate) async fn connect(driver: &Arc<Driver>, addr: SocketAddr) -> io::Result<Self> {
        let socket = socket(addr)?;
        let begun = socket.connect(&addr.into());
        let stream = net::TcpStream::from(socket);
        let source = match begun {
            Ok(()) => Source::new(driver, stream)?,
            Err(error) if is_in_progress(&error) => {
                let source = Source::connecting(driver, stream)?;
                let has_peer = |stream: &net::TcpStream| stream.peer_addr().map(drop);
                connected(source, net::TcpStream::take_error, has_peer).await?
            }
            Err(error) => return Err(error),
        };
        Ok(Self(triomphe::Arc::new(source)))
    }

    /// Takes a stream of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, stream: net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, stream)?)))
    }

    /// Gives a stream to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::TcpStream> {
        let stream = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(super) fn io(&self) -> &net::TcpStream {
        self.0.io()
    }
}

impl RawObject for TcpStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl RawStream for TcpStream {
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let room = buf.len();
        let read = |mut stream: &net::TcpStream| stream.read(buf);
        self.0
            .poll_io(cx, Direction::Read, wait, read, |&n| is_short(n, room))
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let read = |mut stream: &net::TcpStream| stream.read_vectored(bufs);
        self.0
            .poll_io(cx, Direction::Read, wait, read, |&n| is_short(n, room))
    }

    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |mut stream: &net::TcpStream| stream.write(buf);
        self.0.poll_io(cx, Direction::Write, wait, write, |&n| {
            is_short(n, buf.len())
        })
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let write = |mut stream: &net::TcpStream| stream.write_vectored(bufs);
        self.0
            .poll_io(cx, Direction::Write, wait, write, |&n| is_short(n, room))
    }

    fn poll_close(&self, _cx: &mut Context<'_>, _wait: &mut Wait) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown(CLOSE))
    }
}

impl RawTcpStream for TcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io().peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        anyrt_kit::net::shutdown(&SockRef::from(self.io()), how)
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let peek = |stream: &net::TcpStream| stream.peek(buf);
        self.0.poll_io(cx, Direction::Read, wait, peek, |_| false)
    }

    fn nodelay(&self) -> io::Result<bool> {
        self.io().nodelay()
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io().set_nodelay(nodelay)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.io().ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io().set_ttl(ttl)
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.io()).linger()
    }

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.io()).set_linger(linger)
    }

    fn keepalive(&self) -> io::Result<bool> {
        SockRef::from(self.io()).keepalive()
    }

    fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        SockRef::from(self.io()).set_keepalive(keepalive)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }
}

/// A listening TCP socket of the native runtime.
#[derive(Clone, Debug)]
pub struct TcpListener(triomphe::Arc<Source<net::TcpListener>>);

impl TcpListener {
    /// Binds and listens.
    pub(crate) fn bind(driver: &Arc<Driver>, addr: SocketAddr) -> io::Result<Self> {
        let socket = socket(addr)?;
        // Not on Windows, where it means that two may have the port at once.
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        Ok(Self(triomphe::Arc::new(Source::new(
            driver,
            socket.into(),
        )?)))
    }

    /// Takes a listener of std's, blocking or not (law `L104`).
    pub(crate) fn from_std(driver: &Arc<Driver>, listener: net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self(triomphe::Arc::new(Source::new(driver, listener)?)))
    }

    /// Gives a listener to std, blocking (law `L105`).
    pub(crate) fn into_std(self) -> io::Result<net::TcpListener> {
        let listener = triomphe::Arc::try_unwrap(self.0)
            .map_err(|_| in_use())?
            .into_io();
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    pub(super) fn io(&self) -> &net::TcpListener {
        self.0.io()
    }
}

impl RawObject for TcpListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl RawTcpListener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accept = net::TcpListener::accept;
        let accepted = self
            .0
            .poll_io(cx, Direction::Read, wait, accept, |_| false)?;
        accepted.map(|(stream, addr)| Ok((TcpStream::from_std(self.0.driver(), stream)?, addr)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io().local_addr()
    }

    fn ttl(&self) -> io::Result<u32> {
        self.io().ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io().set_ttl(ttl)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io().take_error()
    }
}

/// A new socket for `addr`: non-blocking, and closed on `exec`.
fn socket(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
