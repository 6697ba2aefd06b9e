//! The load: parts that each do one kind of thing again and again, and check what comes of it.
//!
//! It knows the contract alone.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyrt_api::fs;
use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use anyrt_api::task::JoinHandle;
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{BlockOn, Runtime, Spawn};
use anyrt_laws::{Backend, Setup};
use fastrand::Rng;

use super::Plant;

/// Any part, and a shutdown, ends within this.
pub(super) const END: Duration = Duration::from_secs(10);
/// Nothing that comes back takes longer.
const LIMIT: Duration = Duration::from_secs(8);

/// The parts, by the place of their count.
const PARTS: [&str; 8] = [
    "tasks", "timers", "tcp", "udp", "files", "blocking", "runtimes", "stuck",
];

/// What the parts share.
#[derive(Debug)]
pub(super) struct Load {
    seed: u64,
    plant: Option<Plant>,
    is_over: AtomicBool,
    counts: [AtomicU64; PARTS.len()],
    folder: tempfile::TempDir,
    /// What a planted defect has lost.
    lost: Mutex<Vec<Vec<u8>>>,
}

impl Load {
    pub(super) fn new(seed: u64, plant: Option<Plant>) -> Self {
        Load {
            seed,
            plant,
            is_over: AtomicBool::new(false),
            counts: Default::default(),
            folder: tempfile::tempdir().expect("a temporary folder"),
            lost: Mutex::default(),
        }
    }

    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts.iter().map(|n| n.load(Relaxed));
        PARTS.into_iter().zip(counts).collect()
    }

    pub(super) fn stop(&self) {
        self.is_over.store(true, Relaxed);
    }

    fn rng(&self, part: usize, n: u64) -> Rng {
        Rng::with_seed(self.seed ^ (part as u64) << 32 ^ n)
    }

    /// One more of this part, unless the load is over.
    fn goes_on(&self, part: usize) -> bool {
        self.counts[part].fetch_add(1, Relaxed);
        !self.is_over.load(Relaxed)
    }

    /// Starts all parts; each ends once the load is over.
    pub(super) fn start<B: Backend>(
        self: &Arc<Self>,
        rt: &<B::Owner as BlockOn>::Runtime,
    ) -> Vec<JoinHandle<(), <B::Owner as BlockOn>::Runtime>> {
        let this = || (rt.clone(), self.clone());
        let mut running = Vec::new();
        let mut run = |part: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
            running.push(rt.spawn(part));
        };
        for n in 0..2 {
            let (rt, load) = this();
            run(Box::pin(tasks(rt, load, n)));
            let (rt, load) = this();
            run(Box::pin(timers(rt, load, n)));
            let (rt, load) = this();
            run(Box::pin(files(rt, load, n)));
        }
        for n in 0..8 {
            let (rt, load) = this();
            run(Box::pin(tcp(rt, load, n)));
        }
        let (rt, load) = this();
        run(Box::pin(udp(rt, load)));
        let (rt, load) = this();
        run(Box::pin(blocking(rt, load)));
        let (rt, load) = this();
        run(Box::pin(runtimes::<B>(rt, load)));
        let (rt, load) = this();
        run(Box::pin(stuck(rt, load)));
        running
    }

    /// The defect, if one is planted, each time that this is called.
    fn lose(&self) {
        match self.plant {
            Some(Plant::Descriptor) => {
                let socket = std::net::UdpSocket::bind(LOCAL);
                std::mem::forget(socket.expect("a descriptor is left"));
            }
            Some(Plant::Memory) => {
                let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                lost.push(vec![1; 256 << 10]);
            }
            Some(Plant::Thread) => {
                thread::spawn(|| {
                    loop {
                        thread::park();
                    }
                });
            }
            Some(Plant::Stall) | None => {}
        }
    }
}

/// Waits for all of them; false if that takes longer than `limit`.
pub(super) async fn within<R: Runtime>(
    limit: Duration,
    running: Vec<JoinHandle<(), R>>,
    rt: &R,
) -> bool {
    let all = async {
        for one in running {
            one.await.expect("what came back was right");
        }
    };
    timeout_in(limit, all, rt).await.is_ok()
}

