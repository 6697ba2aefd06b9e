//! Sockets of the tests: `Plain..` with the primitives alone, `Own..` with every provided method
//! replaced by one that says its name.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpStream, RawUdpSocket};

pub(crate) const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// The error by which an own method is known.
pub(crate) fn own<T>(method: &str) -> io::Result<T> {
    Err(io::Error::other(format!("own {method}")))
}

/// Nobody waits for anything here.
macro_rules! object {
    ($($object:ty),+) => { $(
        impl RawObject for $object {
            fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
                wait.set_key(None);
            }
        }
    )+ };
}
pub(crate) use object;

/// Methods that no test calls.
macro_rules! unasked {
    ($(fn $name:ident($($type:ty),*) -> $out:ty;)+) => { $(
        fn $name(&self, $(_: $type),*) -> $out {
            unreachable!("no test asks for this")
        }
    )+ };
}
pub(crate) use unasked;

/// Reads what it was made of, and keeps what is written.
#[derive(Debug, Clone)]
pub(crate) struct PlainStream(Arc<Mutex<(Vec<u8>, Vec<u8>)>>);

#[derive(Debug, Clone)]
pub(crate) struct OwnStream;

/// Sends every datagram back to itself, as if the peer had.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlainSocket(Arc<Mutex<Mailbox>>);

#[derive(Debug, Default)]
struct Mailbox {
    peer: Option<SocketAddr>,
    datagram: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(crate) struct OwnSocket;

object!(PlainStream, OwnStream, PlainSocket, OwnSocket);

impl PlainStream {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        PlainStream(Arc::new(Mutex::new((bytes.to_vec(), Vec::new()))))
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.0.lock().expect("no test panics with it").1.clone()
    }
}

impl RawStream for PlainStream {
    fn poll_read(&self, _: &mut Context<'_>, _: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let ours = self.0.lock().expect("no test panics with it");
        Poll::Ready(ours.0.as_slice().read(buf))
    }

    fn poll_write(&self, _: &mut Context<'_>, _: &mut Wait, buf: &[u8]) -> Polled<usize> {
        let mut ours = self.0.lock().expect("no test panics with it");
        Poll::Ready(ours.1.write(buf))
    }

