//! What is true of the types, asked in generic code: it is enough that this compiles.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use crate::net::{Incoming, OwnedReadHalf, OwnedWriteHalf, ReuniteError};
use crate::net::{TcpListener, TcpStream, UdpSocket, lookup_host, lookup_host_in};
use crate::{AnyRuntime, Runtime};

fn is_good<T: Send + Sync + Unpin + Debug + 'static>() {}
fn can_be_spawned<F: Future<Output: Send> + Send + 'static>(_: F) {}
fn is_send<F: Future + Send>(_: F) {}

fn objects_of<R: Runtime>() {
    is_good::<TcpStream<R>>();
    is_good::<TcpListener<R>>();
    is_good::<UdpSocket<R>>();
    is_good::<OwnedReadHalf<R>>();
    is_good::<OwnedWriteHalf<R>>();
    is_good::<ReuniteError<R>>();
    is_good::<Incoming<R>>();
}

fn futures_of<R: Runtime>(stream: &TcpStream<R>, socket: &UdpSocket<R>, rt: &R) {
    let addr = ([127, 0, 0, 1], 80).into();
    can_be_spawned(TcpStream::connect_in(String::from("localhost:80"), rt));
    can_be_spawned(TcpStream::connect_timeout_in(&addr, Duration::MAX, rt));
    can_be_spawned(TcpListener::bind_in(addr, rt));
    can_be_spawned(UdpSocket::bind_in(addr, rt));
    can_be_spawned(lookup_host_in("localhost:80", rt));
    is_send(stream.read(&mut [0]));
    is_send(stream.read_to_end(&mut Vec::new()));
    is_send(stream.write_all(&[0]));
    is_send(socket.connect(addr));
    is_send(socket.send_to(&[0], ("localhost", 80)));
    is_send(socket.recv_from(&mut [0]));
}

fn bare_futures() {
    let addr = ([127, 0, 0, 1], 80).into();
    can_be_spawned(TcpStream::connect("localhost:80"));
    can_be_spawned(TcpStream::connect_timeout(&addr, Duration::MAX));
    can_be_spawned(TcpListener::bind(addr));
    can_be_spawned(UdpSocket::bind((String::from("localhost"), 80)));
    can_be_spawned(lookup_host(vec![addr]));
}

#[cfg(unix)]
mod unix {
    use super::{Runtime, can_be_spawned, is_good, is_send};
    use crate::net::{AsyncUnixNet, UnixDatagram, UnixListener, UnixStream, unix};

    fn objects_of<R: Runtime + AsyncUnixNet>() {
        is_good::<UnixStream<R>>();
        is_good::<UnixListener<R>>();
        is_good::<UnixDatagram<R>>();
        is_good::<unix::OwnedReadHalf<R>>();
        is_good::<unix::OwnedWriteHalf<R>>();
        is_good::<unix::Incoming<R>>();
    }

    fn futures_of<R: Runtime + AsyncUnixNet>(socket: &UnixDatagram<R>, rt: &R) {
        can_be_spawned(UnixStream::connect_in("/tmp/socket", rt));
        can_be_spawned(UnixStream::connect("/tmp/socket"));
        is_send(socket.send_to(&[0], "/tmp/socket"));
    }

    #[test]
    fn auto_traits() {
        let _ = objects_of::<crate::AnyRuntime>;
        let _ = futures_of::<crate::AnyRuntime>;
    }
}

#[test]
fn auto_traits() {
    objects_of::<AnyRuntime>();
    let _ = futures_of::<AnyRuntime>;
    bare_futures();
}