/// Whatever a backend makes at its first use.
pub(super) async fn first_use<R: Runtime>(rt: &R) {
    sleep_in(Duration::from_millis(1), rt).await;
    drop(UdpSocket::bind_in(LOCAL, rt).await);
    rt.spawn_blocking(|| ()).await.expect("it runs");
}

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What takes longer than anything should is a fault.
async fn soon<F: Future, R: Runtime>(what: &str, future: F, rt: &R) -> F::Output {
    match timeout_in(LIMIT, future, rt).await {
        Ok(output) => output,
        Err(_) => panic!("{what} took longer than {LIMIT:?}"),
    }
}

/// Tasks are started, joined, aborted, left alone, and panic.
async fn tasks<R: Runtime>(rt: R, load: Arc<Load>, n: u64) {
    let mut rng = load.rng(0, n);
    while load.goes_on(0) {
        let inner = rt.clone();
        let task = rt.spawn(async move { inner.spawn(async { 6 }).await.expect("it runs") * 7 });
        assert_eq!(soon("a join", task, &rt).await.expect("it runs"), 42);
        let inner = rt.clone();
        let sleeper = rt.spawn(async move { sleep_in(Duration::from_secs(60), &inner).await });
        match rng.u8(..4) {
            0 => drop(soon("a cancel", sleeper.cancel(), &rt).await),
            1 => drop(sleeper.abort_on_drop()),
            _ => sleeper.abort(),
        }
        if rng.u8(..50) == 0 {
            sleep_in(Duration::from_millis(1), &rt).await;
        }
    }
}

/// Sleeps ring, and timeouts do or do not.
async fn timers<R: Runtime>(rt: R, load: Arc<Load>, n: u64) {
    let mut rng = load.rng(1, n);
    while load.goes_on(1) {
        let (short, long) = (rng.u64(..3000), rng.u64(3000..9000));
        let sleep = sleep_in(Duration::from_micros(short), &rt);
        let in_time = timeout_in(Duration::from_secs(30), sleep, &rt).await;
        in_time.expect("it rings long before");
        let sleep = sleep_in(Duration::from_secs(30), &rt);
        let late = timeout_in(Duration::from_micros(long), sleep, &rt).await;
        late.expect_err("it is over long before");
    }
}

/// Connections come, talk, break off or go.
async fn tcp<R: Runtime>(rt: R, load: Arc<Load>, n: u64) {
    let mut rng = load.rng(2, n);
    while load.goes_on(2) {
        if load.plant == Some(Plant::Stall) {
            return std::future::pending().await;
        }
        let breaks_off = rng.u8(..5) == 0;
        let bytes: Vec<u8> = (0..rng.usize(1..1 << 16)).map(|_| rng.u8(..)).collect();
        let talk = talk(&rt, any_loopback(&mut rng), bytes, breaks_off);
        let talk = soon("a talk", talk, &rt).await;
        talk.expect("loopback works");
        load.lose();
    }
}

/// One of the sixteen million loopback addresses of Linux, and any port of it.
///
/// A port is the system's for a minute after its connection has ended, and an address has 28,000 of
/// them for whoever asks for any: a fast machine uses up those of one address in that minute, its
/// own and everybody else's.
fn any_loopback(rng: &mut Rng) -> SocketAddr {
    let addr = Ipv4Addr::new(127, rng.u8(1..), rng.u8(..), rng.u8(1..255));
    SocketAddr::new(addr.into(), 0)
}

