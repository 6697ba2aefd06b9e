//! What is measured: a runtime, and as little of it as the scenarios need.
//!
//! A scenario is written once, over [`Owner`] and [`Handle`]. One pair of impls serves every
//! `anyrt_api::Runtime` ([`Direct`], [`Erased`]); the raw runtimes have one each, which calls them
//! as their own users would. It knows nothing of what is measured.

mod anyrt;
mod async_std;
mod http;
mod smol;
mod tokio;

use std::{
    future::Future,
    io::{self, IoSlice},
    net::SocketAddr,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

pub use self::{
    anyrt::{Direct, Erased, Rt},
    async_std::RawAsyncStd,
    http::HyperIo,
    smol::RawSmol,
    tokio::{RawTokio, TunedTokio},
};

/// A runtime that was started for one measurement.
pub trait Owner: Sized {
    /// What its tasks use.
    type Handle: Handle;

    /// Starts it, or, for one that is the process's, makes sure that it runs.
    ///
    /// # Errors
    ///
    /// The system's.
    fn start(workers: usize) -> io::Result<Self>;

    /// A handle to it.
    fn handle(&self) -> Self::Handle;

    /// Runs `future` on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Ends it and waits, as far as it can be ended.
    fn stop(self);
}

/// What tasks use of a runtime.
pub trait Handle: Clone + Send + Sync + 'static {
    /// A join handle; dropping it may cancel the task ([`detach`](Handle::detach) does not).
    type Join<T: Send + 'static>: Future<Output = T> + Send + Unpin;
    /// An open file.
    type File: ReadFile;
    /// A listening socket.
    type Listener: Listen;

    /// Starts a task.
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Starts a task that nobody joins.
    fn detach<F>(&self, future: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Its sleep.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Its timeout; `None` once the time is over.
    fn timeout<F>(
        &self,
        duration: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F: Future<Output: Send> + Send;

    /// Its own way to let others run.
    fn yield_now(&self) -> impl Future<Output = ()> + Send;

    /// Opens a file to read.
    fn open(&self, path: &Path) -> impl Future<Output = io::Result<Self::File>> + Send;

    /// Reads a whole file.
    fn read(&self, path: &Path) -> impl Future<Output = io::Result<Vec<u8>>> + Send;

    /// Listens on a free port of the loopback interface.
    fn listen(&self) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

/// A listening socket of a runtime.
pub trait Listen: Send + Sync + 'static {
    /// What it accepts.
    type Stream: Connection;

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system's.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Waits for a connection.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A connection of a runtime.
pub trait Connection: Send + 'static {
    /// What hyper makes of it.
    type Http: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static;

    /// The same connection in the adapter through which its users give it to hyper.
    fn into_http(self) -> Self::Http;

    /// Reads some bytes. The future is the runtime's own: one around it would be counted with an
    /// idle connection.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Writes all of them.
    fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Writes some bytes of several buffers in one call.
    fn write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
    ) -> impl Future<Output = io::Result<usize>> + Send;
}

/// An open file of a runtime.
pub trait ReadFile: Send + 'static {
    /// Fills `buf` from `offset` on: one call where the runtime has such a call, else a seek and
    /// reads.
    fn read_at(
        &mut self,
        buf: &mut [u8],
        offset: u64,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Reads some bytes at the cursor.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

/// Where a contender listens: any free port.
const LOOPBACK: (&str, u16) = ("127.0.0.1", 0);

/// A join handle whose task is trusted not to panic.
#[derive(Debug)]
pub struct Trusted<J>(J);

impl<J, T, E> Future for Trusted<J>
where
    J: Future<Output = Result<T, E>> + Unpin,
    E: std::fmt::Debug,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let joined = Pin::new(&mut self.0).poll(cx);
        joined.map(|output| output.expect("a scenario's task neither panics nor is cancelled"))
    }
}
