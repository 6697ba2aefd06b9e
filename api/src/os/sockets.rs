//! From std's internet sockets to ours and back: `from_std` and `into_std`.

use std::io;

use super::OsHandles;
use crate::AnyRuntime;
use crate::net::{TcpListener, TcpStream, UdpSocket};

impl TcpStream {
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
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        TcpStream::from_std_in(stream, &AnyRuntime::current())
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
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        self.into_std_in(&AnyRuntime::current())
    }
}

impl<R: OsHandles> TcpStream<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(stream: std::net::TcpStream, rt: &R) -> io::Result<Self> {
        rt.tcp_from_std(stream).map(TcpStream::from_raw)
    }

    /// Gives the socket out by `rt`, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std_in(self, rt: &R) -> io::Result<std::net::TcpStream> {
        rt.tcp_into_std(self.into_raw())
    }
}

impl TcpListener {
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
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        TcpListener::from_std_in(listener, &AnyRuntime::current())
    }
}

impl<R: OsHandles> TcpListener<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(listener: std::net::TcpListener, rt: &R) -> io::Result<Self> {
        rt.tcp_listener_from_std(listener)
            .map(|raw| TcpListener::from_raw_in(raw, rt))
    }

    /// Gives the socket out, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        let rt = self.runtime().clone();
        rt.tcp_listener_into_std(self.into_raw())
    }
}

impl UdpSocket {
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
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        UdpSocket::from_std_in(socket, &AnyRuntime::current())
    }
}

impl<R: OsHandles> UdpSocket<R> {
    /// Takes a socket of std in, on `rt`; a blocking one is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_std_in(socket: std::net::UdpSocket, rt: &R) -> io::Result<Self> {
        rt.udp_from_std(socket)
            .map(|raw| UdpSocket::from_raw_in(raw, rt))
    }

    /// Gives the socket out, deregistered and blocking.
    ///
    /// # Errors
    ///
    /// If other handles on it are still there, which go on working.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        let rt = self.runtime().clone();
        rt.udp_into_std(self.into_raw())
    }
}
