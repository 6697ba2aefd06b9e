//! THE DOOR: every trait of the contract that a runtime as a whole implements, for [`Smol`], each
//! method one line. What an object of it can do stands beside the object.

use std::fs::File;
use std::future::Future;
use std::io;
use std::net::{self as std_net, SocketAddr};
#[cfg(unix)]
use std::os::unix::net as unix;
use std::time::{Duration, Instant, SystemTime};

#[cfg(unix)]
use anyrt_api::AsyncUnixNet;
use anyrt_api::any::Capabilities;
use anyrt_api::os::OsHandles;
#[cfg(unix)]
use anyrt_api::os::OsUnixHandles;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AsyncNet, BlockOn, Core, Entropy, Runtime, Spawn, Timer};
use anyrt_kit::fs::OsFile;

use crate::{Runtime as Owner, Smol, net, task, time};

impl Spawn for Smol {
    type RawJoin<T: Send> = task::Join<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> task::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(self, future, meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> task::Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        task::spawn_blocking(self, f, meta)
    }

    #[track_caller]
    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        task::block_in_place(self, f)
    }
}

impl Timer for Smol {
    type Sleep = time::Sleep;

    fn now(&self) -> Instant {
        time::now()
    }

    fn wallclock(&self) -> SystemTime {
        time::wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> time::Sleep {
        time::Sleep::new(&self.home, deadline)
    }
}

impl Entropy for Smol {
    fn fill_bytes(&self, buf: &mut [u8]) {
        anyrt_kit::entropy::fill_bytes(buf);
    }
}

impl AsyncNet for Smol {
    type TcpStream = net::TcpStream;
    type TcpListener = net::TcpListener;
    type UdpSocket = net::UdpSocket;

    fn connect_tcp(
        &self,
        addr: SocketAddr,
    ) -> impl Future<Output = io::Result<net::TcpStream>> + Send {
        net::connect(&self.home, addr)
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<net::TcpListener> {
        net::listen(&self.home, addr)
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<net::UdpSocket> {
        net::bind(&self.home, addr)
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.home.lookups.lookup(self, host, port).await
    }
}

anyrt_kit::forward_fs!(Smol);

impl OsHandles for Smol {
    fn tcp_from_std(&self, stream: std_net::TcpStream) -> io::Result<net::TcpStream> {
        net::TcpStream::from_std(&self.home, stream)
    }

    fn tcp_into_std(&self, stream: net::TcpStream) -> io::Result<std_net::TcpStream> {
        stream.into_std()
    }

    fn tcp_listener_from_std(
        &self,
        listener: std_net::TcpListener,
    ) -> io::Result<net::TcpListener> {
        net::TcpListener::from_std(&self.home, listener)
    }

    fn tcp_listener_into_std(
        &self,
        listener: net::TcpListener,
    ) -> io::Result<std_net::TcpListener> {
        listener.into_std()
    }

    fn udp_from_std(&self, socket: std_net::UdpSocket) -> io::Result<net::UdpSocket> {
        net::UdpSocket::from_std(&self.home, socket)
    }

    fn udp_into_std(&self, socket: net::UdpSocket) -> io::Result<std_net::UdpSocket> {
        socket.into_std()
    }

    fn file_from_std(&self, file: File) -> io::Result<OsFile<Self>> {
        Ok(OsFile::new(file, self))
    }

    async fn file_into_std(&self, file: OsFile<Self>) -> io::Result<File> {
        file.into_std().await
    }
}

#[cfg(unix)]
impl AsyncUnixNet for Smol {
    type UnixStream = net::UnixStream;
    type UnixListener = net::UnixListener;
    type UnixDatagram = net::UnixDatagram;

    fn connect_unix(
        &self,
        addr: &unix::SocketAddr,
    ) -> impl Future<Output = io::Result<net::UnixStream>> + Send {
        net::unix::connect(self, addr)
    }

    fn listen_unix(&self, addr: &unix::SocketAddr) -> io::Result<net::UnixListener> {
        net::UnixListener::bind(&self.home, addr)
    }

    fn unix_pair(&self) -> io::Result<(net::UnixStream, net::UnixStream)> {
        net::UnixStream::pair(&self.home)
    }

    fn bind_unix_datagram(&self, addr: Option<&unix::SocketAddr>) -> io::Result<net::UnixDatagram> {
        net::UnixDatagram::bind(&self.home, addr)
    }

    fn unix_datagram_pair(&self) -> io::Result<(net::UnixDatagram, net::UnixDatagram)> {
        net::UnixDatagram::pair(&self.home)
    }
}

#[cfg(unix)]
impl OsUnixHandles for Smol {
    fn unix_stream_from_std(&self, stream: unix::UnixStream) -> io::Result<net::UnixStream> {
        net::UnixStream::from_std(&self.home, stream)
    }

    fn unix_stream_into_std(&self, stream: net::UnixStream) -> io::Result<unix::UnixStream> {
        stream.into_std()
    }

    fn unix_listener_from_std(
        &self,
        listener: unix::UnixListener,
    ) -> io::Result<net::UnixListener> {
        net::UnixListener::from_std(&self.home, listener)
    }

    fn unix_listener_into_std(
        &self,
        listener: net::UnixListener,
    ) -> io::Result<unix::UnixListener> {
        listener.into_std()
    }

    fn unix_datagram_from_std(&self, socket: unix::UnixDatagram) -> io::Result<net::UnixDatagram> {
        net::UnixDatagram::from_std(&self.home, socket)
    }

    fn unix_datagram_into_std(&self, socket: net::UnixDatagram) -> io::Result<unix::UnixDatagram> {
        socket.into_std()
    }
}

impl Core for Smol {
    const NAME: &'static str = "smol";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs().os_handles();
        #[cfg(unix)]
        c.unix_net().os_unix_handles();
    }
}

impl Runtime for Smol {}

impl BlockOn for Owner {
    type Runtime = Smol;

    fn handle(&self) -> Smol {
        Owner::handle(self)
    }

    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Owner::block_on(self, future)
    }

    fn shutdown(self, limit: Duration) {
        Owner::shutdown(self, limit);
    }
}
