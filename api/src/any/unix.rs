//! Erased Unix sockets, as the internet sockets beside them.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::AnyRuntime;
use super::net::Making;
use crate::AsyncUnixNet;
use crate::io::{Direction, RawObject, RawStream, Wait};
use crate::net::{RawUnixDatagram, RawUnixListener, RawUnixStream};

/// What an erased backend does for Unix sockets.
pub(super) trait ErasedUnixNet: Send + Sync {
    fn connect_unix<'a>(&'a self, addr: &'a SocketAddr) -> Making<'a, AnyUnixStream>;
    fn listen_unix(&self, addr: &SocketAddr) -> io::Result<AnyUnixListener>;
    fn unix_pair(&self) -> io::Result<(AnyUnixStream, AnyUnixStream)>;
    fn bind_unix_datagram(&self, addr: Option<&SocketAddr>) -> io::Result<AnyUnixDatagram>;
    fn unix_datagram_pair(&self) -> io::Result<(AnyUnixDatagram, AnyUnixDatagram)>;
}

impl<R: AsyncUnixNet> ErasedUnixNet for R {
    fn connect_unix<'a>(&'a self, addr: &'a SocketAddr) -> Making<'a, AnyUnixStream> {
        Box::pin(async move {
            let raw = AsyncUnixNet::connect_unix(self, addr).await?;
            Ok(AnyUnixStream::new(raw))
        })
    }

    fn listen_unix(&self, addr: &SocketAddr) -> io::Result<AnyUnixListener> {
        AsyncUnixNet::listen_unix(self, addr).map(AnyUnixListener::new)
    }

    fn unix_pair(&self) -> io::Result<(AnyUnixStream, AnyUnixStream)> {
        let (a, b) = AsyncUnixNet::unix_pair(self)?;
        Ok((AnyUnixStream::new(a), AnyUnixStream::new(b)))
    }

    fn bind_unix_datagram(&self, addr: Option<&SocketAddr>) -> io::Result<AnyUnixDatagram> {
        AsyncUnixNet::bind_unix_datagram(self, addr).map(AnyUnixDatagram::new)
    }

    fn unix_datagram_pair(&self) -> io::Result<(AnyUnixDatagram, AnyUnixDatagram)> {
        let (a, b) = AsyncUnixNet::unix_datagram_pair(self)?;
        Ok((AnyUnixDatagram::new(a), AnyUnixDatagram::new(b)))
    }
}

impl AnyRuntime {
    fn unix_net(&self) -> io::Result<&dyn ErasedUnixNet> {
        let unix_net = self.erased.unix_net();
        unix_net.ok_or_else(|| self.lacks("Unix sockets"))
    }
}

impl AsyncUnixNet for AnyRuntime {
    type UnixStream = AnyUnixStream;
    type UnixListener = AnyUnixListener;
    type UnixDatagram = AnyUnixDatagram;

    async fn connect_unix(&self, addr: &SocketAddr) -> io::Result<AnyUnixStream> {
        self.unix_net()?.connect_unix(addr).await
    }

    fn listen_unix(&self, addr: &SocketAddr) -> io::Result<AnyUnixListener> {
        self.unix_net()?.listen_unix(addr)
    }

    fn unix_pair(&self) -> io::Result<(AnyUnixStream, AnyUnixStream)> {
        self.unix_net()?.unix_pair()
    }

    fn bind_unix_datagram(&self, addr: Option<&SocketAddr>) -> io::Result<AnyUnixDatagram> {
        self.unix_net()?.bind_unix_datagram(addr)
    }

    fn unix_datagram_pair(&self) -> io::Result<(AnyUnixDatagram, AnyUnixDatagram)> {
        self.unix_net()?.unix_datagram_pair()
    }
}

/// A Unix connection of any backend.
#[derive(Clone)]
pub struct AnyUnixStream {
    erased: Arc<dyn RawUnixStream>,
}

