//! A Unix datagram socket: [`UnixDatagram`].

use std::fmt;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::path::Path;

use super::SocketAddr;
use crate::any::AnyUnixDatagram;
use crate::io::{Direction, operation};
use crate::net::RawUnixDatagram;
use crate::{AnyRuntime, AsyncUnixNet};

/// A Unix datagram socket: `std::os::unix::net::UnixDatagram`, async.
///
/// It is used through `&UnixDatagram` and through clones, by any number of tasks at once.
///
/// ```no_run
/// use anyrt_api::net::UnixDatagram;
/// use anyrt_api::{AsyncUnixNet, io};
///
/// async fn log<R: AsyncUnixNet>(line: &str, rt: &R) -> io::Result<()> {
///     let socket = UnixDatagram::unbound_in(rt)?;
///     socket.connect("/dev/log")?;
///     socket.send(line.as_bytes()).await?;
///     Ok(())
/// }
/// ```
///
/// # Cancel safety
///
/// Every method is safe: a receive that is dropped loses no datagram, and of a send that is dropped
/// before it was ready nothing was sent.
#[derive(Clone)]
pub struct UnixDatagram<R: AsyncUnixNet = AnyRuntime> {
    raw: R::UnixDatagram,
}

impl UnixDatagram {
    /// Makes a socket at `path` on the current runtime:
    /// `std::os::unix::net::UnixDatagram::bind`.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`AddrInUse`, ..); `InvalidInput` for a path that is
    /// too long or has a NUL in it.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        UnixDatagram::bind_in(path, &AnyRuntime::current())
    }

    /// Makes a socket at `addr` on the current runtime:
    /// `std::os::unix::net::UnixDatagram::bind_addr`.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<Self> {
        UnixDatagram::bind_addr_in(addr, &AnyRuntime::current())
    }

    /// Makes a socket without an address on the current runtime:
    /// `std::os::unix::net::UnixDatagram::unbound`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        UnixDatagram::unbound_in(&AnyRuntime::current())
    }

    /// Two connected sockets on the current runtime: `std::os::unix::net::UnixDatagram::pair`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        UnixDatagram::pair_in(&AnyRuntime::current())
    }
}

impl<R: AsyncUnixNet> UnixDatagram<R> {
    /// Makes a socket at `path` on `rt`: as [`bind`](UnixDatagram::bind).
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixDatagram::bind).
    pub fn bind_in(path: impl AsRef<Path>, rt: &R) -> io::Result<Self> {
        UnixDatagram::bind_addr_in(&SocketAddr::from_pathname(path)?, rt)
    }

    /// Makes a socket at `addr` on `rt`: as [`bind_addr`](UnixDatagram::bind_addr).
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixDatagram::bind).
    pub fn bind_addr_in(addr: &SocketAddr, rt: &R) -> io::Result<Self> {
        rt.bind_unix_datagram(Some(addr))
            .map(UnixDatagram::from_raw)
    }

    /// Makes a socket without an address on `rt`: as [`unbound`](UnixDatagram::unbound).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn unbound_in(rt: &R) -> io::Result<Self> {
        rt.bind_unix_datagram(None).map(UnixDatagram::from_raw)
    }

    /// Two connected sockets on `rt`: as [`pair`](UnixDatagram::pair).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn pair_in(rt: &R) -> io::Result<(Self, Self)> {
        let (a, b) = rt.unix_datagram_pair()?;
        Ok((UnixDatagram::from_raw(a), UnixDatagram::from_raw(b)))
    }

    /// From a backend's socket.
    pub fn from_raw(raw: R::UnixDatagram) -> Self {
        UnixDatagram { raw }
    }

    /// The backend's socket.
    pub fn as_raw(&self) -> &R::UnixDatagram {
        &self.raw
    }

    /// The backend's socket, by value.
    pub fn into_raw(self) -> R::UnixDatagram {
        self.raw
    }

    /// The same socket without its backend in the type. One allocation.
    #[must_use]
    pub fn erase(self) -> UnixDatagram {
        UnixDatagram::from_raw(AnyUnixDatagram::new(self.raw))
    }

    /// Another handle on the same socket: `std::os::unix::net::UnixDatagram::try_clone`.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Sends one datagram to the socket at `path`; waits while its queue is full.
    ///
    /// # Errors
    ///
    /// The system's; `InvalidInput` for a path that is too long or has a NUL in it.
    pub fn send_to<P: AsRef<Path>>(
        &self,
        buf: &[u8],
        path: P,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        let to = SocketAddr::from_pathname(path);
        async move { self.send_to_addr(buf, &to?).await }
    }

    /// Sends one datagram to `to`; waits while its queue is full.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn send_to_addr(&self, buf: &[u8], to: &SocketAddr) -> io::Result<usize> {
        operation(&self.raw, Direction::Write, |raw, cx, wait| {
            raw.poll_send_to(cx, wait, buf, to)
        })
        .await
    }

    /// Receives one datagram, and says who it is from. What does not fit into `buf` is gone.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_recv_from(cx, wait, buf)
        })
        .await
    }

    /// Sends one datagram to the peer of [`connect`](Self::connect); waits while its queue is full.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        operation(&self.raw, Direction::Write, |raw, cx, wait| {
            raw.poll_send(cx, wait, buf)
        })
        .await
    }

    /// Receives one datagram from the peer. What does not fit into `buf` is gone.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_recv(cx, wait, buf)
        })
        .await
    }
}

/// Addresses and options, as std has them; the errors are the system's.
impl<R: AsyncUnixNet> UnixDatagram<R> {
    /// Sets the peer to the socket at `path`: `std::os::unix::net::UnixDatagram::connect`.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Sets the peer: `std::os::unix::net::UnixDatagram::connect_addr`.
    pub fn connect_addr(&self, addr: &SocketAddr) -> io::Result<()> {
        self.raw.connect(addr)
    }

    /// This end's address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.raw.local_addr()
    }

    /// The peer's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.raw.peer_addr()
    }

    /// Ends one direction or both, for all handles on this socket.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.raw.shutdown(how)
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.raw.take_error()
    }
}

impl<R: AsyncUnixNet> fmt::Debug for UnixDatagram<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("UnixDatagram");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        if let Ok(peer) = self.peer_addr() {
            out.field("peer", &peer);
        }
        out.finish_non_exhaustive()
    }
}