    unasked! { fn poll_close(&mut Context<'_>, &mut Wait) -> Polled<()>; }
}

impl RawStream for OwnStream {
    fn poll_read_vectored(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        _: &mut [IoSliceMut<'_>],
    ) -> Polled<usize> {
        Poll::Ready(own("poll_read_vectored"))
    }

    fn poll_write_vectored(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        _: &[IoSlice<'_>],
    ) -> Polled<usize> {
        Poll::Ready(own("poll_write_vectored"))
    }

    unasked! {
        fn poll_read(&mut Context<'_>, &mut Wait, &mut [u8]) -> Polled<usize>;
        fn poll_write(&mut Context<'_>, &mut Wait, &[u8]) -> Polled<usize>;
        fn poll_close(&mut Context<'_>, &mut Wait) -> Polled<()>;
    }
}

impl RawTcpStream for OwnStream {
    unasked! {
        fn local_addr() -> io::Result<SocketAddr>;
        fn peer_addr() -> io::Result<SocketAddr>;
        fn shutdown(Shutdown) -> io::Result<()>;
        fn poll_peek(&mut Context<'_>, &mut Wait, &mut [u8]) -> Polled<usize>;
        fn nodelay() -> io::Result<bool>;
        fn set_nodelay(bool) -> io::Result<()>;
        fn ttl() -> io::Result<u32>;
        fn set_ttl(u32) -> io::Result<()>;
        fn linger() -> io::Result<Option<Duration>>;
        fn set_linger(Option<Duration>) -> io::Result<()>;
        fn keepalive() -> io::Result<bool>;
        fn set_keepalive(bool) -> io::Result<()>;
        fn take_error() -> io::Result<Option<io::Error>>;
    }
}

/// The options of a datagram socket.
macro_rules! options {
    () => {
        unasked! {
            fn local_addr() -> io::Result<SocketAddr>;
            fn take_error() -> io::Result<Option<io::Error>>;
            fn broadcast() -> io::Result<bool>;
            fn set_broadcast(bool) -> io::Result<()>;
            fn ttl() -> io::Result<u32>;
            fn set_ttl(u32) -> io::Result<()>;
            fn multicast_loop_v4() -> io::Result<bool>;
            fn set_multicast_loop_v4(bool) -> io::Result<()>;
            fn multicast_ttl_v4() -> io::Result<u32>;
            fn set_multicast_ttl_v4(u32) -> io::Result<()>;
            fn multicast_loop_v6() -> io::Result<bool>;
            fn set_multicast_loop_v6(bool) -> io::Result<()>;
            fn join_multicast_v4(Ipv4Addr, Ipv4Addr) -> io::Result<()>;
            fn join_multicast_v6(&Ipv6Addr, u32) -> io::Result<()>;
            fn leave_multicast_v4(Ipv4Addr, Ipv4Addr) -> io::Result<()>;
            fn leave_multicast_v6(&Ipv6Addr, u32) -> io::Result<()>;
        }
    };
}

impl PlainSocket {
    fn receive(&self, buf: &mut [u8], keep: bool) -> Polled<(usize, SocketAddr)> {
        let mut ours = self.0.lock().expect("no test panics with it");
        let Some(datagram) = ours.datagram.take() else {
            return Poll::Ready(Err(ErrorKind::NotFound.into()));
        };
        let n_read = datagram.as_slice().read(buf)?;
        ours.datagram = keep.then_some(datagram);
        Poll::Ready(Ok((n_read, PEER)))
    }
}

impl RawUdpSocket for PlainSocket {
    fn poll_send_to(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        buf: &[u8],
        to: SocketAddr,
    ) -> Polled<usize> {
        assert_eq!(to, PEER);
        self.0.lock().expect("no test panics with it").datagram = Some(buf.to_vec());
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_recv_from(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        buf: &mut [u8],
    ) -> Polled<(usize, SocketAddr)> {
        self.receive(buf, false)
    }

    fn poll_peek_from(
        &self,
        _: &mut Context<'_>,
        _: &mut Wait,
        buf: &mut [u8],
    ) -> Polled<(usize, SocketAddr)> {
        self.receive(buf, true)
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.0.lock().expect("no test panics with it").peer = Some(to);
        Ok(())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        let peer = self.0.lock().expect("no test panics with it").peer;
        peer.ok_or(ErrorKind::NotConnected.into())
    }

    options!();
}

impl RawUdpSocket for OwnSocket {
    fn poll_send(&self, _: &mut Context<'_>, _: &mut Wait, _: &[u8]) -> Polled<usize> {
        Poll::Ready(own("poll_send"))
    }

    fn poll_recv(&self, _: &mut Context<'_>, _: &mut Wait, _: &mut [u8]) -> Polled<usize> {
        Poll::Ready(own("poll_recv"))
    }

    fn poll_peek(&self, _: &mut Context<'_>, _: &mut Wait, _: &mut [u8]) -> Polled<usize> {
        Poll::Ready(own("poll_peek"))
    }

    unasked! {
        fn poll_send_to(&mut Context<'_>, &mut Wait, &[u8], SocketAddr) -> Polled<usize>;
        fn poll_recv_from(&mut Context<'_>, &mut Wait, &mut [u8]) -> Polled<(usize, SocketAddr)>;
        fn poll_peek_from(&mut Context<'_>, &mut Wait, &mut [u8]) -> Polled<(usize, SocketAddr)>;
        fn connect(SocketAddr) -> io::Result<()>;
        fn peer_addr() -> io::Result<SocketAddr>;
    }

    options!();
}

pub(crate) type Polled<T> = Poll<io::Result<T>>;
