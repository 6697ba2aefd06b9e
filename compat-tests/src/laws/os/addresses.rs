//! L124: addresses of sockets, beside std's.

use std::fs;
use std::io;
use std::net::{
    Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener as StdListener, TcpStream as StdStream,
    UdpSocket as StdUdp,
};

use anyrt_api::Runtime;
use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};

use crate::unshown::unshown;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l124_addresses_as_std_has_them),
        law!(l124_mapped_addresses_as_std_has_them),
        law!(l124_scopes_as_std_has_them),
    ]
}

/// Addresses of loopback.
const V4: &str = "127.0.0.1:0";
const V6: &str = "[::1]:0";

/// Everything of an address but the port, which is the system's choice.
fn but_the_port(mut addr: SocketAddr) -> SocketAddr {
    addr.set_port(0);
    addr
}

/// One of our listeners on `own` with a client of std's that connects to `to` at its port, and the
/// other way round: all ends say what the other side's other end says, and what std says of a
/// listener of its own.
async fn ends_agree<R: Runtime>(own: SocketAddr, to: SocketAddr, rt: &R) {
    let at = |to: SocketAddr, port| {
        let mut to = to;
        to.set_port(port);
        to
    };
    let std_listener = StdListener::bind(own).expect("std binds it");
    let std_addr = std_listener.local_addr().expect("its address");
    let listener = TcpListener::bind_in(own, rt).await.expect("we bind it too");
    let addr = listener.local_addr().expect("its address");
    assert_eq!(but_the_port(addr), but_the_port(std_addr));

    let std_client = StdStream::connect(at(to, addr.port())).expect("it connects");
    let (stream, peer) = listener.accept().await.expect("it accepts");
    assert_eq!(peer, stream.peer_addr().expect("its peer"));
    let theirs = TcpStream::connect_in(at(to, std_addr.port()), rt);
    let client = theirs.await.expect("it connects");
    let (std_stream, std_peer) = std_listener.accept().expect("it accepts");

    // What std's accepting side sees of us has the shape of what ours sees of std, and so on.
    let shape = |a: io::Result<SocketAddr>, b: io::Result<SocketAddr>, what: &str| {
        let (a, b) = (a.expect("an address"), b.expect("an address"));
        assert_eq!(but_the_port(a), but_the_port(b), "{what} of {own}");
    };
    shape(Ok(peer), Ok(std_peer), "the accepted peer");
    shape(
        stream.local_addr(),
        std_stream.local_addr(),
        "the accepted end",
    );
    shape(
        client.local_addr(),
        std_client.local_addr(),
        "the client's end",
    );
    shape(
        client.peer_addr(),
        std_client.peer_addr(),
        "the client's peer",
    );
    assert_eq!(
        client.local_addr().expect("an address").port(),
        std_peer.port(),
        "both ends name one port"
    );
}

/// A datagram from a socket of std's on `own` comes from where std says that it is, and ours to it.
async fn datagrams_agree<R: Runtime>(own: SocketAddr, rt: &R) {
    let std = StdUdp::bind(own).expect("std binds it");
    let ours = UdpSocket::bind_in(own, rt).await.expect("we bind it too");
    let (std_addr, addr) = (std.local_addr(), ours.local_addr());
    let (std_addr, addr) = (std_addr.expect("an address"), addr.expect("an address"));
    assert_eq!(but_the_port(addr), but_the_port(std_addr));
    std.send_to(b"std", addr).expect("it is sent");
    let mut buf = [0; 8];
    assert_eq!(
        ours.recv_from(&mut buf).await.expect("it comes"),
        (3, std_addr)
    );
    ours.send_to(b"ours", std_addr).await.expect("it is sent");
    assert_eq!(std.recv_from(&mut buf).expect("it comes"), (4, addr));
    ours.connect(std_addr).await.expect("a peer");
    assert_eq!(ours.peer_addr().expect("its peer"), std_addr);
}

/// L124: The addresses of both ends are those that std sees, of both families.
async fn l124_addresses_as_std_has_them<R: Runtime>(rt: R) {
    for own in [V4, V6] {
        let own = own.parse().expect("an address");
        if StdListener::bind(own).is_err() {
            unshown(format!("{own} cannot be bound here"));
            continue;
        }
        ends_agree(own, own, &rt).await;
        datagrams_agree(own, &rt).await;
    }
}

/// L124: IPv4 addresses in the form of IPv6 are what std makes of them.
async fn l124_mapped_addresses_as_std_has_them<R: Runtime>(rt: R) {
    let mapped: SocketAddr = "[::ffff:127.0.0.1]:0".parse().expect("an address");
    let every: SocketAddr = "[::]:0".parse().expect("an address");
    if StdListener::bind(mapped).is_err() {
        return unshown(format!("{mapped} cannot be bound here"));
    }
    ends_agree(mapped, V4.parse().expect("an address"), &rt).await;
    ends_agree(mapped, mapped, &rt).await;
    // A socket for both families sees the peer of the one as an address of the other.
    ends_agree(every, V4.parse().expect("an address"), &rt).await;
    ends_agree(every, mapped, &rt).await;
    datagrams_agree(mapped, &rt).await;
}

/// The addresses of this machine that mean something on one interface alone.
fn link_local() -> Vec<SocketAddr> {
    let list = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let bits = u128::from_str_radix(words.next()?, 16).ok()?;
        let interface = u32::from_str_radix(words.next()?, 16).ok()?;
        let ip = Ipv6Addr::from_bits(bits);
        let addr = SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, interface));
        ip.is_unicast_link_local().then_some(addr)
    };
    list.lines().filter_map(address).collect()
}

/// L124: The scope of an IPv6 address goes in and comes out as with std; without it the error is
/// std's.
async fn l124_scopes_as_std_has_them<R: Runtime>(rt: R) {
    let own: Vec<_> = link_local();
    let mut usable = own.into_iter().filter(|own| StdListener::bind(own).is_ok());
    let Some(own) = usable.next() else {
        return unshown("no interface has a link-local address");
    };
    ends_agree(own, own, &rt).await;
    datagrams_agree(own, &rt).await;
    let SocketAddr::V6(v6) = own else { return };
    let unscoped = SocketAddr::V6(SocketAddrV6::new(*v6.ip(), 9, 0, 0));
    let std = StdStream::connect(unscoped)
        .map(drop)
        .map_err(|error| error.raw_os_error());
    let ours = TcpStream::connect_in(unscoped, &rt).await.map(drop);
    assert_eq!(ours.map_err(|error| error.raw_os_error()), std);
}
