//! What any socket of the system needs beside its options, which `socket2` has.

use std::io;
use std::net::Shutdown;

use socket2::SockRef;

/// Ends one direction of a connection, or both. `L118` Where there is no connection any more that
/// is `Ok`: code that tears down can do nothing about it.
///
/// # Errors
///
/// The system's, but for `NotConnected`.
pub fn shutdown(socket: &SockRef<'_>, how: Shutdown) -> io::Result<()> {
    match socket.shutdown(how) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}
