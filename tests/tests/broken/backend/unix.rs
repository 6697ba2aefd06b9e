//! Unix sockets.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::AsyncUnixNet;
use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawUnixDatagram, RawUnixListener, RawUnixStream};
use anyrt_native::net;

use super::tcp::{forwarded, hooked, object};
use super::{Notes, Sick, Turn};

impl AsyncUnixNet for Sick {
    type UnixStream = UnixStream;
    type UnixListener = UnixListener;
    type UnixDatagram = UnixDatagram;

    async fn connect_unix(&self, addr: &SocketAddr) -> io::Result<UnixStream> {
        self.mutant().connect_unix(self, addr).await
    }

    fn listen_unix(&self, addr: &SocketAddr) -> io::Result<UnixListener> {
        self.mutant().listen_unix(self, addr)
    }

    fn unix_pair(&self) -> io::Result<(UnixStream, UnixStream)> {
        self.mutant().unix_pair(self)
    }

    fn bind_unix_datagram(&self, addr: Option<&SocketAddr>) -> io::Result<UnixDatagram> {
        self.mutant().bind_unix_datagram(self, addr)
    }

    fn unix_datagram_pair(&self) -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = self.native.unix_datagram_pair()?;
        let wrap = |raw| UnixDatagram::new(raw, self);
        Ok((wrap(one), wrap(other)))
    }
}

object! {
    /// A Unix connection.
    UnixStream over net::UnixStream, unix_left, unix_dropped
}

impl RawStream for UnixStream {
    hooked! {
        poll_read(buf: &mut [u8]) -> usize => unix_read;
        poll_write(buf: &[u8]) -> usize => unix_write;
        poll_close() -> () => unix_close;
    }

    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.raw.poll_read_vectored(cx, wait, bufs)
    }

    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.raw.poll_write_vectored(cx, wait, bufs)
    }
}

impl RawUnixStream for UnixStream {
    forwarded! {
        local_addr() -> io::Result<SocketAddr>;
        peer_addr() -> io::Result<SocketAddr>;
        shutdown(how: Shutdown) -> io::Result<()>;
        take_error() -> io::Result<Option<io::Error>>;
    }
}

object! {
    /// A listening Unix socket.
    UnixListener over net::UnixListener, unix_listener_left, unix_listener_dropped
}

impl RawUnixListener for UnixListener {
    type Stream = UnixStream;

    hooked! {
        poll_accept() -> (UnixStream, SocketAddr) => unix_accept;
    }

    forwarded! {
        local_addr() -> io::Result<SocketAddr>;
        take_error() -> io::Result<Option<io::Error>>;
    }
}

object! {
    /// A Unix datagram socket.
    UnixDatagram over net::UnixDatagram, unix_datagram_left, unix_datagram_dropped
}

impl RawUnixDatagram for UnixDatagram {
    hooked! {
        poll_send_to(buf: &[u8], to: &SocketAddr) -> usize => unix_send_to;
        poll_recv_from(buf: &mut [u8]) -> (usize, SocketAddr) => unix_recv_from;
        poll_send(buf: &[u8]) -> usize => unix_send;
        poll_recv(buf: &mut [u8]) -> usize => unix_recv;
    }

    forwarded! {
        connect(to: &SocketAddr) -> io::Result<()>;
        local_addr() -> io::Result<SocketAddr>;
        peer_addr() -> io::Result<SocketAddr>;
        shutdown(how: Shutdown) -> io::Result<()>;
        take_error() -> io::Result<Option<io::Error>>;
    }
}
