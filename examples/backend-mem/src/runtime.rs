//! The door: the owner [`Runtime`], the handle [`Mem`], and every impl of a root trait, one line a
//! body.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};
use anyrt_api::task::TaskMeta;
use anyrt_api::{AsyncFs, AsyncNet, BlockOn, Core, Entropy, Spawn, Timer};

use crate::clock::Sleep;
use crate::executor::{self, Sim, Trace};
use crate::fs::{Disk, File, ReadDir, file};
use crate::net::tcp::{self, TcpListener, TcpStream};
use crate::net::udp::UdpSocket;
use crate::task::{self, Join};

/// The owner of a simulation.
///
/// [`block_on`](BlockOn::block_on) drives all of it on the calling thread. Threads may take turns,
/// or be inside it at once; the order of their turns is then up to the machine.
#[derive(Debug)]
pub struct Runtime {
    mem: Mem,
}

/// A handle to a simulation: what tasks and libraries use.
#[derive(Clone, Debug)]
pub struct Mem {
    pub(crate) sim: Arc<Sim>,
}

impl Runtime {
    /// A simulation of this seed, with an empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Runtime::with_disk(seed, Disk::default())
    }

    /// A simulation of this seed on a disk that an earlier one left.
    #[must_use]
    pub fn with_disk(seed: u64, disk: Disk) -> Self {
        let sim = Sim::new(seed, disk);
        Runtime { mem: Mem { sim } }
    }

    /// Runs `future` until it is done, or `None` once `events` events have happened: polls of tasks
    /// and of `future`. What was started goes on in the next `block_on`.
    ///
    /// # Panics
    ///
    /// As [`block_on`](BlockOn::block_on).
    #[track_caller]
    pub fn block_on_until<F: Future>(&self, events: u64, future: F) -> Option<F::Output> {
        self.mem.sim.drive(future, events, true)
    }

    /// The disk, which outlives this runtime.
    #[must_use]
    pub fn disk(&self) -> Disk {
        self.mem.sim.disk.clone()
    }
}

impl Mem {
    /// Cuts the disk's power and gives it back: what was not synced is lost or kept in part, as the
    /// seed has it, and open files are dead. Tasks go on; to end them too, drop the owner.
    pub fn power_cut(&self) {
        self.sim.disk.0.lock().power_cut(&self.sim.chance);
    }

    /// What happened so far. Equal seeds and equal programs give equal traces.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.sim.lock().trace
    }
}

impl BlockOn for Runtime {
    type Runtime = Mem;

    fn handle(&self) -> Mem {
        self.mem.clone()
    }
    /// Drives the simulation on this thread.
    ///
    /// # Panics
    ///
    /// Besides the contract's reasons: if nothing is ready, no alarm is set, and no other thread
    /// wakes anything for a second of the machine's time. The message lists the blocked tasks.
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let done = self.mem.sim.drive(future, u64::MAX, true);
        done.expect("a simulation has fewer than 2^64 events")
    }
    fn shutdown(self, limit: Duration) {
        self.mem.sim.shut_down(limit);
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.mem.sim.shut_down(Duration::ZERO);
    }
}

impl Core for Mem {
    const NAME: &'static str = "mem";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs();
    }
}

impl anyrt_api::Runtime for Mem {}

impl Spawn for Mem {
    type RawJoin<T: Send> = Join<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(&self.sim, future, meta)
    }
    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        task::spawn(&self.sim, executor::call(self.sim.clone(), f), meta)
    }
    #[track_caller]
    fn block_in_place<F: FnOnce() -> T, T>(&self, f: F) -> T {
        self.sim.put_down(f)
    }
}

impl Timer for Mem {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        self.sim.lock().clock.now()
    }
    fn wallclock(&self) -> SystemTime {
        self.sim.lock().clock.wallclock()
    }
    fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::new(self.sim.clone(), deadline)
    }
}

impl Entropy for Mem {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.sim.entropy.fill(buf);
    }
}

impl AsyncNet for Mem {
    type TcpStream = TcpStream;
    type TcpListener = TcpListener;
    type UdpSocket = UdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        tcp::connect(&self.sim, addr)
    }
    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        self.sim.tcp.bind(&self.sim, addr).map(TcpListener)
    }
    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<UdpSocket> {
        self.sim.udp.bind(&self.sim, addr).map(UdpSocket)
    }
    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        crate::net::lookup(host, port)
    }
}

impl AsyncFs for Mem {
    type File = File;
    type ReadDir = ReadDir;

    async fn open_file(&self, path: &Path, flags: &OpenFlags) -> io::Result<File> {
        file::open(&self.sim, path, flags).await
    }
    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.rename(from, to)).await
    }
    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.remove(path, false)).await
    }
    async fn create_dir(&self, path: &Path, recursive: bool, mode: Option<u32>) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| {
            tree.create_dir(path, recursive, mode.unwrap_or(0o777))
        })
        .await
    }
    async fn remove_dir(&self, path: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.remove(path, true)).await
    }
    async fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.remove_dir_all(path)).await
    }
    async fn open_dir(&self, path: &Path) -> io::Result<ReadDir> {
        file::on_disk(&self.sim, |tree| tree.entries(path))
            .await
            .map(ReadDir)
    }
    async fn path_metadata(&self, path: &Path, follow: bool) -> io::Result<Metadata> {
        file::on_disk(&self.sim, |tree| Ok(tree.find(path, follow)?.1.metadata())).await
    }
    async fn set_path_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.permit(path, &permissions)).await
    }
    async fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.hard_link(original, link)).await
    }
    async fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        file::on_disk(&self.sim, |tree| tree.symlink(original, link)).await
    }
    async fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        file::on_disk(&self.sim, |tree| tree.read_link(path)).await
    }
    async fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        file::on_disk(&self.sim, |tree| tree.canonicalize(path)).await
    }
}
