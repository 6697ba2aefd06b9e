//! async-std as its own users call it: a peer, and a control, since nobody works on it any more.
//! Its runtime is the process's, with one thread a processor, and is never stopped.

use std::{
    future::Future,
    io::{self, IoSlice, SeekFrom},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use async_std::{
    fs::File,
    future,
    io::{ReadExt, WriteExt, prelude::SeekExt},
    net::{TcpListener, TcpStream},
    task::{self, JoinHandle},
};

use super::{Connection, Handle, HyperIo, LOOPBACK, Listen, Owner, ReadFile};

/// async-std's runtime.
#[derive(Debug)]
pub struct RawAsyncStd;

impl Owner for RawAsyncStd {
    type Handle = AsyncStdHandle;

    fn start(workers: usize) -> io::Result<Self> {
        let set = std::env::var("ASYNC_STD_THREAD_COUNT").ok();
        let threads = match set.and_then(|text| text.parse().ok()) {
            Some(threads) => threads,
            None => std::thread::available_parallelism()?.get(),
        };
        if workers == threads {
            return Ok(Self);
        }
        let text = format!("async-std has {threads} threads here, not {workers}");
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    fn handle(&self) -> AsyncStdHandle {
        AsyncStdHandle
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        task::block_on(future)
    }

    fn stop(self) {}
}

/// Its bare functions.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStdHandle;

impl Handle for AsyncStdHandle {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type File = File;
    type Listener = TcpListener;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(future)
    }

    fn detach<F>(&self, future: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(task::spawn(future));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        task::sleep(duration)
    }

    async fn timeout<F>(&self, duration: Duration, future: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send,
    {
        future::timeout(duration, future).await.ok()
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        task::yield_now()
    }

    async fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path).await
    }

    async fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        async_std::fs::read(path).await
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
    type Http = HyperIo<Self>;

    fn into_http(self) -> Self::Http {
        HyperIo::new(self)
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        ReadExt::read(self, buf)
    }

    async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        WriteExt::write_all(self, buf).await
    }

    async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        WriteExt::write_vectored(self, bufs).await
    }
}

impl ReadFile for File {
    async fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset)).await?;
        self.read_exact(buf).await
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        ReadExt::read(self, buf)
    }
}
