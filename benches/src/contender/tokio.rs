//! tokio as its own users call it: a peer. With a setting that shortens its longest answers it is
//! a contender of its own.

use std::{
    future::Future,
    io::{self, IoSlice, SeekFrom},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::{self, JoinHandle},
    time,
};

use super::{Connection, Handle, LOOPBACK, Listen, Owner, ReadFile, Trusted};

/// A multi-threaded tokio runtime with its default settings.
#[derive(Debug)]
pub struct RawTokio(Runtime);

impl Owner for RawTokio {
    type Handle = TokioHandle;

    fn start(workers: usize) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        builder.build().map(Self)
    }

    fn handle(&self) -> TokioHandle {
        TokioHandle(self.0.handle().clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn stop(self) {
        drop(self.0);
    }
}

/// The same with at most 32 events of sockets between two looks at its tasks, which is what native
/// takes; by default it takes 1,024.
#[derive(Debug)]
pub struct TunedTokio(RawTokio);

impl Owner for TunedTokio {
    type Handle = TokioHandle;

    fn start(workers: usize) -> io::Result<Self> {
        const EVENTS: usize = 32;
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        builder.max_io_events_per_busy_tick(EVENTS);
        builder.build().map(|runtime| Self(RawTokio(runtime)))
    }

    fn handle(&self) -> TokioHandle {
        self.0.handle()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn stop(self) {
        self.0.stop();
    }
}

/// A handle to it; inside a task it calls the bare functions, which are the faster ones.
#[derive(Clone, Debug)]
pub struct TokioHandle(tokio::runtime::Handle);

impl Handle for TokioHandle {
    type Join<T: Send + 'static> = Trusted<JoinHandle<T>>;
    type File = File;
    type Listener = TcpListener;

    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Trusted(self.0.spawn(future))
    }

    fn detach<F>(&self, future: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(self.0.spawn(future));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        time::sleep(duration)
    }

    async fn timeout<F>(&self, duration: Duration, future: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send,
    {
        time::timeout(duration, future).await.ok()
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        task::yield_now()
    }

    async fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path).await
    }

    async fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        tokio::fs::read(path).await
    }

    async fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(LOOPBACK).await
    }
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        Ok(TcpListener::accept(self).await?.0)
    }
}

impl Connection for TcpStream {
    type Http = TokioIo<Self>;

    fn into_http(self) -> Self::Http {
        TokioIo::new(self)
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AsyncReadExt::read(self, buf)
    }

    async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, buf).await
    }

    async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        AsyncWriteExt::write_vectored(self, bufs).await
    }
}

impl ReadFile for File {
    async fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset)).await?;
        self.read_exact(buf).await.map(drop)
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AsyncReadExt::read(self, buf)
    }
}
