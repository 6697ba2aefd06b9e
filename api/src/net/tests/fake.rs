//! A backend of the tests: sockets that count who waits, and a clock that stands still.

use std::collections::{BTreeSet, VecDeque};
use std::future::{Future, pending};
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::{Shutdown, SocketAddr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use crate::any::AnyUdpSocket;
use crate::io::{Direction, RawObject, RawStream, Wait};
use crate::net::{AsyncNet, RawTcpListener, RawTcpStream};
use crate::time::{RawSleep, Timer};

/// Refuses port 1, times out on port 2, never answers on port 3.
#[derive(Debug, Clone)]
pub(super) struct Fake {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) now: Instant,
    pub(super) attempts: Vec<SocketAddr>,
    pub(super) looked_up: Vec<String>,
    /// What the listener's accepts answer; then they wait.
    pub(super) accepts: VecDeque<io::Result<()>>,
}

impl Fake {
    pub(super) fn new() -> Self {
        let shared = Shared {
            now: crate::time::Instant::now().into_std(),
            attempts: Vec::new(),
            looked_up: Vec::new(),
            accepts: VecDeque::new(),
        };
        Fake {
            shared: Arc::new(Mutex::new(shared)),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn advance(&self, by: Duration) {
        self.lock().now += by;
    }

    fn attempt(&self, addr: SocketAddr) -> io::Result<()> {
        self.lock().attempts.push(addr);
        match addr.port() {
            1 => Err(io::ErrorKind::ConnectionRefused.into()),
            2 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

impl AsyncNet for Fake {
    type TcpStream = FakeStream;
    type TcpListener = FakeListener;
    type UdpSocket = AnyUdpSocket;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<FakeStream> {
        self.attempt(addr)?;
        if addr.port() == 3 {
            pending::<()>().await;
        }
        Ok(FakeStream::default())
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<FakeListener> {
        self.attempt(addr)?;
        Ok(FakeListener(self.clone()))
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<AnyUdpSocket> {
        self.attempt(addr)?;
        Err(io::ErrorKind::AddrInUse.into())
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.lock().looked_up.push(host.to_owned());
        Ok(match host {
            "two" => vec![([10, 0, 0, 1], port).into(), ([10, 0, 0, 2], port).into()],
            _ => Vec::new(),
        })
    }
}

impl Timer for Fake {
    type Sleep = FakeSleep;

    fn now(&self) -> Instant {
        self.lock().now
    }

    fn wallclock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep_until(&self, deadline: Instant) -> FakeSleep {
        FakeSleep {
            rt: self.clone(),
            deadline,
        }
    }
}

/// Ready when it is polled after its deadline; wakes nobody.
#[derive(Debug)]
pub(super) struct FakeSleep {
    rt: Fake,
    deadline: Instant,
}

impl Future for FakeSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.rt.now() < self.deadline {
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl RawSleep for FakeSleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.deadline = deadline;
    }
}

/// Reads and writes `n_ready` bytes at a time, and waits while there are none.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeStream {
    socket: Arc<Mutex<Socket>>,
}

#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) n_ready: usize,
    pub(super) n_calls: usize,
    pub(super) n_waits_by_waker: usize,
    pub(super) is_shut: bool,
    /// If it is there: what the peer has sent before it ended the connection.
    pub(super) sent: Option<VecDeque<u8>>,
    pub(super) waiting: BTreeSet<u32>,
    last_key: u32,
}

impl FakeStream {
    pub(super) fn lock(&self) -> MutexGuard<'_, Socket> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transfer(&self, wait: &mut Wait, len: usize) -> Poll<io::Result<usize>> {
        let mut socket = self.lock();
        socket.n_calls += 1;
        if socket.n_ready > 0 {
            return Poll::Ready(Ok(len.min(socket.n_ready)));
        }
        if wait.is_by_waker() {
            socket.n_waits_by_waker += 1;
        } else if wait.key().is_none() {
            socket.last_key += 1;
            let key = socket.last_key;
            socket.waiting.insert(key);
            wait.set_key(NonZeroU32::new(key));
        }
        Poll::Pending
    }
}

impl RawObject for FakeStream {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        if let Some(key) = wait.key() {
            self.lock().waiting.remove(&key.get());
        }
        wait.set_key(None);
    }
}

impl RawStream for FakeStream {
    fn poll_read(
        &self,
        _: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(sent) = &mut self.lock().sent {
            return Poll::Ready(sent.read(buf));
        }
        self.transfer(wait, buf.len())
    }

    fn poll_read_vectored(
        &self,
        _: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.transfer(wait, bufs.iter().map(|buf| buf.len()).sum())
    }

    fn poll_write(
        &self,
        _: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.transfer(wait, buf.len())
    }

    fn poll_write_vectored(
        &self,
        _: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.transfer(wait, bufs.iter().map(|buf| buf.len()).sum())
    }

    fn poll_close(&self, _: &mut Context<'_>, _: &mut Wait) -> Poll<io::Result<()>> {
        self.lock().is_shut = true;
        Poll::Ready(Ok(()))
    }
}

impl RawTcpStream for FakeStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([127, 0, 0, 1], 1000).into())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.lock().is_shut = true;
        Ok(())
    }

    fn poll_peek(
        &self,
        _: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.transfer(wait, buf.len())
    }

    fn nodelay(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn set_nodelay(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn ttl(&self) -> io::Result<u32> {
        Ok(64)
    }

    fn set_ttl(&self, _: u32) -> io::Result<()> {
        Ok(())
    }

    fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(None)
    }

    fn set_linger(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn keepalive(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn set_keepalive(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
}

/// Answers what `accepts` says.
#[derive(Debug, Clone)]
pub(super) struct FakeListener(Fake);

impl RawObject for FakeListener {
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        wait.set_key(None);
    }
}

impl RawTcpListener for FakeListener {
    type Stream = FakeStream;

    fn poll_accept(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
    ) -> Poll<io::Result<(FakeStream, SocketAddr)>> {
        match self.0.lock().accepts.pop_front() {
            Some(answer) => {
                Poll::Ready(answer.map(|()| (FakeStream::default(), ([127, 0, 0, 1], 9).into())))
            }
            None => Poll::Pending,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([127, 0, 0, 1], 80).into())
    }

    fn ttl(&self) -> io::Result<u32> {
        Ok(64)
    }

    fn set_ttl(&self, _: u32) -> io::Result<()> {
        Ok(())
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
}