impl AnyUnixStream {
    /// Erases a backend's connection, in one allocation; an erased one stays as it is.
    pub fn new<S: RawUnixStream>(raw: S) -> Self {
        let known = (&raw as &dyn Any).downcast_ref::<AnyUnixStream>().cloned();
        known.unwrap_or_else(|| AnyUnixStream {
            erased: Arc::new(raw),
        })
    }

    /// The backend's connection, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The connection itself, if it is of another backend.
    pub fn downcast<S: RawUnixStream + Clone>(self) -> Result<S, AnyUnixStream> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<S>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw))
    }
}

impl RawObject for AnyUnixStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawStream for AnyUnixStream {
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_read(cx, wait, buf)
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_read_vectored(cx, wait, bufs)
    }

    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_write(cx, wait, buf)
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_write_vectored(cx, wait, bufs)
    }

    fn poll_close(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        self.erased.poll_close(cx, wait)
    }
}

impl RawUnixStream for AnyUnixStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.erased.peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.erased.shutdown(how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }
}

impl fmt::Debug for AnyUnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

/// A listening Unix socket of any backend.
#[derive(Clone)]
pub struct AnyUnixListener {
    erased: Arc<dyn RawUnixListener<Stream = AnyUnixStream>>,
}

impl AnyUnixListener {
    /// Erases a backend's listener, in one allocation; an erased one stays as it is.
    pub fn new<S: RawUnixListener>(raw: S) -> Self {
        let known = (&raw as &dyn Any)
            .downcast_ref::<AnyUnixListener>()
            .cloned();
        known.unwrap_or_else(|| AnyUnixListener {
            erased: Arc::new(ErasingUnix(raw)),
        })
    }

    /// The backend's listener, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The listener itself, if it is of another backend.
    pub fn downcast<S: RawUnixListener + Clone>(self) -> Result<S, AnyUnixListener> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<ErasingUnix<S>>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw).0)
    }
}

impl RawObject for AnyUnixListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawUnixListener for AnyUnixListener {
    type Stream = AnyUnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(AnyUnixStream, SocketAddr)>> {
        self.erased.poll_accept(cx, wait)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }
}

impl fmt::Debug for AnyUnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

/// A backend's listener whose connections come out erased.
#[derive(Clone)]
struct ErasingUnix<L>(L);

impl<L: RawUnixListener> RawObject for ErasingUnix<L> {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl<L: RawUnixListener> RawUnixListener for ErasingUnix<L> {
    type Stream = AnyUnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(AnyUnixStream, SocketAddr)>> {
        let accepted = self.0.poll_accept(cx, wait);
        accepted.map_ok(|(raw, from)| (AnyUnixStream::new(raw), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }
}

impl<L: RawUnixListener> fmt::Debug for ErasingUnix<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A Unix datagram socket of any backend.
#[derive(Clone)]
pub struct AnyUnixDatagram {
    erased: Arc<dyn RawUnixDatagram>,
}

impl AnyUnixDatagram {
    /// Erases a backend's socket, in one allocation; an erased one stays as it is.
    pub fn new<S: RawUnixDatagram>(raw: S) -> Self {
        let known = (&raw as &dyn Any)
            .downcast_ref::<AnyUnixDatagram>()
            .cloned();
        known.unwrap_or_else(|| AnyUnixDatagram {
            erased: Arc::new(raw),
        })
    }

    /// The backend's socket, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The socket itself, if it is of another backend.
    pub fn downcast<S: RawUnixDatagram + Clone>(self) -> Result<S, AnyUnixDatagram> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<S>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw))
    }
}

impl RawObject for AnyUnixDatagram {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawUnixDatagram for AnyUnixDatagram {
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
        to: &SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_send_to(cx, wait, buf, to)
    }

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.erased.poll_recv_from(cx, wait, buf)
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_send(cx, wait, buf)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_recv(cx, wait, buf)
    }

    fn connect(&self, to: &SocketAddr) -> io::Result<()> {
        self.erased.connect(to)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.erased.peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.erased.shutdown(how)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }
}

impl fmt::Debug for AnyUnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}
