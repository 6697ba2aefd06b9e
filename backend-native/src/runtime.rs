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
    AnyRuntime, AsyncNet, BlockOn, Core, Entropy, Spawn, Timer,
    any::{Capabilities, PlacedJoin, SpawnPlaced, Unplaced},
    current::{self, Root},
    os::OsHandles,
    task::{JoinError, RawJoin, TaskId, TaskMeta},
    time::RawSleep,
};
use anyrt_kit::{blocking, fs::OsFile, task::Call};
#[cfg(unix)]
use {
    anyrt_api::{AsyncUnixNet, os::OsUnixHandles},
    std::os::unix::net::{self as unix, SocketAddr as UnixAddr},
};

#[cfg(unix)]
use crate::net::{UnixDatagram, UnixListener, UnixStream};
use crate::{
    Builder, Metrics,
    driver::{self, Driver},
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

    /// The settings of a runtime.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// What the runtime has done, and has at this moment.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }

    pub(crate) fn start(config: Config) -> io::Result<Self> {
        Shared::start(config).map(|shared| Runtime { shared })
    }

    /// A handle, for tasks and libraries.
    #[must_use]
    pub fn handle(&self) -> Native {
        Native::of(&self.shared)
    }

    /// Runs `future` on this thread until it is done: [`BlockOn::block_on`].
    ///
    /// # Panics
    ///
    /// On a thread that is driving a runtime (law `L047`), and with the future's own panic.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle()
            .drive(|| executor::block_on(self.shared.driver(), Root::new(future)))
    }

    /// Ends the runtime and waits for that at most `limit`: [`BlockOn::shutdown`].
    pub fn shutdown(self, limit: Duration) {
        self.handle().enter(|| self.shared.shutdown(limit));
    }
}

impl BlockOn for Runtime {
    type Runtime = Native;

    fn handle(&self) -> Native {
        Runtime::handle(self)
    }

    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Runtime::block_on(self, future)
    }

    fn shutdown(self, limit: Duration) {
        Runtime::shutdown(self, limit);
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
    /// What the runtime has done, and has at this moment.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }

    fn of(shared: &Arc<Shared>) -> Self {
        Native {
            shared: shared.clone(),
        }
    }

    /// Runs `f` on a thread that polls this runtime's tasks meanwhile.
    #[track_caller]
    fn drive<T>(self, f: impl FnOnce() -> T) -> T {
        current::drive(AnyRuntime::new(self), f)
    }

    /// Runs `f` with this runtime as the current one.
    fn enter<T>(self, f: impl FnOnce() -> T) -> T {
        current::enter(AnyRuntime::new(self), f)
    }

    fn driver(&self) -> &Arc<Driver> {
        self.shared.driver()
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Native").field(&self.shared).finish()
    }
}

/// What each thread of a runtime stands in.
pub(crate) fn around(shared: &Arc<Shared>, role: Role, body: &mut dyn FnMut()) {
    match role {
        Role::Worker => Native::of(shared).drive(body),
        Role::Blocking | Role::Monitor => Native::of(shared).enter(body),
    }
}

impl Core for Native {
    const NAME: &'static str = driver::NAME;

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs().os_handles().placed();
        #[cfg(unix)]
        c.unix_net().os_unix_handles();
    }
}

impl anyrt_api::Runtime for Native {}

impl Spawn for Native {
    type RawJoin<T: Send> = NativeJoin<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> NativeJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        NativeJoin::new(Work::Task(spawn(&self.shared, future)), meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> NativeJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        NativeJoin::new(
            Work::Call(self.shared.spawn_blocking(Call::new(f, None))),
            meta,
        )
    }

    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        self.shared.block_in_place(|| current::undriven(f))
    }
}

impl SpawnPlaced for Native {
    fn spawn_placed(&self, task: Unplaced<'_>, meta: TaskMeta) -> PlacedJoin {
        self.shared.spawn_placed(task, meta)
    }
}

/// A future larger than this is boxed before it is moved about, so that it cannot overflow the
/// stack of its spawner (law `L032`).
const INLINE_MAX: usize = 16 * 1024;

fn spawn<F>(shared: &Shared, future: F) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    if const { size_of::<F>() > INLINE_MAX } {
        return shared.spawn(Box::pin(future));
    }
    shared.spawn(future)
}

