//! Unix sockets' one peculiarity: a connect that finds the listener's queue full.
//!
//! A blocking connect waits there, a non-blocking one fails and leaves nothing to wait for. Knows
//! no runtime but for its clock.

use std::io;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use anyrt_api::Timer;
use socket2::{Domain, SockAddr, Socket, Type};

/// How long to wait for room in a listener's queue: from the first to the second, doubling.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(32));

/// Connects; the stream is non-blocking.
///
/// `L131` While the listener's queue is full this waits, as std does: it tries again on the
/// runtime's clock.
///
/// # Errors
///
/// The system's.
pub async fn connect<R: Timer>(rt: &R, addr: &SocketAddr) -> io::Result<UnixStream> {
    let target = address(addr)?;
    let mut pause = BACKOFF.0;
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&target) {
            Ok(()) => return Ok(UnixStream::from(std::os::fd::OwnedFd::from(socket))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                rt.sleep_until(rt.now() + pause).await;
                pause = BACKOFF.1.min(pause * 2);
            }
            Err(error) => return Err(error),
        }
    }
}

/// The address as `socket2` has it.
///
/// # Errors
///
/// `InvalidInput` for a path that is too long.
pub fn address(addr: &SocketAddr) -> io::Result<SockAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = abstract_name(addr) {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt;

        return SockAddr::unix(OsString::from_vec([b"\0", name].concat()));
    }
    SockAddr::unix(addr.as_pathname().unwrap_or("".as_ref()))
}

#[cfg(target_os = "android")]
fn abstract_name(addr: &SocketAddr) -> Option<&[u8]> {
    std::os::android::net::SocketAddrExt::as_abstract_name(addr)
}

#[cfg(target_os = "linux")]
fn abstract_name(addr: &SocketAddr) -> Option<&[u8]> {
    std::os::linux::net::SocketAddrExt::as_abstract_name(addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive() {
        let path = SocketAddr::from_pathname("/tmp/socket").expect("a short path");
        let same = address(&path).expect("a short path");
        assert_eq!(same.as_pathname(), path.as_pathname());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn abstract_names_survive() {
        use std::os::linux::net::SocketAddrExt;

        let name = SocketAddr::from_abstract_name("anyrt").expect("a short name");
        let same = address(&name).expect("a short name");
        assert_eq!(same.as_abstract_namespace(), Some(b"anyrt".as_slice()));
    }
}
