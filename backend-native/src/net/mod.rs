//! Sockets: std's own, made non-blocking, each in a `Source` that waits for it.
//!
//! It knows addresses and system calls, and of the rest only the driver that a source registers
//! with. The door calls it. Its objects are the backend's side of the contract: users hold them as
//! `anyrt_api::net::TcpStream<Native>` and its like.

#[cfg(unix)]
mod fd;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;

use std::{future::poll_fn, io, net::Shutdown};

use anyrt_api::io::{Direction, Wait};

#[cfg(unix)]
pub use self::unix::{UnixDatagram, UnixListener, UnixStream};
pub use self::{
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
};
use crate::reactor::{AsHandle, Source};

/// Waits for a connect that has begun: writable, no error pending, and there is a peer.
///
/// Dropping this future closes the socket (law `L110`).
async fn connected<T: AsHandle>(
    source: Source<T>,
    take_error: impl Fn(&T) -> io::Result<Option<io::Error>>,
    has_peer: impl Fn(&T) -> io::Result<()>,
) -> io::Result<Source<T>> {
    let mut wait = Wait::new();
    let outcome = |io: &T| match take_error(io)? {
        Some(error) => Err(error),
        // Writable, but not yet connected: that event was not the one.
        None => has_peer(io).map_err(|error| match error.kind() {
            io::ErrorKind::NotConnected => io::ErrorKind::WouldBlock.into(),
            _ => error,
        }),
    };
    poll_fn(|cx| source.poll_io(cx, Direction::Write, &mut wait, outcome, |()| false)).await?;
    Ok(source)
}

/// A read of `n` bytes into room for `room` left nothing behind, and is not the end of the stream.
fn is_short(n: usize, room: usize) -> bool {
    0 < n && n < room
}

/// The sending half ends with a close.
const CLOSE: Shutdown = Shutdown::Write;

/// What a socket that is still in use by others answers to being given out (law `L105`).
fn in_use() -> io::Error {
    io::Error::other("the socket has clones or halves that are still in use")
}
