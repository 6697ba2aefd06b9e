//! A TCP connection: [`TcpStream`].

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use super::{OwnedReadHalf, OwnedWriteHalf, split};
use crate::any::AnyTcpStream;
use crate::budget::charged;
use crate::current::Late;
use crate::io::{Direction, operation};
use crate::net::addr::first_that_works;
use crate::net::connection::Connection;
use crate::net::{RawTcpStream, Target, ToSocketAddrs};
use crate::time::{Timer, timeout, timeout_in};
use crate::{AnyRuntime, AsyncNet};

/// A TCP connection: [`std::net::TcpStream`], async.
///
/// It is used by value, through `&TcpStream`, through clones ([`try_clone`](Self::try_clone)) and
/// through halves ([`into_split`](Self::into_split)), by any number of tasks at once. Dropping the
/// last of them closes the connection; no drop of a clone or a half shuts anything down.
///
/// - `L197` It stays bound for life to the runtime that made it, wherever it is used later.
///
/// ```no_run
/// use anyrt_api::net::TcpStream;
/// use anyrt_api::{Runtime, io};
///
/// async fn greet<R: Runtime>(rt: &R) -> io::Result<String> {
///     let stream = TcpStream::connect_in("localhost:7", rt).await?;
///     stream.write_all(b"hello").await?;
///     stream.close().await?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).await?;
///     Ok(answer)
/// }
/// ```
pub struct TcpStream<R: AsyncNet = AnyRuntime> {
    pub(super) connection: Connection<R::TcpStream>,
}

impl TcpStream {
    /// Connects on the current runtime: `std::net::TcpStream::connect`.
    ///
    /// `addr` is read at this call. The future can be spawned if the type of `addr` borrows nothing
    /// short-lived: give it a `String` in place of a `&str` that does.
    ///
    /// # Contract
    ///
    /// - `L109` If `addr` is several addresses, or a name that has several, they are tried in
    ///   order, here and wherever an address is bound; the last error is returned. No address at
    ///   all is `InvalidInput`.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`ConnectionRefused`, `TimedOut`, ..).
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future closes the socket.
    #[track_caller]
    pub fn connect(addr: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send {
        dial(addr.to_target(), Late::here())
    }

    /// Connects on the current runtime, in at most `limit` from this call on:
    /// `std::net::TcpStream::connect_timeout`.
    ///
    /// # Errors
    ///
    /// `TimedOut` after `limit`; `InvalidInput` if it is zero; else as [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// As [`connect`](Self::connect).
    #[track_caller]
    pub fn connect_timeout(
        addr: &SocketAddr,
        limit: Duration,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<> {
        let dialled = timeout(limit, dial(Ok(Target::Address(*addr)), Late::here()));
        async move {
            not_zero(limit)?;
            dialled.await?
        }
    }
}

impl<R: AsyncNet> TcpStream<R> {
    /// Connects on `rt`: as [`connect`](TcpStream::connect). The future does not borrow `rt`.
    ///
    /// # Errors
    ///
    /// As [`connect`](TcpStream::connect).
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future closes the socket.
    pub fn connect_in<A: ToSocketAddrs>(
        addr: A,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<A, R> {
        dial(addr.to_target(), Late::now(rt.clone()))
    }

    /// Connects on `rt`, in at most `limit`: as [`connect_timeout`](TcpStream::connect_timeout).
    ///
    /// # Errors
    ///
    /// As [`connect_timeout`](TcpStream::connect_timeout).
    pub fn connect_timeout_in(
        addr: &SocketAddr,
        limit: Duration,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<R>
    where
        R: Timer,
    {
        let dialled = dial(Ok(Target::Address(*addr)), Late::now(rt.clone()));
        let dialled = timeout_in(limit, dialled, rt);
        async move {
            not_zero(limit)?;
            dialled.await?
        }
    }

    /// From a backend's connection.
    pub fn from_raw(raw: R::TcpStream) -> Self {
        TcpStream {
            connection: Connection::new(raw),
        }
    }

    /// The backend's connection.
    pub fn as_raw(&self) -> &R::TcpStream {
        self.connection.raw()
    }

    /// The backend's connection, by value.
    pub fn into_raw(self) -> R::TcpStream {
        self.connection.into_raw()
    }

    /// The same connection without its backend in the type. One allocation.
    #[must_use]
    pub fn erase(self) -> TcpStream {
        TcpStream::from_raw(AnyTcpStream::new(self.into_raw()))
    }

    /// Another handle on the same connection: `std::net::TcpStream::try_clone`. It allocates
    /// nothing and duplicates no descriptor; [`Clone`] does the same.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Two handles, one to read and one to write. Dropping either shuts nothing down.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf<R>, OwnedWriteHalf<R>) {
        split::halves(self)
    }

    /// Reads some bytes into `buf`; `Ok(0)` is the end of the stream: `std::io::Read::read`.
    ///
    /// - `L088` A read into an empty buffer, and a write of one, is `Ok(0)` at once, on every
    ///   stream of this crate.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` if the peer reset the connection; the system's others.
    ///
    /// # Cancel safety
    ///
    /// Safe: no byte is lost.
    #[inline]
    pub fn read(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read(buf)
    }

    /// Reads into several buffers in order: as [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.read_vectored(bufs)
    }

    /// Fills `buf`: `std::io::Read::read_exact`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the stream ends before; `buf` then holds what there was.
    ///
    /// # Cancel safety
    ///
    /// - `L091` Not safe, as `read_to_end`, `write_all` and every other method of this crate that
    ///   makes several reads or writes: how far it came is known to its future alone. Whoever must
    ///   be able to go on after a cancel calls [`read`](Self::read) or [`write`](Self::write) and
    ///   keeps the count.
    pub async fn read_exact(&self, buf: &mut [u8]) -> io::Result<()> {
        self.connection.read_exact(buf).await
    }

    /// Reads until the end of the stream, appends to `buf` and returns the number of bytes:
    /// `std::io::Read::read_to_end`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); what was read before stands in `buf`.
    ///
    /// # Cancel safety
    ///
    /// Not safe; what was read stands in `buf`.
    pub async fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.connection.read_to_end(buf).await
    }

    /// Reads until the end of the stream and appends to `buf`: `std::io::Read::read_to_string`.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8, and `buf` is as before; else as [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Not safe: what was read is lost.
    pub async fn read_to_string(&self, buf: &mut String) -> io::Result<usize> {
        self.connection.read_to_string(buf).await
    }

    /// Reads without consuming: `std::net::TcpStream::peek`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        operation(self.as_raw(), Direction::Read, |raw, cx, wait| {
            raw.poll_peek(cx, wait, buf)
        })
        .await
    }

    /// Writes some bytes of `buf`, at least one: `std::io::Write::write`.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` or `ConnectionReset` if the peer is gone; the system's others.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped before it was ready, nothing was written.
    #[inline]
    pub fn write(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write(buf)
    }

    /// Writes some bytes of several buffers, in order: as [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        self.connection.write_vectored(bufs)
    }

    /// Writes all of `buf`: `std::io::Write::write_all`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Not safe: see [`read_exact`](Self::read_exact).
    pub async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.connection.write_all(buf).await
    }

    /// Ends the sending side, so that the peer reads the end: `futures_io`'s `close`, and
    /// [`shutdown`](Self::shutdown)`(Shutdown::Write)`. Reads go on.
    ///
    /// # Errors
    ///
    /// The system's; none if it was ended before or the peer is gone.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn close(&self) -> io::Result<()> {
        self.connection.close().await
    }
}

