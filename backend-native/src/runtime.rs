//! The door: the owner, the handle, and every impl of a trait of the contract, each body one line.
//!
//! It knows what stands behind each line and nothing of how it works. Applications come in here.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime},
};

use anyrt_api::{
    AnyRuntime, AsyncNet, Core, Entropy, Spawn, Timer,
    any::Capabilities,
    current::{self, Root},
    task::{JoinError, RawJoin, TaskId, TaskMeta},
    time::RawSleep,
};
#[cfg(unix)]
use {anyrt_api::AsyncUnixNet, std::os::unix::net::SocketAddr as UnixAddr};

#[cfg(unix)]
use crate::net::{UnixDatagram, UnixListener, UnixStream};
use crate::{
    Builder, driver,
    executor::{self, Config, Shared},
    net::{TcpListener, TcpStream, UdpSocket},
    task::Join,
    threads::Role,
    timer::{self, Sleep},
};

/// The owner of a native runtime.
///
/// It is not `Clone`: dropping it begins the runtime's end and does not wait for it (law `L049`).
/// [`shutdown`](BlockOn::shutdown) waits. A [`Native`] handle keeps memory alive, but no thread.
#[must_use = "dropping the owner ends its runtime"]
pub struct Runtime {
    shared: Arc<Shared>,
}

impl Runtime {
    /// A runtime with the settings of [`Builder::new`].
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor or no thread left (law `L055`).
    pub fn new() -> io::Result<Self> {
        Builder::new().build()
    }

    pub(crate) fn start(config: Config) -> io::Result<Self> {
        Shared::start(config).map(|shared| Self { shared })
    }

    pub fn handle(&self) -> Native {
        Native {
            shared: self.shared.clone(),
        }
    }

    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        current::drive(self.handle().any(), || {
            executor::block_on(self.shared.driver(), Root::new(future))
        })
    }

    pub fn shutdown(self, limit: Duration) {
        current::enter(self.handle().any(), || self.shared.shutdown(limit));
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&self.shared).finish()
    }
}

/// A handle to a native runtime: what tasks and libraries use. Cheap to clone; it cannot block.
///
/// It outlives the runtime: then a spawn is cancelled, a socket is an error that names the backend,
/// and a sleep panics (law `L052`).
#[derive(Clone)]
pub struct Native {
    shared: Arc<Shared>,
}

impl Native {
    fn any(self) -> AnyRuntime {
        AnyRuntime::new(self)
    }
}

impl Core for Native {
    const NAME: &'static str = driver::NAME;

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().unix_net();
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Native").field(&self.shared).finish()
    }
}

/// What each thread of a runtime stands in.
pub(crate) fn around(shared: Arc<Shared>, role: Role, body: &mut dyn FnMut()) {
    let rt = Native { shared }.any();
    match role {
        Role::Worker => current::drive(rt, body),
        Role::Blocking => current::enter(rt, body),
    }
}

impl Spawn for Native {
    type RawJoin<T: Send + 'static> = NativeJoin<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> NativeJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        NativeJoin::new(self.shared.spawn(Root::new(future)), meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> NativeJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        NativeJoin::new(self.shared.blocking().spawn(|| current::undriven(f)), meta)
    }

    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        self.shared.block_in_place(|| current::undriven(f))
    }
}

impl<T> fmt::Debug for NativeJoin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeJoin")
            .field("id", &self.join.id())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The handle of a task or a blocking call on the native runtime.
pub struct NativeJoin<T> {
    join: Join<T>,
    /// For the message of an error. Boxed, since few tasks have one.
    name: Option<Box<Cow<'static, str>>>,
}

impl<T> NativeJoin<T> {
    fn new(join: Join<T>, meta: TaskMeta) -> Self {
        Self {
            join,
            name: meta.name.map(Box::new),
        }
    }
}

impl<T> Future for NativeJoin<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = Pin::new(&mut self.join).poll(cx);
        output.map_err(|error| error.of_task(self.name.take().map(|name| *name)))
    }
}

impl<T: Send + 'static> RawJoin<T> for NativeJoin<T> {
    fn abort(&self) {
        self.join.abort();
    }

    fn is_finished(&self) -> bool {
        self.join.is_finished()
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(self.join.id())
    }
}

impl Timer for Native {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        timer::now()
    }

    fn wallclock(&self) -> SystemTime {
        timer::wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::new(self.shared.driver().clone(), deadline)
    }
}

impl RawSleep for Sleep {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.get_mut().set_deadline(deadline);
    }
}

impl Entropy for Native {
    fn fill_bytes(&self, buf: &mut [u8]) {
        anyrt_kit::entropy::fill_bytes(buf);
    }
}

impl AsyncNet for Native {
    type TcpStream = TcpStream;
    type TcpListener = TcpListener;
    type UdpSocket = UdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(self.shared.driver(), addr).await
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(self.shared.driver(), addr)
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(self.shared.driver(), addr)
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.shared.lookups().lookup(self, host, port).await
    }
}

#[cfg(unix)]
impl AsyncUnixNet for Native {
    type UnixStream = UnixStream;
    type UnixListener = UnixListener;
    type UnixDatagram = UnixDatagram;

    async fn connect_unix(&self, addr: &UnixAddr) -> io::Result<UnixStream> {
        UnixStream::connect(self.shared.driver(), addr).await
    }

    fn listen_unix(&self, addr: &UnixAddr) -> io::Result<UnixListener> {
        UnixListener::bind(self.shared.driver(), addr)
    }

    fn unix_pair(&self) -> io::Result<(UnixStream, UnixStream)> {
        UnixStream::pair(self.shared.driver())
    }

    fn bind_unix_datagram(&self, addr: Option<&UnixAddr>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind(self.shared.driver(), addr)
    }

    fn unix_datagram_pair(&self) -> io::Result<(UnixDatagram, UnixDatagram)> {
        UnixDatagram::pair(self.shared.driver())
    }
}
