//! The wrapper: the native runtime, with at most one defect. Every door forwards; a defect is one
//! `if`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::abort;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_api::time::RawSleep;
use anyrt_api::{AsyncFs, AsyncNet, BlockOn, Core, Entropy, Runtime, Spawn, Timer};
use anyrt_laws::{Backend, Capability, Setup};
use anyrt_native::Native;

/// What is wrong.
pub(crate) mod defect {
    /// Nothing.
    pub(crate) const NONE: u8 = 0;
    /// Dropping a join handle cancels its task.
    pub(crate) const CANCELS_ON_DROP: u8 = 1;
    /// `spawn` polls the future once, at once.
    pub(crate) const POLLS_INLINE: u8 = 2;
    /// Alarms fire a millisecond early.
    pub(crate) const FIRES_EARLY: u8 = 3;
    /// An alarm that waits forgets its waker.
    pub(crate) const DROPS_WAKERS: u8 = 4;
    /// `fs::write` loses the last byte.
    pub(crate) const LOSES_A_BYTE: u8 = 5;
    /// `block_on` may stand inside `block_on`.
    pub(crate) const NESTS: u8 = 6;
    /// A panic in a future's destructor ends the process.
    pub(crate) const ABORTS: u8 = 7;
    /// A task's panic unwinds into whoever joins.
    pub(crate) const UNWINDS: u8 = 8;
    /// `is_finished` is true from the start.
    pub(crate) const FINISHES_EARLY: u8 = 9;
    /// A refused connect is tried again, for ever.
    pub(crate) const RETRIES_REFUSALS: u8 = 10;
}

/// The backend, as the suite starts it.
#[derive(Debug)]
pub(crate) struct Broken<const DEFECT: u8>;

impl<const DEFECT: u8> Backend for Broken<DEFECT> {
    type Owner = Owner<DEFECT>;
    const NAME: &'static str = "broken";
    const CAPABILITIES: &'static [Capability] = &[Capability::Threads];

    fn start(setup: &Setup) -> io::Result<Owner<DEFECT>> {
        let builder = anyrt_native::Builder::new().workers(setup.workers);
        builder
            .blocking_threads(setup.blocking_threads)
            .build()
            .map(Owner)
    }
}

#[derive(Debug)]
pub(crate) struct Owner<const DEFECT: u8>(anyrt_native::Runtime);

impl<const DEFECT: u8> BlockOn for Owner<DEFECT> {
    type Runtime = Sick<DEFECT>;

    fn handle(&self) -> Sick<DEFECT> {
        Sick(self.0.handle())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match DEFECT == defect::NESTS {
            true => futures_lite::future::block_on(future),
            false => self.0.block_on(future),
        }
    }

    fn shutdown(self, limit: Duration) {
        self.0.shutdown(limit);
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Sick<const DEFECT: u8>(Native);

impl<const DEFECT: u8> Core for Sick<DEFECT> {
    const NAME: &'static str = Native::NAME;

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs();
    }
}

impl<const DEFECT: u8> Runtime for Sick<DEFECT> {}

impl<const DEFECT: u8> Spawn for Sick<DEFECT> {
    type RawJoin<T: Send> = Join<T, DEFECT>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> Join<F::Output, DEFECT>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let mut task = Task::<F, DEFECT>(Some(Box::pin(future)));
        if DEFECT == defect::POLLS_INLINE {
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(output) = Pin::new(&mut task).poll(&mut cx) {
                return Join(self.0.spawn_raw(std::future::ready(output), meta));
            }
        }
        Join(self.0.spawn_raw(task, meta))
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> Join<T, DEFECT>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Join(self.0.spawn_blocking_raw(f, meta))
    }

    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        self.0.block_in_place(f)
    }
}

struct Task<F, const DEFECT: u8>(Option<Pin<Box<F>>>);

impl<F: Future, const DEFECT: u8> Future for Task<F, DEFECT> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = self.0.as_mut().expect("the future stays until the drop");
        future.as_mut().poll(cx)
    }
}

impl<F, const DEFECT: u8> Drop for Task<F, DEFECT> {
    fn drop(&mut self) {
        let future = self.0.take();
        if DEFECT == defect::ABORTS {
            catch_unwind(AssertUnwindSafe(|| drop(future))).unwrap_or_else(|_| abort());
        }
    }
}

pub(crate) struct Join<T: Send, const DEFECT: u8>(<Native as Spawn>::RawJoin<T>);

