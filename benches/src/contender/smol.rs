//! smol as its own users call it: a peer. Its global executor takes the number of its threads from
//! the environment, so this is that executor made by hand: an `Executor` and threads that run it.

use std::{
    future::Future,
    io::{self, IoSlice, SeekFrom},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use smol::{
    Executor, Task, Timer,
    channel::{Receiver, Sender},
    fs::File,
    future,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Connection, Handle, HyperIo, LOOPBACK, Listen, Owner, ReadFile};

/// An executor of smol's and its threads.
#[derive(Debug)]
pub struct RawSmol {
    executor: Arc<Executor<'static>>,
    threads: Vec<thread::JoinHandle<()>>,
    stop: Sender<()>,
}

impl Owner for RawSmol {
    type Handle = SmolHandle;

    fn start(workers: usize) -> io::Result<Self> {
        let executor = Arc::new(Executor::new());
        let (stop, stopped): (_, Receiver<()>) = smol::channel::bounded(1);
        let worker = |n: usize| {
            let (executor, stopped) = (executor.clone(), stopped.clone());
            let run = move || {
                // It ends with an error when the sender goes: that is the sign.
                let _ = smol::block_on(executor.run(stopped.recv()));
            };
            thread::Builder::new()
                .name(format!("raw-smol-{n}"))
                .spawn(run)
        };
        let threads = (0..workers).map(worker).collect::<io::Result<_>>()?;
        Ok(Self {
            executor,
            threads,
            stop,
        })
    }

    fn handle(&self) -> SmolHandle {
        SmolHandle(self.executor.clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn stop(self) {
        drop(self.stop);
        for thread in self.threads {
            thread.join().expect("a thread of smol's does not panic");
        }
    }
}

/// A handle to it.
#[derive(Clone, Debug)]
pub struct SmolHandle(Arc<Executor<'static>>);

impl Handle for SmolHandle {
    type Join<T: Send + 'static> = Task<T>;
    type File = File;
    type Listener = TcpListener;

    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future)
    }

    fn detach<F>(&self, future: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future).detach();
    }

    async fn sleep(&self, duration: Duration) {
        Timer::after(duration).await;
    }

    async fn timeout<F>(&self, duration: Duration, future: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send,
    {
        // What smol's users write: it has no timeout of its own.
        let alarm = async {
            Timer::after(duration).await;
            None
        };
        future::or(async { Some(future.await) }, alarm).await
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        future::yield_now()
    }

    async fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path).await
    }

    async fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        smol::fs::read(path).await
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
        self.read_exact(buf).await
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AsyncReadExt::read(self, buf)
    }
}
