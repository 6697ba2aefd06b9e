//! A backend as a stranger writes it: the one in memory under a handle of his own, which forwards.
//!
//! `cargo xtask outside` builds it in a folder of its own. It takes the contract and that backend.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};
use anyrt_api::task::TaskMeta;
use anyrt_api::{AsyncFs, AsyncNet, BlockOn, Core, Entropy, Spawn, Timer};
use anyrt_mem::Mem;

/// The owner: what an application holds.
#[derive(Debug)]
pub struct Runtime(anyrt_mem::Runtime);

/// The handle: what tasks and libraries use.
#[derive(Clone, Debug)]
pub struct Mine(Mem);

impl Runtime {
    /// A fresh runtime.
    ///
    /// # Errors
    ///
    /// None: a runtime over an operating system would have some.
    pub fn new(seed: u64) -> io::Result<Self> {
        Ok(Runtime(anyrt_mem::Runtime::new(seed)))
    }
}

impl BlockOn for Runtime {
    type Runtime = Mine;

    fn handle(&self) -> Mine {
        Mine(self.0.handle())
    }

    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn shutdown(self, limit: Duration) {
        self.0.shutdown(limit);
    }
}

impl Core for Mine {
    const NAME: &'static str = Mem::NAME;

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs();
    }
}

impl anyrt_api::Runtime for Mine {}

impl Spawn for Mine {
    type RawJoin<T: Send> = <Mem as Spawn>::RawJoin<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> Self::RawJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn_raw(future, meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> Self::RawJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn_blocking_raw(f, meta)
    }

    #[track_caller]
    fn block_in_place<F: FnOnce() -> T, T>(&self, f: F) -> T {
        self.0.block_in_place(f)
    }
}

impl Timer for Mine {
    type Sleep = <Mem as Timer>::Sleep;

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wallclock(&self) -> SystemTime {
        self.0.wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> Self::Sleep {
        self.0.sleep_until(deadline)
    }
}

impl Entropy for Mine {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.0.fill_bytes(buf);
    }
}

impl AsyncNet for Mine {
    type TcpStream = <Mem as AsyncNet>::TcpStream;
    type TcpListener = <Mem as AsyncNet>::TcpListener;
    type UdpSocket = <Mem as AsyncNet>::UdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<Self::TcpStream> {
        self.0.connect_tcp(addr).await
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<Self::TcpListener> {
        self.0.listen_tcp(addr).await
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<Self::UdpSocket> {
        self.0.bind_udp(addr).await
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.lookup_host(host, port).await
    }
}

impl AsyncFs for Mine {
    type File = <Mem as AsyncFs>::File;
    type ReadDir = <Mem as AsyncFs>::ReadDir;

    async fn open_file(&self, path: &Path, flags: &OpenFlags) -> io::Result<Self::File> {
        self.0.open_file(path, flags).await
    }

    async fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read_file(path).await
    }

    async fn write_file(&self, path: &Path, contents: Vec<u8>) -> io::Result<()> {
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
