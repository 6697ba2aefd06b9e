//! Mutants of Unix sockets: L131 to L135.

use std::io;
use std::os::unix::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, ready};

use anyrt_api::AsyncUnixNet;
use anyrt_api::io::RawStream;
use anyrt_api::net::{RawUnixDatagram, RawUnixListener};
use anyrt_api::os::OsUnixHandles;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::backend::{Doing, Io, Sick, Turn, UnixDatagram, UnixListener, UnixStream};
use crate::mutant::Mutant;

mutants! {
    FailsOnAFullBacklog: l131_a_full_backlog_waits => Broken;
    RemovesItsPath: l132_paths_are_kept_as_in_std => Broken;
    WantsUtf8ToListen: l133_bad_paths_are_invalid => Broken;
    SkipsEmptyDatagrams: l134_pairs_and_datagrams => Broken;
    WaitsBeforeItWrites: l135_a_fresh_stream_writes_at_once => Hang;
    PairsWithoutANumber: l189_without_descriptors_unix_sockets_say_so => Broken;
}

/// A connect to a full backlog fails.
#[derive(Default)]
struct FailsOnAFullBacklog;

impl Mutant for FailsOnAFullBacklog {
    fn connect_unix<'a>(&'a self, rt: &'a Sick, addr: &'a SocketAddr) -> Doing<'a, UnixStream> {
        Box::pin(async move {
            let path = addr.as_pathname().unwrap_or("".as_ref());
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            socket.connect(&SockAddr::unix(path)?)?;
            Ok(UnixStream::new(
                rt.native.unix_stream_from_std(socket.into())?,
                rt,
            ))
        })
    }
}

/// A listener that is dropped removes its path.
#[derive(Default)]
struct RemovesItsPath;

impl Mutant for RemovesItsPath {
    fn unix_listener_dropped(&self, listener: &mut UnixListener) {
        let is_last = Arc::strong_count(&listener.notes) == 1;
        if let (true, Ok(addr)) = (is_last, listener.raw.local_addr()) {
            addr.as_pathname().map(std::fs::remove_file);
        }
    }
}

/// A listener's path must be UTF-8.
#[derive(Default)]
struct WantsUtf8ToListen;

impl Mutant for WantsUtf8ToListen {
    fn listen_unix(&self, rt: &Sick, addr: &SocketAddr) -> io::Result<UnixListener> {
        if addr
            .as_pathname()
            .is_some_and(|path| path.to_str().is_none())
        {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(UnixListener::new(rt.native.listen_unix(addr)?, rt))
    }
}

/// A datagram without bytes is left out.
#[derive(Default)]
struct SkipsEmptyDatagrams;

impl Mutant for SkipsEmptyDatagrams {
    fn unix_recv_from(
        &self,
        unix: &UnixDatagram,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        match ready!(unix.raw.poll_recv_from(turn.cx, turn.wait, buf)?) {
            (0, _) => unix.raw.poll_recv_from(turn.cx, turn.wait, buf),
            received => Poll::Ready(Ok(received)),
        }
    }
}

/// The first write of a stream waits for an event, which does not come.
#[derive(Default)]
struct WaitsBeforeItWrites;

impl Mutant for WaitsBeforeItWrites {
    fn unix_write(&self, unix: &UnixStream, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        match unix.notes.mark() {
            true => unix.raw.poll_write(turn.cx, turn.wait, buf),
            false => Poll::Pending,
        }
    }
}

/// A pair that cannot be made does not say which error that was.
#[derive(Default)]
struct PairsWithoutANumber;

impl Mutant for PairsWithoutANumber {
    fn unix_pair(&self, rt: &Sick) -> io::Result<(UnixStream, UnixStream)> {
        let pair = rt.native.unix_pair();
        let (one, other) = pair.map_err(|_| io::Error::other("no pair"))?;
        Ok((UnixStream::new(one, rt), UnixStream::new(other, rt)))
    }
}