impl<T: Send, const DEFECT: u8> Future for Join<T, DEFECT> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let joined = Pin::new(&mut self.0).poll(cx);
        if DEFECT == defect::UNWINDS {
            return joined.map_err(|error| match error.is_panic() {
                true => error.resume(),
                false => error,
            });
        }
        joined
    }
}

impl<T: Send, const DEFECT: u8> RawJoin<T> for Join<T, DEFECT> {
    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        DEFECT == defect::FINISHES_EARLY || self.0.is_finished()
    }

    fn id(&self) -> TaskId {
        self.0.id()
    }
}

impl<T: Send, const DEFECT: u8> Drop for Join<T, DEFECT> {
    fn drop(&mut self) {
        if DEFECT == defect::CANCELS_ON_DROP {
            self.0.abort();
        }
    }
}

impl<const DEFECT: u8> Timer for Sick<DEFECT> {
    type Sleep = Sleep<DEFECT>;

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wallclock(&self) -> SystemTime {
        self.0.wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep<DEFECT> {
        Sleep(Box::pin(
            self.0.sleep_until(Sleep::<DEFECT>::meant(deadline)),
        ))
    }
}

#[derive(Debug)]
pub(crate) struct Sleep<const DEFECT: u8>(Pin<Box<<Native as Timer>::Sleep>>);

impl<const DEFECT: u8> Sleep<DEFECT> {
    fn meant(deadline: Instant) -> Instant {
        let early = deadline.checked_sub(Duration::from_millis(1));
        early
            .filter(|_| DEFECT == defect::FIRES_EARLY)
            .unwrap_or(deadline)
    }
}

impl<const DEFECT: u8> Future for Sleep<DEFECT> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if DEFECT == defect::DROPS_WAKERS {
            return self
                .0
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
        self.0.as_mut().poll(cx)
    }
}

impl<const DEFECT: u8> RawSleep for Sleep<DEFECT> {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.as_mut().reset(Self::meant(deadline));
    }
}

impl<const DEFECT: u8> Entropy for Sick<DEFECT> {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.0.fill_bytes(buf);
    }
}

impl<const DEFECT: u8> AsyncNet for Sick<DEFECT> {
    type TcpStream = <Native as AsyncNet>::TcpStream;
    type TcpListener = <Native as AsyncNet>::TcpListener;
    type UdpSocket = <Native as AsyncNet>::UdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<Self::TcpStream> {
        loop {
            let connected = self.0.connect_tcp(addr).await;
            if DEFECT != defect::RETRIES_REFUSALS || connected.is_ok() {
                return connected;
            }
        }
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<Self::TcpListener> {
        self.0.listen_tcp(addr).await
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<Self::UdpSocket> {
        self.0.bind_udp(addr).await
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        AsyncNet::lookup_host(&self.0, host, port).await
    }
}

impl<const DEFECT: u8> AsyncFs for Sick<DEFECT> {
    type File = <Native as AsyncFs>::File;
    type ReadDir = <Native as AsyncFs>::ReadDir;

    async fn open_file(&self, path: &Path, flags: &OpenFlags) -> io::Result<Self::File> {
        self.0.open_file(path, flags).await
    }

    async fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read_file(path).await
    }

    async fn write_file(&self, path: &Path, mut contents: Vec<u8>) -> io::Result<()> {
        if DEFECT == defect::LOSES_A_BYTE {
            contents.pop();
        }
        self.0.write_file(path, contents).await
    }

    async fn copy_file(&self, from: &Path, to: &Path) -> io::Result<u64> {
        self.0.copy_file(from, to).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to).await
    }

    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path).await
    }

    async fn create_dir(&self, path: &Path, all: bool, mode: Option<u32>) -> io::Result<()> {
        self.0.create_dir(path, all, mode).await
    }

    async fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir(path).await
    }

    async fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir_all(path).await
    }

    async fn open_dir(&self, path: &Path) -> io::Result<Self::ReadDir> {
        self.0.open_dir(path).await
    }

    async fn path_metadata(&self, path: &Path, follow: bool) -> io::Result<Metadata> {
        self.0.path_metadata(path, follow).await
    }

    async fn set_path_permissions(&self, path: &Path, set: Permissions) -> io::Result<()> {
        self.0.set_path_permissions(path, set).await
    }

    async fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.0.hard_link(original, link).await
    }

    async fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.0.symlink(original, link).await
    }

    async fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.read_link(path).await
    }

    async fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.canonicalize(path).await
    }
}
