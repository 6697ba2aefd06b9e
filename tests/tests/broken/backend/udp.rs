//! Datagram sockets.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;
use anyrt_native::net;

use super::tcp::{forwarded, hooked, object};
use super::{Notes, Sick, Turn};

object! {
    /// A UDP socket.
    Udp over net::UdpSocket, udp_left, udp_dropped
}

impl RawUdpSocket for Udp {
    hooked! {
        poll_send_to(buf: &[u8], to: SocketAddr) -> usize => udp_send_to;
        poll_recv_from(buf: &mut [u8]) -> (usize, SocketAddr) => udp_recv_from;
        poll_peek_from(buf: &mut [u8]) -> (usize, SocketAddr) => udp_peek_from;
        poll_send(buf: &[u8]) -> usize => udp_send;
        poll_recv(buf: &mut [u8]) -> usize => udp_recv;
        poll_peek(buf: &mut [u8]) -> usize => udp_peek;
    }

    fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.rt.mutant().udp_connect(self, to)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.rt.mutant().udp_local_addr(self)
    }

    forwarded! {
        peer_addr() -> io::Result<SocketAddr>;
        take_error() -> io::Result<Option<io::Error>>;
        broadcast() -> io::Result<bool>;
        set_broadcast(broadcast: bool) -> io::Result<()>;
        ttl() -> io::Result<u32>;
        set_ttl(ttl: u32) -> io::Result<()>;
        multicast_loop_v4() -> io::Result<bool>;
        set_multicast_loop_v4(on: bool) -> io::Result<()>;
        multicast_ttl_v4() -> io::Result<u32>;
        set_multicast_ttl_v4(ttl: u32) -> io::Result<()>;
        multicast_loop_v6() -> io::Result<bool>;
        set_multicast_loop_v6(on: bool) -> io::Result<()>;
        join_multicast_v4(group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
        join_multicast_v6(group: &Ipv6Addr, interface: u32) -> io::Result<()>;
        leave_multicast_v4(group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>;
        leave_multicast_v6(group: &Ipv6Addr, interface: u32) -> io::Result<()>;
    }
}
