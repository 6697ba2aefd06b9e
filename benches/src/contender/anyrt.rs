//! Every backend of anyrt, with its type known ([`Direct`]) and forgotten ([`Erased`]).

use std::{
    future::Future,
    io::{self, IoSlice},
    marker::PhantomData,
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use anyrt_api::{
    AnyOwner, AsyncFs, AsyncNet, BlockOn, Runtime, fs,
    net::{TcpListener, TcpStream},
    task,
    task::JoinHandle,
    time,
};

use super::{Connection, Handle, HyperIo, LOOPBACK, Listen, Owner, ReadFile, Trusted};

/// An owner that can be started with so many workers.
pub trait Start: BlockOn + Sized {
    /// # Errors
    ///
    /// The system's.
    fn start(workers: usize) -> io::Result<Self>;
}

impl Start for anyrt_native::Runtime {
    fn start(workers: usize) -> io::Result<Self> {
        anyrt_native::Builder::new().workers(workers).build()
    }
}

impl Start for anyrt_tokio::Runtime {
    fn start(workers: usize) -> io::Result<Self> {
        anyrt_tokio::Runtime::builder().workers(workers).build()
    }
}

impl Start for anyrt_smol::Runtime {
    fn start(workers: usize) -> io::Result<Self> {
        anyrt_smol::Runtime::builder().workers(workers).build()
    }
}

/// A backend as it is.
#[derive(Debug)]
pub struct Direct<B>(B);

impl<B: Start> Owner for Direct<B> {
    type Handle = Rt<B::Runtime>;

    fn start(workers: usize) -> io::Result<Self> {
        B::start(workers).map(Direct)
    }

    fn handle(&self) -> Self::Handle {
        Rt(self.0.handle())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn stop(self) {
        self.0.shutdown(LIMIT);
    }
}

/// A backend behind `AnyRuntime`.
#[derive(Debug)]
pub struct Erased<B> {
    owner: AnyOwner,
    backend: PhantomData<B>,
}

impl<B: Start> Owner for Erased<B> {
    type Handle = Rt<anyrt_api::AnyRuntime>;

    fn start(workers: usize) -> io::Result<Self> {
        let owner = AnyOwner::new(B::start(workers)?);
        Ok(Self {
            owner,
            backend: PhantomData,
        })
    }

    fn handle(&self) -> Self::Handle {
        Rt(self.owner.handle())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.owner.block_on(future)
    }

    fn stop(self) {
        self.owner.shutdown(LIMIT);
    }
}

/// A handle of anyrt, used through the functions that libraries use.
#[derive(Clone, Debug)]
pub struct Rt<R>(R);

impl<R> Rt<R> {
    /// The handle itself, for what the raw runtimes have no counterpart of.
    pub fn raw(&self) -> &R {
        &self.0
    }
}

impl<R: Runtime> Handle for Rt<R> {
    type Join<T: Send + 'static> = Trusted<JoinHandle<T, R>>;
    type File = fs::File<R>;
    type Listener = TcpListener<R>;

    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Trusted(task::spawn_in(future, &self.0))
    }

    fn detach<F>(&self, future: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(task::spawn_in(future, &self.0));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        time::sleep_in(duration, &self.0)
    }

    async fn timeout<F>(&self, duration: Duration, future: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send,
    {
        time::timeout_in(duration, future, &self.0).await.ok()
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        task::yield_now()
    }

    async fn open(&self, path: &Path) -> io::Result<Self::File> {
        fs::File::open_in(path, &self.0).await
    }

    async fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read_in(path, &self.0).await
    }

    async fn listen(&self) -> io::Result<TcpListener<R>> {
        TcpListener::bind_in(LOOPBACK, &self.0).await
    }
}

impl<R: Runtime> Listen for TcpListener<R> {
    type Stream = TcpStream<R>;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }

    async fn accept(&self) -> io::Result<TcpStream<R>> {
        Ok(TcpListener::accept(self).await?.0)
    }
}

impl<R: AsyncNet> Connection for TcpStream<R> {
    type Http = HyperIo<Self>;

    fn into_http(self) -> Self::Http {
        HyperIo::new(self)
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        TcpStream::read(self, buf)
    }

    async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        TcpStream::write_all(self, buf).await
    }

    async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        TcpStream::write_vectored(self, bufs).await
    }
}

impl<R: AsyncFs> ReadFile for fs::File<R> {
    fn read_at(
        &mut self,
        buf: &mut [u8],
        offset: u64,
    ) -> impl Future<Output = io::Result<()>> + Send {
        self.read_exact_at(buf, offset)
    }

    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        fs::File::read(self, buf)
    }
}

/// How long a runtime may take to end.
const LIMIT: Duration = Duration::from_secs(10);
