//! Mutants of addresses: L124.

use std::io;
use std::net::SocketAddr;

use anyrt_api::net::RawTcpStream;

use crate::backend::Tcp;
use crate::mutant::Mutant;

mutants! {
    LosesThePeersPort: l124_addresses_as_std_has_them => Broken;
    UnmapsAddresses: l124_mapped_addresses_as_std_has_them => Broken;
    LosesTheScope: l124_scopes_as_std_has_them => Broken;
}

/// The peer's address has no port.
#[derive(Default)]
struct LosesThePeersPort;

impl Mutant for LosesThePeersPort {
    fn tcp_peer_addr(&self, tcp: &Tcp) -> io::Result<SocketAddr> {
        let addr = tcp.raw.peer_addr()?;
        Ok(SocketAddr::new(addr.ip(), 0))
    }
}

/// An IPv4 address in the form of IPv6 is given in that of IPv4.
#[derive(Default)]
struct UnmapsAddresses;

impl Mutant for UnmapsAddresses {
    fn tcp_local_addr(&self, tcp: &Tcp) -> io::Result<SocketAddr> {
        let addr = tcp.raw.local_addr()?;
        Ok(SocketAddr::new(addr.ip().to_canonical(), addr.port()))
    }
}

/// The scope of an IPv6 address does not come out.
#[derive(Default)]
struct LosesTheScope;

impl Mutant for LosesTheScope {
    fn tcp_local_addr(&self, tcp: &Tcp) -> io::Result<SocketAddr> {
        let mut addr = tcp.raw.local_addr()?;
        if let SocketAddr::V6(v6) = &mut addr {
            v6.set_scope_id(0);
        }
        Ok(addr)
    }
}