/// The handle of a task or a blocking call on the native runtime.
pub struct NativeJoin<T> {
    work: Work<T>,
    /// For the message of an error. Boxed, since few tasks have one.
    name: Option<Box<Cow<'static, str>>>,
}

enum Work<T> {
    Task(Join<T>),
    Call(blocking::Join<T>),
}

impl<T> NativeJoin<T> {
    #[inline]
    fn new(work: Work<T>, meta: TaskMeta) -> Self {
        Self {
            work,
            name: meta.name.map(Box::new),
        }
    }

    fn number(&self) -> u64 {
        match &self.work {
            Work::Task(join) => join.id(),
            Work::Call(join) => join.id(),
        }
    }
}

impl<T: Send> Future for NativeJoin<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = match &mut self.work {
            Work::Task(join) => Pin::new(join).poll(cx),
            Work::Call(join) => Pin::new(join).poll(cx),
        };
        output.map_err(|error| error.of_task(self.name.take().map(|name| *name)))
    }
}

impl<T: Send> RawJoin<T> for NativeJoin<T> {
    fn abort(&self) {
        match &self.work {
            Work::Task(join) => join.abort(),
            Work::Call(join) => join.abort(),
        }
    }

    fn is_finished(&self) -> bool {
        match &self.work {
            Work::Task(join) => join.is_finished(),
            Work::Call(join) => join.is_finished(),
        }
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(self.number())
    }
}

impl<T> fmt::Debug for NativeJoin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeJoin")
            .field("id", &self.number())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Timer for Native {
    type Sleep = Sleep;

    #[inline]
    fn now(&self) -> Instant {
        timer::now()
    }

    fn wallclock(&self) -> SystemTime {
        timer::wallclock()
    }

    #[inline]
    fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::new(self.shared.access().clone(), deadline)
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
        TcpStream::connect(self.driver(), addr).await
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(self.driver(), addr)
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(self.driver(), addr)
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
        UnixStream::connect(self.driver(), addr).await
    }

    fn listen_unix(&self, addr: &UnixAddr) -> io::Result<UnixListener> {
        UnixListener::bind(self.driver(), addr)
    }

    fn unix_pair(&self) -> io::Result<(UnixStream, UnixStream)> {
        UnixStream::pair(self.driver())
    }

    fn bind_unix_datagram(&self, addr: Option<&UnixAddr>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind(self.driver(), addr)
    }

    fn unix_datagram_pair(&self) -> io::Result<(UnixDatagram, UnixDatagram)> {
        UnixDatagram::pair(self.driver())
    }
}

anyrt_kit::forward_fs!(Native);

impl OsHandles for Native {
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(self.driver(), stream)
    }

    fn tcp_into_std(&self, stream: TcpStream) -> io::Result<std::net::TcpStream> {
        stream.into_std()
    }

    fn tcp_listener_from_std(&self, listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(self.driver(), listener)
    }

    fn tcp_listener_into_std(&self, listener: TcpListener) -> io::Result<std::net::TcpListener> {
        listener.into_std()
    }

    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        UdpSocket::from_std(self.driver(), socket)
    }

    fn udp_into_std(&self, socket: UdpSocket) -> io::Result<std::net::UdpSocket> {
        socket.into_std()
    }

    fn file_from_std(&self, file: std::fs::File) -> io::Result<OsFile<Self>> {
        Ok(OsFile::new(file, self))
    }

    async fn file_into_std(&self, file: OsFile<Self>) -> io::Result<std::fs::File> {
        file.into_std().await
    }
}

#[cfg(unix)]
impl OsUnixHandles for Native {
    fn unix_stream_from_std(&self, stream: unix::UnixStream) -> io::Result<UnixStream> {
        UnixStream::from_std(self.driver(), stream)
    }

    fn unix_stream_into_std(&self, stream: UnixStream) -> io::Result<unix::UnixStream> {
        stream.into_std()
    }

    fn unix_listener_from_std(&self, listener: unix::UnixListener) -> io::Result<UnixListener> {
        UnixListener::from_std(self.driver(), listener)
    }

    fn unix_listener_into_std(&self, listener: UnixListener) -> io::Result<unix::UnixListener> {
        listener.into_std()
    }

    fn unix_datagram_from_std(&self, socket: unix::UnixDatagram) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(self.driver(), socket)
    }

    fn unix_datagram_into_std(&self, socket: UnixDatagram) -> io::Result<unix::UnixDatagram> {
        socket.into_std()
    }
}
