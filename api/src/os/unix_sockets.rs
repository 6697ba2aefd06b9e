//! From std's Unix sockets to ours and back: `from_std` and `into_std`. Unix only.

use std::io;
use std::os::unix::net;

use super::OsUnixHandles;
use crate::AnyRuntime;
use crate::net::{UnixDatagram, UnixListener, UnixStream};

impl UnixStream {
    /// Takes a socket of std in, on the current runtime; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's; `Unsupported` if the current runtime has no operating system's sockets.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn from_std(stream: net::UnixStream) -> io::Result<Self> {
        UnixStream::from_std_in(stream, &AnyRuntime::current())
    }

    /// Gives the socket out, deregistered and blocking, by the current runtime, which must be of
    /// the backend that made it.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working; `InvalidInput` if the current
    /// runtime is of another backend.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        self.into_std_in(&AnyRuntime::current())
    }
}

impl<R: OsUnixHandles> UnixStream<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(stream: net::UnixStream, rt: &R) -> io::Result<Self> {
        rt.unix_stream_from_std(stream).map(UnixStream::from_raw)
    }

    /// Gives the socket out by `rt`, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std_in(self, rt: &R) -> io::Result<net::UnixStream> {
        rt.unix_stream_into_std(self.into_raw())
    }
}

impl UnixListener {
    /// Takes a socket of std in, on the current runtime; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's; `Unsupported` if the current runtime has no operating system's sockets.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<Self> {
        UnixListener::from_std_in(listener, &AnyRuntime::current())
    }
}

impl<R: OsUnixHandles> UnixListener<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(listener: net::UnixListener, rt: &R) -> io::Result<Self> {
        rt.unix_listener_from_std(listener)
            .map(|raw| UnixListener::from_raw_in(raw, rt))
    }

    /// Gives the socket out, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        let rt = self.runtime().clone();
        rt.unix_listener_into_std(self.into_raw())
    }
}

impl UnixDatagram {
    /// Takes a socket of std in, on the current runtime; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's; `Unsupported` if the current runtime has no operating system's sockets.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn from_std(socket: net::UnixDatagram) -> io::Result<Self> {
        UnixDatagram::from_std_in(socket, &AnyRuntime::current())
    }

    /// Gives the socket out, deregistered and blocking, by the current runtime, which must be of
    /// the backend that made it.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working; `InvalidInput` if the current
    /// runtime is of another backend.
    ///
    /// # Panics
    ///
    /// At the caller, if no runtime is current.
    #[track_caller]
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        self.into_std_in(&AnyRuntime::current())
    }
}

impl<R: OsUnixHandles> UnixDatagram<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(socket: net::UnixDatagram, rt: &R) -> io::Result<Self> {
        rt.unix_datagram_from_std(socket)
            .map(UnixDatagram::from_raw)
    }

    /// Gives the socket out by `rt`, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std_in(self, rt: &R) -> io::Result<net::UnixDatagram> {
        rt.unix_datagram_into_std(self.into_raw())
    }
}