/// Addresses and options, as std has them; the errors are the system's.
impl<R: AsyncNet> TcpStream<R> {
    /// This end's address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.as_raw().local_addr()
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.as_raw().peer_addr()
    }

    /// Ends one direction or both, for all handles on this connection, and wakes who waits for it.
    ///
    /// Unlike std's, it is `Ok` if that was done before or the peer is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.as_raw().shutdown(how)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`); off by default.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.as_raw().nodelay()
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.as_raw().set_nodelay(nodelay)
    }

    /// The time to live of the packets sent (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.as_raw().ttl()
    }

    /// Sets the time to live of the packets sent (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.as_raw().set_ttl(ttl)
    }

    /// How long closing waits for unsent bytes (`SO_LINGER`), in whole seconds.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.as_raw().linger()
    }

    /// Sets how long closing waits for unsent bytes (`SO_LINGER`), in whole seconds.
    ///
    /// `Some(Duration::ZERO)` resets the connection when it is closed. Any other `Some` makes the
    /// drop of the last handle block its thread for up to that time: set it for zero only.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.as_raw().set_linger(linger)
    }

    /// Whether an idle connection is probed (`SO_KEEPALIVE`); off by default.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.as_raw().keepalive()
    }

    /// Sets whether an idle connection is probed (`SO_KEEPALIVE`).
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.as_raw().set_keepalive(keepalive)
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.as_raw().take_error()
    }
}

fn dial<R: AsyncNet>(
    target: io::Result<Target>,
    mut rt: Late<R>,
) -> impl Future<Output = io::Result<TcpStream<R>>> + Send {
    charged(async move {
        let rt = rt.runtime();
        let raw = first_that_works(target, rt, |addr| rt.connect_tcp(addr)).await?;
        Ok(TcpStream::from_raw(raw))
    })
}

fn not_zero(limit: Duration) -> io::Result<()> {
    if limit.is_zero() {
        let why = "a time limit of zero leaves no time to connect";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(())
}

impl<R: AsyncNet> Clone for TcpStream<R> {
    fn clone(&self) -> Self {
        TcpStream {
            connection: self.connection.clone(),
        }
    }
}

impl<R: AsyncNet> fmt::Debug for TcpStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TcpStream");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        if let Ok(peer) = self.peer_addr() {
            out.field("peer", &peer);
        }
        out.finish_non_exhaustive()
    }
}
