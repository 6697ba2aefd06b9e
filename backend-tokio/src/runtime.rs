//! THE DOOR: every trait of the contract that a runtime as a whole implements, for [`Tokio`], each
//! method one line. What an object of it can do stands beside the object.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AsyncNet, BlockOn, Core, Entropy, Spawn, Timer};

use crate::{Runtime, Tokio, net, task, time};

impl Spawn for Tokio {
    type RawJoin<T: Send + 'static> = task::Join<T>;

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
        task::block_in_place(f)
    }
}

impl Timer for Tokio {
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

impl Entropy for Tokio {
    fn fill_bytes(&self, buf: &mut [u8]) {
        anyrt_kit::entropy::fill_bytes(buf);
    }
}

impl AsyncNet for Tokio {
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

impl Core for Tokio {
    const NAME: &'static str = "tokio";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net();
    }
}
