//! A listening TCP socket: [`TcpListener`], and its connections as a stream: [`Incoming`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::TcpStream;
use crate::any::AnyTcpListener;
use crate::budget::charged;
use crate::current::Late;
use crate::io::{Direction, Wait, leave, operation};
use crate::net::accept::Pacing;
use crate::net::addr::first_that_works;
use crate::net::{RawTcpListener, Target, ToSocketAddrs};
use crate::{AnyRuntime, AsyncNet, Core, Timer, budget};

/// A listening TCP socket: [`std::net::TcpListener`], async.
///
/// Several tasks may accept on one, through `&TcpListener` or clones.
///
/// ```no_run
/// use anyrt_api::net::TcpListener;
/// use anyrt_api::{Runtime, io, task};
///
/// async fn serve<R: Runtime>(rt: &R) -> io::Result<()> {
///     let mut incoming = TcpListener::bind_in("127.0.0.1:0", rt).await?.into_incoming();
///     while let Some(stream) = incoming.next().await {
///         let Ok(stream) = stream else { continue };
///         task::spawn_in(async move { io::copy(&stream, &stream).await }, rt);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct TcpListener<R: AsyncNet = AnyRuntime> {
    raw: R::TcpListener,
    rt: R,
}

impl TcpListener {
    /// Binds and listens on the current runtime: `std::net::TcpListener::bind`.
    ///
    /// Several addresses are tried in order. Port 0 is a port of the system's choice.
    ///
    /// # Errors
    ///
    /// Those of the system, with std's kinds (`AddrInUse`, ..).
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future closes the socket.
    #[track_caller]
    pub fn bind(addr: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send {
        listen(addr.to_target(), Late::here())
    }
}

impl<R: AsyncNet> TcpListener<R> {
    /// Binds and listens on `rt`: as [`bind`](TcpListener::bind).
    ///
    /// # Errors
    ///
    /// As [`bind`](TcpListener::bind).
    pub fn bind_in<A: ToSocketAddrs>(
        addr: A,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<A, R> {
        listen(addr.to_target(), Late::now(rt.clone()))
    }

    /// From a backend's listener and its runtime, whose clock paces [`incoming`](Self::incoming).
    pub fn from_raw_in(raw: R::TcpListener, rt: &R) -> Self {
        TcpListener {
            raw,
            rt: rt.clone(),
        }
    }

    /// The backend's listener.
    pub fn as_raw(&self) -> &R::TcpListener {
        &self.raw
    }

    /// The backend's listener, by value.
    pub fn into_raw(self) -> R::TcpListener {
        self.raw
    }

    pub(crate) fn runtime(&self) -> &R {
        &self.rt
    }

    /// The same listener without its backend in the type.
    #[must_use]
    pub fn erase(self) -> TcpListener
    where
        R: Core,
    {
        TcpListener {
            raw: AnyTcpListener::new(self.raw),
            rt: AnyRuntime::new(self.rt),
        }
    }

    /// Another handle on the same listener: `std::net::TcpListener::try_clone`.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Accepts one connection, and says who it is from: `std::net::TcpListener::accept`.
    ///
    /// # Errors
    ///
    /// Those of the system; [`AcceptError`](crate::net::AcceptError) says what they mean for the
    /// loop around. A loop that goes on at once after an error can spin:
    /// [`incoming`](Self::incoming) does not.
    ///
    /// # Cancel safety
    ///
    /// Safe: no connection is lost.
    pub async fn accept(&self) -> io::Result<(TcpStream<R>, SocketAddr)> {
        let accepted = operation(&self.raw, Direction::Read, |raw, cx, wait| {
            raw.poll_accept(cx, wait)
        });
        let (raw, from) = accepted.await?;
        Ok((TcpStream::from_raw(raw), from))
    }

    /// One poll of [`accept`](Self::accept). Any number of tasks may poll at once; each is woken.
    pub fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream<R>, SocketAddr)>> {
        let accepted = budget::poll(cx, |cx| self.raw.poll_accept(cx, &mut Wait::by_waker()));
        accepted.map_ok(|(raw, from)| (TcpStream::from_raw(raw), from))
    }

    /// The connections, for ever: `std::net::TcpListener::incoming`. It borrows nothing.
    pub fn incoming(&self) -> Incoming<R>
    where
        R: Timer,
    {
        self.clone().into_incoming()
    }

    /// The connections, for ever: `std::net::TcpListener::into_incoming`.
    pub fn into_incoming(self) -> Incoming<R>
    where
        R: Timer,
    {
        Incoming {
            listener: self,
            wait: Wait::new(),
            pacing: Pacing::new(),
        }
    }
}

/// Its address and options, as std has them; the errors are the system's.
impl<R: AsyncNet> TcpListener<R> {
    /// The address it listens on, with the port that the system chose.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.raw.local_addr()
    }

    /// The time to live of the packets sent (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.raw.ttl()
    }

    /// Sets the time to live of the packets sent (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.raw.set_ttl(ttl)
    }

    /// The pending error of the socket (`SO_ERROR`), which is cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.raw.take_error()
    }
}

fn listen<R: AsyncNet>(
    target: io::Result<Target>,
    mut rt: Late<R>,
) -> impl Future<Output = io::Result<TcpListener<R>>> + Send {
    charged(async move {
        let rt = rt.runtime();
        let raw = first_that_works(target, rt, |addr| rt.listen_tcp(addr)).await?;
        Ok(TcpListener::from_raw_in(raw, rt))
    })
}

impl<R: AsyncNet> fmt::Debug for TcpListener<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TcpListener");
        if let Ok(addr) = self.local_addr() {
            out.field("addr", &addr);
        }
        out.finish_non_exhaustive()
    }
}

/// The connections of a [`TcpListener`]: made by [`TcpListener::incoming`].
///
/// - `L115` It never ends. An error is an item; after one that would come again at once (no
///   descriptors left, say) it pauses, 1 ms and twice as long with each in a row, at most 1 s, so
///   that a loop which ignores errors stays idle. A connection ends the pauses.
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<R: AsyncNet + Timer = AnyRuntime> {
    listener: TcpListener<R>,
    wait: Wait,
    pacing: Pacing<R>,
}

impl<R: AsyncNet + Timer> Incoming<R> {
    /// The next connection; never `None`.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`].
    ///
    /// # Cancel safety
    ///
    /// Safe: no connection is lost.
    pub async fn next(&mut self) -> Option<io::Result<TcpStream<R>>> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<TcpStream<R>>>> {
        let Incoming {
            listener,
            wait,
            pacing,
        } = self;
        let accepted = pacing.poll(cx, &listener.rt, |cx| {
            budget::poll(cx, |cx| listener.raw.poll_accept(cx, wait))
        });
        accepted
            .map_ok(|(raw, _)| TcpStream::from_raw(raw))
            .map(Some)
    }
}

impl<R: AsyncNet + Timer> Stream for Incoming<R> {
    type Item = io::Result<TcpStream<R>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_accept(cx)
    }
}

impl<R: AsyncNet + Timer> Drop for Incoming<R> {
    fn drop(&mut self) {
        leave(&self.listener.raw, Direction::Read, &mut self.wait);
    }
}

impl<R: AsyncNet + Timer> fmt::Debug for Incoming<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