async fn talk<R: Runtime>(
    rt: &R,
    addr: SocketAddr,
    bytes: Vec<u8>,
    breaks_off: bool,
) -> io::Result<()> {
    let listener = TcpListener::bind_in(addr, rt).await?;
    let ours = TcpStream::connect_in(listener.local_addr()?, rt).await?;
    let (theirs, _) = listener.accept().await?;
    let n = bytes.len();
    let echo = rt.spawn(async move {
        let mut buf = vec![0; 4096];
        let mut n_left = n;
        while n_left > 0 {
            match theirs.read(&mut buf).await {
                Ok(0) | Err(_) => break,
                Ok(n) => {
                    n_left -= n;
                    if theirs.write_all(&buf[..n]).await.is_err() {
                        break;
                    }
                }
            }
        }
    });
    if breaks_off {
        ours.write_all(&bytes[..n / 2]).await?;
        drop(ours);
    } else {
        let (sender, sent) = (ours.clone(), bytes.clone());
        let sending = rt.spawn(async move { sender.write_all(&sent).await });
        let mut came = vec![0; n];
        ours.read_exact(&mut came).await?;
        assert!(came == bytes, "other bytes came back");
        sending.await.expect("it runs")?;
    }
    echo.await.expect("it runs");
    Ok(())
}

/// Datagrams arrive as they were.
async fn udp<R: Runtime>(rt: R, load: Arc<Load>) {
    let mut rng = load.rng(3, 0);
    while load.goes_on(3) {
        let bind = async || UdpSocket::bind_in(LOCAL, &rt).await.expect("a socket");
        let (one, other) = (bind().await, bind().await);
        let to = other.local_addr().expect("its address");
        for _ in 0..rng.usize(1..20) {
            let bytes: Vec<u8> = (0..rng.usize(1..1000)).map(|_| rng.u8(..)).collect();
            one.send_to(&bytes, to).await.expect("it is sent");
            let mut buf = [0; 1024];
            let came = soon("a datagram", other.recv_from(&mut buf), &rt).await;
            assert!(buf[..came.expect("it comes").0] == bytes);
        }
    }
}

/// Files are written, read and removed.
async fn files<R: Runtime>(rt: R, load: Arc<Load>, n: u64) {
    let mut rng = load.rng(4, n);
    let path: PathBuf = load.folder.path().join(format!("file-{n}"));
    while load.goes_on(4) {
        let bytes: Vec<u8> = (0..rng.usize(1..1 << 15)).map(|_| rng.u8(..)).collect();
        let written = fs::write_in(&path, &bytes, &rt);
        soon("a write", written, &rt).await.expect("room is left");
        let read = soon("a read", fs::read_in(&path, &rt), &rt).await;
        assert!(read.expect("it is there") == bytes, "other bytes were read");
        let gone = fs::remove_file_in(&path, &rt).await;
        gone.expect("it was there");
    }
}

/// Closures run on threads that may block.
async fn blocking<R: Runtime>(rt: R, load: Arc<Load>) {
    let mut rng = load.rng(5, 0);
    while load.goes_on(5) {
        let (n, pause) = (rng.u64(..), Duration::from_micros(rng.u64(..2000)));
        let call = rt.spawn_blocking(move || {
            thread::sleep(pause);
            n
        });
        let came = soon("a blocking call", call, &rt).await;
        assert_eq!(came.expect("it runs"), n);
    }
}

/// Whole runtimes come and go.
async fn runtimes<B: Backend>(rt: <B::Owner as BlockOn>::Runtime, load: Arc<Load>) {
    let mut rng = load.rng(6, 0);
    while load.goes_on(6) {
        let addr = any_loopback(&mut rng);
        let inner = rt.spawn_blocking(move || {
            let owner = B::start(&Setup::default()).expect("threads are left");
            let rt = owner.handle();
            owner.block_on(async {
                let talk = talk(&rt, addr, vec![7; 10_000], false).await;
                talk.expect("loopback works");
                // It goes with its runtime.
                drop(rt.spawn(std::future::pending::<()>()));
            });
        });
        let ended = soon("a runtime", inner, &rt).await;
        ended.expect("it starts and ends");
        sleep_in(Duration::from_millis(50), &rt).await;
    }
}

/// A task holds up its worker for some milliseconds.
async fn stuck<R: Runtime>(rt: R, load: Arc<Load>) {
    while load.goes_on(7) {
        sleep_in(Duration::from_millis(100), &rt).await;
        thread::sleep(Duration::from_millis(10));
    }
}
