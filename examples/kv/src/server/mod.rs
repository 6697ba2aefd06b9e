//! The store on a socket: who is let in, and how it ends.
//!
//! ```text
//!   accept -> over the limit? told so and closed
//!          -> a task of the group: Connection
//!   shutdown -> no more clients -> each finishes the requests it has read -> log written and
//! synced
//! ```
//!
//! It knows the engine and no command. The application calls it.

mod connection;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::task::TaskGroup;
use anyrt_api::{AnyRuntime, Runtime, time};
use futures_lite::future::{or, poll_once};

use self::connection::Connection;
use crate::aof::Recovery;
use crate::config::Config;
use crate::engine::Engine;
use crate::latch::Latch;

/// A store that is open and listens.
#[derive(Debug)]
pub struct Server<R: Runtime = AnyRuntime> {
    listener: TcpListener<R>,
    engine: Arc<Engine<R>>,
    recovery: Recovery,
    rt: R,
}

impl Server {
    /// [`Server::bind_in`] on the current runtime.
    ///
    /// # Errors
    /// As [`Server::bind_in`].
    ///
    /// # Panics
    /// If there is no current runtime, with the caller's line.
    #[track_caller]
    pub fn bind(config: Config) -> impl Future<Output = io::Result<Self>> + Send {
        let rt = AnyRuntime::current();
        async move { Self::bind_in(config, &rt).await }
    }
}

impl<R: Runtime> Server<R> {
    /// Opens the store in `config.dir`, reads its log back, and listens.
    ///
    /// # Errors
    /// `InvalidInput` for settings that cannot work; `WouldBlock` if another process serves the
    /// directory; what the system says of the address, or of a directory that cannot be written.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a log that opens again.
    pub async fn bind_in(mut config: Config, rt: &R) -> io::Result<Self> {
        config.check()?;
        let listener = TcpListener::bind_in(config.addr, rt).await?;
        config.addr = listener.local_addr()?;
        let (engine, recovery) = Engine::open_in(config, rt).await?;
        Ok(Self {
            listener,
            engine: Arc::new(engine),
            recovery,
            rt: rt.clone(),
        })
    }

    /// Where it listens: the port of the system's choice if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.engine.config().addr
    }

    /// What was read back from the log.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Serves clients until `shutdown` is ready, then ends in order: no client is let in any more,
    /// each gets the replies to the requests that were read (for at most the configured grace), and
    /// the log is written and synced.
    ///
    /// # Errors
    /// What the last sync of the log says. Everything acknowledged under [`Fsync::Always`] is kept
    /// even so.
    ///
    /// # Cancel safety
    /// Dropping the future closes every client at once; the log is still written and synced.
    ///
    /// [`Fsync::Always`]: crate::Fsync::Always
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self {
            listener,
            engine,
            rt,
            ..
        } = self;
        let stop = Arc::new(Latch::default());
        let mut clients = TaskGroup::new_in(&rt);
        or(
            shutdown,
            accept(&listener, &engine, &stop, &mut clients, &rt),
        )
        .await;
        drop(listener);
        stop.set(());
        let grace = engine.config().shutdown_grace;
        let finished = async { while clients.join_next().await.is_some() {} };
        if time::timeout_in(grace, finished, &rt).await.is_err() {
            log::warn!(
                "{} clients were closed before they took their replies",
                clients.len()
            );
        }
        clients.cancel().await;
        match Arc::into_inner(engine) {
            Some(engine) => engine.close().await,
            None => Err(io::Error::other("a client outlived its task")),
        }
    }
}

/// Lets clients in, for ever.
async fn accept<R: Runtime>(
    listener: &TcpListener<R>,
    engine: &Arc<Engine<R>>,
    stop: &Arc<Latch<()>>,
    clients: &mut TaskGroup<(), R>,
    rt: &R,
) {
    let mut incoming = listener.incoming();
    while let Some(accepted) = incoming.next().await {
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                // The next one is accepted after a pause, when descriptors may be free again.
                log::warn!("accept: {error}");
                continue;
            }
        };
        while let Some(Some(finished)) = poll_once(clients.join_next()).await {
            if let Err(error) = finished {
                log::error!("a client's task: {error}");
            }
        }
        let stats = engine.stats();
        stats.connections.add(1);
        if clients.len() >= engine.config().clients_max {
            stats.rejected_connections.add(1);
            turn_away(&stream, rt).await;
            continue;
        }
        let connection = Connection::new(stream, Arc::clone(engine), Arc::clone(stop), rt.clone());
        clients.spawn(connection.run());
    }
}

/// Says why, and closes. A fresh socket takes so little at once; one that does not is not waited
/// for.
async fn turn_away<R: Runtime>(stream: &TcpStream<R>, rt: &R) {
    let reply = b"-ERR max number of clients reached\r\n";
    let _ = time::timeout_in(TURN_AWAY_LIMIT, stream.write(reply), rt).await;
    let _ = stream.shutdown(std::net::Shutdown::Write);
}

const TURN_AWAY_LIMIT: Duration = Duration::from_millis(100);
