//! What is done while calls fail: one attempt of each kind, in the words of the contract alone.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyrt_api::fs::{File, OpenOptions};
use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use anyrt_api::task::JoinError;
use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Runtime, Spawn};
use anyrt_laws::{Backend, Setup};
use futures_lite::future::try_zip;

/// Something that takes system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// A runtime is started, runs a task, and ends.
    Start,
    /// Two tasks wait behind one that blocks its worker.
    Blocked,
    /// A socket for datagrams comes and goes.
    Udp,
    /// A datagram is sent, and arrives.
    Datagram,
    /// A listener, a connection to it, and both ends go.
    Connect,
    /// The same, and some bytes go there and back.
    Echo,
    /// An option of a connection is set.
    NoDelay,
    /// A file is opened and read at an offset.
    ReadAt,
    /// A file's length is asked for.
    Length,
    /// A file is opened, written, cut and synced.
    Write,
    /// A closure runs on a thread that may block.
    Blocking,
    /// As `Udp`, and a socket is lost each time: nothing that may pass.
    Lost,
    /// Nothing for ever: nothing that may pass.
    Stuck,
}

impl Doing {
    /// True if only calls on a file of the case are to fail.
    pub(super) fn is_of_a_file(self) -> bool {
        matches!(self, Doing::ReadAt | Doing::Length | Doing::Write)
    }
}

/// How often each is done in a case.
const ATTEMPTS: usize = 40;
/// Of runtimes fewer.
const STARTS: usize = 8;
/// What a file holds, whose bytes are their offsets.
pub(super) const LEN: usize = 4096;

/// Does it again and again: what came of each attempt.
pub(super) fn all<B: Backend>(doing: Doing, owner: &B::Owner, place: &Path) -> Vec<io::Result<()>> {
    let rt = owner.handle();
    owner.block_on(async {
        let mut came = Vec::new();
        for _ in 0..ATTEMPTS {
            came.push(once(doing, &rt, place).await);
        }
        came
    })
}

/// Starts runtimes, one after the other: what came of each.
pub(super) fn starts<B: Backend>() -> Vec<io::Result<()>> {
    (0..STARTS).map(|_| start::<B>()).collect()
}

pub(super) fn setup() -> Setup {
    let mut setup = Setup::default();
    setup.workers = 1;
    setup
}

fn start<B: Backend>() -> io::Result<()> {
    let owner = B::start(&setup())?;
    let rt = owner.handle();
    owner.block_on(async {
        let slept = rt.spawn({
            let rt = rt.clone();
            async move { sleep_in(Duration::from_millis(1), &rt).await }
        });
        slept.await.map_err(io::Error::other)
    })
}

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn once<R: Runtime>(doing: Doing, rt: &R, place: &Path) -> io::Result<()> {
    match doing {
        Doing::Start => unreachable!("it is not done in a runtime"),
        Doing::Stuck => std::future::pending().await,
        Doing::Blocked => blocked(rt).await,
        Doing::Udp => UdpSocket::bind_in(LOCAL, rt).await.map(drop),
        Doing::Lost => UdpSocket::bind_in(LOCAL, rt).await.map(std::mem::forget),
        Doing::Blocking => rt
            .spawn_blocking(|| ())
            .await
            .map_err(|error| cause(&error)),
        Doing::Datagram => datagram(rt).await,
        Doing::Connect => pair(rt).await.map(drop),
        Doing::Echo => echo(rt).await,
        Doing::NoDelay => pair(rt).await?.0.set_nodelay(true),
        Doing::ReadAt => read_at(rt, place).await,
        Doing::Length => {
            let file = File::open_in(place, rt).await?;
            assert_eq!(file.metadata().await?.len(), LEN as u64);
            Ok(())
        }
        Doing::Write => write(rt, place).await,
    }
}

async fn blocked<R: Runtime>(rt: &R) -> io::Result<()> {
    let inner = rt.clone();
    let outer = rt.spawn(async move {
        let waits = [1, 2].map(|n| inner.spawn(async move { n }));
        thread::sleep(Duration::from_millis(8));
        waits
    });
    for (n, wait) in outer
        .await
        .map_err(io::Error::other)?
        .into_iter()
        .enumerate()
    {
        assert_eq!(wait.await.map_err(io::Error::other)?, n + 1);
    }
    Ok(())
}

/// Why a task could not be started.
fn cause(error: &JoinError) -> io::Error {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.map_or_else(
        || io::Error::other(error.to_string()),
        |cause| cause.kind().into(),
    )
}

async fn datagram<R: Runtime>(rt: &R) -> io::Result<()> {
    let (one, other) = (
        UdpSocket::bind_in(LOCAL, rt).await?,
        UdpSocket::bind_in(LOCAL, rt).await?,
    );
    one.send_to(b"word", other.local_addr()?).await?;
    let mut buf = [0; 8];
    let (n, from) = other.recv_from(&mut buf).await?;
    assert_eq!((&buf[..n], from), (&b"word"[..], one.local_addr()?));
    Ok(())
}

async fn pair<R: Runtime>(rt: &R) -> io::Result<(TcpStream<R>, TcpStream<R>)> {
    let listener = TcpListener::bind_in(LOCAL, rt).await?;
    let addr = listener.local_addr()?;
    let ours = TcpStream::connect_in(addr, rt).await?;
    let (theirs, _) = listener.accept().await?;
    Ok((ours, theirs))
}

async fn echo<R: Runtime>(rt: &R) -> io::Result<()> {
    let (ours, theirs) = pair(rt).await?;
    let mut buf = [0; 4];
    try_zip(ours.write_all(b"word"), theirs.read_exact(&mut buf)).await?;
    assert_eq!(&buf, b"word");
    try_zip(theirs.write_all(b"back"), ours.read_exact(&mut buf)).await?;
    assert_eq!(&buf, b"back");
    Ok(())
}

async fn read_at<R: Runtime>(rt: &R, place: &Path) -> io::Result<()> {
    let file = File::open_in(place, rt).await?;
    let mut buf = [0; 100];
    file.read_exact_at(&mut buf, 1000).await?;
    let expected: Vec<_> = (1000..1100_usize).map(|at| at as u8).collect();
    assert_eq!(buf[..], expected);
    Ok(())
}

async fn write<R: Runtime>(rt: &R, place: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options.write(true).open_in(place, rt).await?;
    file.write_all_at(&[1; 100], 8).await?;
    file.set_len(LEN as u64).await?;
    file.sync_all().await
}
