//! A network that misbehaves: [`Proxy`], which passes connections on and harms them on the way.
//!
//! It stands between a client and a server, both of which believe that they talk to each other. It
//! is written over the contract, so that it runs on the backend under test, in a simulation too.
//! Knows nothing of what passes through it.
//!
//! ```no_run
//! # use std::{io, net::SocketAddr};
//! # use anyrt_laws::chaos::{Fault, Lane, Proxy};
//! # async fn f<R: anyrt_api::Runtime>(server: SocketAddr, rt: &R) -> io::Result<()> {
//! // Byte by byte to the server; after 100 bytes of its answer, silence.
//! let (up, down) = (Lane::new().slices(1..=1), Lane::new().after(100, Fault::Stall));
//! let proxy = Proxy::start(server, up, down, 7, rt).await?;
//! let client = anyrt_api::net::TcpStream::connect_in(proxy.addr(), rt).await?;
//! # Ok(()) }
//! ```

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::task::{AbortOnDrop, TaskGroup};
use anyrt_api::time::sleep_in;
use futures_lite::future::try_zip;

use crate::chance::Chance;

/// What happens to the bytes of one direction.
#[derive(Debug, Clone)]
#[must_use = "it is given to a proxy"]
pub struct Lane {
    slices: RangeInclusive<usize>,
    delay: Duration,
    fault: Option<(u64, Fault)>,
}

/// How a direction of a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Both ends are told that the connection was reset.
    Reset,
    /// The receiver sees the end; the other direction goes on.
    HalfClose,
    /// Nothing passes any more, and nobody is told.
    Stall,
}

impl Lane {
    /// Passes everything on.
    pub const fn new() -> Self {
        Lane {
            slices: 1..=BUFFER,
            delay: Duration::ZERO,
            fault: None,
        }
    }

    /// Cuts what passes into pieces of a random length within `lengths`, each written by itself.
    ///
    /// # Panics
    ///
    /// If a piece could be empty, or the range is.
    pub fn slices(mut self, lengths: RangeInclusive<usize>) -> Self {
        assert!(
            *lengths.start() > 0 && !lengths.is_empty(),
            "{lengths:?} is no length"
        );
        self.slices = lengths;
        self
    }

    /// Waits so long before each piece.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// After `bytes` bytes in this direction, `fault` happens to a connection.
    pub const fn after(mut self, bytes: u64, fault: Fault) -> Self {
        self.fault = Some((bytes, fault));
        self
    }
}

impl Default for Lane {
    fn default() -> Self {
        Lane::new()
    }
}

/// A proxy that is running. Dropping it ends its connections.
pub struct Proxy<R: Runtime> {
    addr: SocketAddr,
    _accepting: AbortOnDrop<(), R>,
}

impl<R: Runtime> Proxy<R> {
    /// Listens on a port of loopback, and connects to `server` for each connection. What is drawn
    /// is drawn from `seed`.
    ///
    /// # Errors
    ///
    /// Those of listening.
    pub async fn start(
        server: SocketAddr,
        up: Lane,
        down: Lane,
        seed: u64,
        rt: &R,
    ) -> io::Result<Self> {
        let own = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind_in(own, rt).await?;
        let addr = listener.local_addr()?;
        let lanes = Lanes { up, down };
        let accepting = accept(listener, server, lanes, Chance::new(seed), rt.clone());
        Ok(Proxy {
            addr,
            _accepting: rt.spawn(accepting).abort_on_drop(),
        })
    }

    /// Where a client connects to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl<R: Runtime> fmt::Debug for Proxy<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Lanes {
    up: Lane,
    down: Lane,
}

async fn accept<R: Runtime>(
    listener: TcpListener<R>,
    server: SocketAddr,
    lanes: Lanes,
    mut chance: Chance,
    rt: R,
) {
    // Its tasks end with this one.
    let mut connections = TaskGroup::new_in(&rt);
    let mut incoming = listener.into_incoming();
    while let Some(accepted) = incoming.next().await {
        // An error of one connection is that connection's.
        if let Ok(client) = accepted {
            connections.spawn(pass(
                client,
                server,
                lanes.clone(),
                chance.split(),
                rt.clone(),
            ));
        }
    }
}

/// One connection, until both directions have ended or one was broken.
async fn pass<R: Runtime>(
    client: TcpStream<R>,
    server: SocketAddr,
    lanes: Lanes,
    mut chance: Chance,
    rt: R,
) {
    let Ok(server) = TcpStream::connect_in(server, &rt).await else {
        return reset(&[&client]);
    };
    let up = pump(&client, &server, &lanes.up, chance.split(), &rt);
    let down = pump(&server, &client, &lanes.down, chance, &rt);
    if try_zip(up, down).await.is_err() {
        reset(&[&client, &server]);
    }
}

/// Their ends learn of it when they are dropped.
fn reset<R: Runtime>(streams: &[&TcpStream<R>]) {
    for stream in streams {
        // It fails only for one that is gone already.
        let _ = stream.set_linger(Some(Duration::ZERO));
    }
}

/// The connection is to be reset.
struct Broken;

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        // Whatever one end did to its connection, the other is told.
        Broken
    }
}

/// One direction, until its end or its fault.
async fn pump<R: Runtime>(
    from: &TcpStream<R>,
    to: &TcpStream<R>,
    lane: &Lane,
    mut chance: Chance,
    rt: &R,
) -> Result<(), Broken> {
    let mut buf = vec![0; BUFFER];
    let mut passed = 0;
    loop {
        let n = match lane.fault {
            // Before another byte is asked for: none may come.
            Some((at, fault)) if at == passed => return fail(fault, to).await,
            Some((at, _)) => BUFFER.min(usize::try_from(at - passed).unwrap_or(BUFFER)),
            None => BUFFER,
        };
        let n = from.read(&mut buf[..n]).await?;
        if n == 0 {
            return Ok(to.shutdown(Shutdown::Write)?);
        }
        let mut rest = &buf[..n];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(chance.within(&lane.slices)));
            if !lane.delay.is_zero() {
                sleep_in(lane.delay, rt).await;
            }
            to.write_all(piece).await?;
            rest = after;
        }
        passed += n as u64;
    }
}

async fn fail<R: Runtime>(fault: Fault, to: &TcpStream<R>) -> Result<(), Broken> {
    match fault {
        Fault::Reset => Err(Broken),
        Fault::HalfClose => Ok(to.shutdown(Shutdown::Write)?),
        Fault::Stall => pending().await,
    }
}

/// Bytes that one direction holds at most.
const BUFFER: usize = 16 << 10;
