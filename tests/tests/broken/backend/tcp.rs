//! Internet sockets that stream, and names.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::AsyncNet;
use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use anyrt_native::net;

use super::{Notes, Sick, Turn, Udp};

impl AsyncNet for Sick {
    type TcpStream = Tcp;
    type TcpListener = Listener;
    type UdpSocket = Udp;

    async fn connect_tcp(&self, addr: SocketAddr) -> io::Result<Tcp> {
        self.mutant().connect(self, addr).await
    }

    async fn listen_tcp(&self, addr: SocketAddr) -> io::Result<Listener> {
        self.mutant().listen(self, addr).await
    }

    async fn bind_udp(&self, addr: SocketAddr) -> io::Result<Udp> {
        self.mutant().bind_udp(self, addr).await
    }

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.mutant().lookup(self, host, port).await
    }
}

/// Defines an object of the wrapper over one of the native runtime's: what it is made of, its
/// clones, its drop, and how a waiter leaves it.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident over $raw:ty, $left:ident, $dropped:ident) => {
        $(#[$doc])*
        pub(crate) struct $name {
            pub(crate) raw: $raw,
            pub(crate) rt: Sick,
            /// Shared by its clones.
            pub(crate) notes: Arc<Notes>,
            /// Of this clone alone.
            #[allow(dead_code, reason = "mutants of some objects have notes on their clones")]
            pub(crate) own: Notes,
        }

        impl $name {
            pub(crate) fn new(raw: $raw, rt: &Sick) -> Self {
                $name { raw, rt: rt.clone(), notes: Arc::default(), own: Notes::default() }
            }

            /// The native object, for which this was the only handle, or was not.
            pub(crate) fn into_raw(self) -> $raw {
                self.raw.clone()
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                $name {
                    raw: self.raw.clone(),
                    rt: self.rt.clone(),
                    notes: self.notes.clone(),
                    own: Notes::default(),
                }
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.rt.mutant().$dropped(self);
            }
        }

        impl RawObject for $name {
            fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
                self.rt.mutant().$left(self, direction, wait);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.raw.fmt(f)
            }
        }
    };
}

/// Polls that go through a hook.
macro_rules! hooked {
    ($($poll:ident($($arg:ident: $type:ty),*) -> $out:ty => $hook:ident;)+) => {
        $(fn $poll(
            &self,
            cx: &mut Context<'_>,
            wait: &mut Wait,
            $($arg: $type),*
        ) -> Poll<io::Result<$out>> {
            self.rt.mutant().$hook(self, &mut Turn { cx, wait }, $($arg),*)
        })+
    };
}

/// Calls that go straight through: no law is about them alone.
macro_rules! forwarded {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)+) => {
        $(fn $name(&self, $($arg: $type),*) -> $out {
            self.raw.$name($($arg),*)
        })+
    };
}

pub(super) use {forwarded, hooked, object};

object! {
    /// A TCP connection.
    Tcp over net::TcpStream, tcp_left, tcp_dropped
}

impl RawStream for Tcp {
    hooked! {
        poll_read(buf: &mut [u8]) -> usize => tcp_read;
        poll_read_vectored(bufs: &mut [IoSliceMut<'_>]) -> usize => tcp_read_vectored;
        poll_write(buf: &[u8]) -> usize => tcp_write;
        poll_write_vectored(bufs: &[IoSlice<'_>]) -> usize => tcp_write_vectored;
        poll_close() -> () => tcp_close;
    }
}

impl RawTcpStream for Tcp {
    hooked! {
        poll_peek(buf: &mut [u8]) -> usize => tcp_peek;
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.rt.mutant().tcp_local_addr(self)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.rt.mutant().tcp_peer_addr(self)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.rt.mutant().tcp_shutdown(self, how)
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.rt.mutant().tcp_set_nodelay(self, nodelay)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.rt.mutant().tcp_take_error(self)
    }

    forwarded! {
        nodelay() -> io::Result<bool>;
        ttl() -> io::Result<u32>;
        set_ttl(ttl: u32) -> io::Result<()>;
        linger() -> io::Result<Option<Duration>>;
        set_linger(linger: Option<Duration>) -> io::Result<()>;
        keepalive() -> io::Result<bool>;
        set_keepalive(keepalive: bool) -> io::Result<()>;
    }
}

object! {
    /// A listening TCP socket.
    Listener over net::TcpListener, listener_left, listener_dropped
}

impl RawTcpListener for Listener {
    type Stream = Tcp;

    hooked! {
        poll_accept() -> (Tcp, SocketAddr) => accept;
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.rt.mutant().listener_addr(self)
    }

    forwarded! {
        ttl() -> io::Result<u32>;
        set_ttl(ttl: u32) -> io::Result<()>;
        take_error() -> io::Result<Option<io::Error>>;
    }
}
