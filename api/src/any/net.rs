//! Erased sockets: a shared trait object each, one virtual call an operation.
//!
//! A connection that is accepted costs one allocation, that of its object; one that is made,
//! another for the future of the attempt, freed when it is done.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::AnyRuntime;
use super::udp::AnyUdpSocket;
use crate::AsyncNet;
use crate::io::{Direction, RawObject, RawStream, Wait};
use crate::net::{RawTcpListener, RawTcpStream};

/// What an erased backend does for sockets.
pub(super) trait ErasedNet: Send + Sync {
    fn connect_tcp(&self, addr: SocketAddr) -> Making<'_, AnyTcpStream>;
    fn listen_tcp(&self, addr: SocketAddr) -> Making<'_, AnyTcpListener>;
    fn bind_udp(&self, addr: SocketAddr) -> Making<'_, AnyUdpSocket>;
    fn lookup_host<'a>(&'a self, host: &'a str, port: u16) -> Making<'a, Vec<SocketAddr>>;
}

/// The future of an object.
pub(super) type Making<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

impl<R: AsyncNet> ErasedNet for R {
    fn connect_tcp(&self, addr: SocketAddr) -> Making<'_, AnyTcpStream> {
        Box::pin(async move {
            let raw = AsyncNet::connect_tcp(self, addr).await?;
            Ok(AnyTcpStream::new(raw))
        })
    }

    fn listen_tcp(&self, addr: SocketAddr) -> Making<'_, AnyTcpListener> {
        Box::pin(async move {
            let raw = AsyncNet::listen_tcp(self, addr).await?;
            Ok(AnyTcpListener::new(raw))
        })
    }

    fn bind_udp(&self, addr: SocketAddr) -> Making<'_, AnyUdpSocket> {
        Box::pin(async move {
            let raw = AsyncNet::bind_udp(self, addr).await?;
            Ok(AnyUdpSocket::new(raw))
        })
    }

    fn lookup_host<'a>(&'a self, host: &'a str, port: u16) -> Making<'a, Vec<SocketAddr>> {
        Box::pin(AsyncNet::lookup_host(self, host, port))
    }
}

impl AnyRuntime {
    fn net(&self) -> io::Result<&dyn ErasedNet> {
        self.erased.net().ok_or_else(|| self.lacks("sockets"))
    }
}

impl AsyncNet for AnyRuntime {
    type TcpStream = AnyTcpStream;
    type TcpListener = AnyTcpListener;
    type UdpSocket = AnyUdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<AnyTcpStream> {
        self.net()?.connect_tcp(addr).await
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<AnyTcpListener> {
        self.net()?.listen_tcp(addr).await
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<AnyUdpSocket> {
        self.net()?.bind_udp(addr).await
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.net()?.lookup_host(host, port).await
    }
}

/// A TCP connection of any backend.
#[derive(Clone)]
pub struct AnyTcpStream {
    erased: Arc<dyn RawTcpStream>,
}

impl AnyTcpStream {
    /// Erases a backend's connection, in one allocation; an erased one stays as it is.
    pub fn new<S: RawTcpStream>(raw: S) -> Self {
        let known = (&raw as &dyn Any).downcast_ref::<AnyTcpStream>().cloned();
        known.unwrap_or_else(|| AnyTcpStream {
            erased: Arc::new(raw),
        })
    }

    /// The backend's connection, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The connection itself, if it is of another backend.
    pub fn downcast<S: RawTcpStream + Clone>(self) -> Result<S, AnyTcpStream> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<S>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw))
    }
}

impl RawObject for AnyTcpStream {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawStream for AnyTcpStream {
    #[inline]
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

    #[inline]
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

impl RawTcpStream for AnyTcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.erased.peer_addr()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.erased.shutdown(how)
    }

    fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_peek(cx, wait, buf)
    }

    fn nodelay(&self) -> io::Result<bool> {
        self.erased.nodelay()
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.erased.set_nodelay(nodelay)
    }

    fn ttl(&self) -> io::Result<u32> {
        self.erased.ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.erased.set_ttl(ttl)
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        self.erased.linger()
    }

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.erased.set_linger(linger)
    }

    fn keepalive(&self) -> io::Result<bool> {
        self.erased.keepalive()
    }

    fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.erased.set_keepalive(keepalive)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }
}

impl fmt::Debug for AnyTcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

/// A listening TCP socket of any backend.
#[derive(Clone)]
pub struct AnyTcpListener {
    erased: Arc<dyn RawTcpListener<Stream = AnyTcpStream>>,
}

impl AnyTcpListener {
    /// Erases a backend's listener, in one allocation; an erased one stays as it is.
    pub fn new<S: RawTcpListener>(raw: S) -> Self {
        let known = (&raw as &dyn Any).downcast_ref::<AnyTcpListener>().cloned();
        known.unwrap_or_else(|| AnyTcpListener {
            erased: Arc::new(ErasingTcp(raw)),
        })
    }

    /// The backend's listener, if it is an `S`.
    ///
    /// # Errors
    ///
    /// The listener itself, if it is of another backend.
    pub fn downcast<S: RawTcpListener + Clone>(self) -> Result<S, AnyTcpListener> {
        let erased: Arc<dyn Any + Send + Sync> = self.erased.clone();
        let Ok(raw) = erased.downcast::<ErasingTcp<S>>() else {
            return Err(self);
        };
        drop(self);
        Ok(Arc::unwrap_or_clone(raw).0)
    }
}

impl RawObject for AnyTcpListener {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawTcpListener for AnyTcpListener {
    type Stream = AnyTcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(AnyTcpStream, SocketAddr)>> {
        self.erased.poll_accept(cx, wait)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.erased.local_addr()
    }

    fn ttl(&self) -> io::Result<u32> {
        self.erased.ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.erased.set_ttl(ttl)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.erased.take_error()
    }
}

impl fmt::Debug for AnyTcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

/// A backend's listener whose connections come out erased.
#[derive(Clone)]
struct ErasingTcp<L>(L);

impl<L: RawTcpListener> RawObject for ErasingTcp<L> {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.0.cancel_wait(direction, wait);
    }
}

impl<L: RawTcpListener> RawTcpListener for ErasingTcp<L> {
    type Stream = AnyTcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
    ) -> Poll<io::Result<(AnyTcpStream, SocketAddr)>> {
        let accepted = self.0.poll_accept(cx, wait);
        accepted.map_ok(|(raw, from)| (AnyTcpStream::new(raw), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn ttl(&self) -> io::Result<u32> {
        self.0.ttl()
    }

    fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.set_ttl(ttl)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }
}

impl<L: RawTcpListener> fmt::Debug for ErasingTcp<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
