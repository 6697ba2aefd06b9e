//! Erased conversions from and to std's sockets and files.

use std::io;

use super::net::Making;
use super::{AnyFile, AnyRuntime, AnyTcpListener, AnyTcpStream, AnyUdpSocket};
use crate::os::OsHandles;

/// What an erased backend does for std's sockets and files.
pub(super) trait ErasedOs: Send + Sync {
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<AnyTcpStream>;
    fn tcp_into_std(&self, stream: AnyTcpStream) -> io::Result<std::net::TcpStream>;
    fn tcp_listener_from_std(&self, listener: std::net::TcpListener) -> io::Result<AnyTcpListener>;
    fn tcp_listener_into_std(&self, listener: AnyTcpListener) -> io::Result<std::net::TcpListener>;
    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<AnyUdpSocket>;
    fn udp_into_std(&self, socket: AnyUdpSocket) -> io::Result<std::net::UdpSocket>;
    fn file_from_std(&self, file: std::fs::File) -> io::Result<AnyFile>;
    fn file_into_std(&self, file: AnyFile) -> Making<'_, std::fs::File>;
}

impl<R: OsHandles> ErasedOs for R {
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<AnyTcpStream> {
        OsHandles::tcp_from_std(self, stream).map(AnyTcpStream::new)
    }

    fn tcp_into_std(&self, stream: AnyTcpStream) -> io::Result<std::net::TcpStream> {
        let raw = stream.downcast().map_err(|_| foreign())?;
        OsHandles::tcp_into_std(self, raw)
    }

    fn tcp_listener_from_std(&self, listener: std::net::TcpListener) -> io::Result<AnyTcpListener> {
        OsHandles::tcp_listener_from_std(self, listener).map(AnyTcpListener::new)
    }

    fn tcp_listener_into_std(&self, listener: AnyTcpListener) -> io::Result<std::net::TcpListener> {
        let raw = listener.downcast().map_err(|_| foreign())?;
        OsHandles::tcp_listener_into_std(self, raw)
    }

    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<AnyUdpSocket> {
        OsHandles::udp_from_std(self, socket).map(AnyUdpSocket::new)
    }

    fn udp_into_std(&self, socket: AnyUdpSocket) -> io::Result<std::net::UdpSocket> {
        let raw = socket.downcast().map_err(|_| foreign())?;
        OsHandles::udp_into_std(self, raw)
    }

    fn file_from_std(&self, file: std::fs::File) -> io::Result<AnyFile> {
        OsHandles::file_from_std(self, file).map(AnyFile::new)
    }

    fn file_into_std(&self, file: AnyFile) -> Making<'_, std::fs::File> {
        Box::pin(async move {
            let raw = file.downcast().map_err(|_| foreign())?;
            OsHandles::file_into_std(self, raw).await
        })
    }
}

/// The object was made by another backend than the one that is asked to give it out.
pub(super) fn foreign() -> io::Error {
    let text = "the object belongs to a runtime of another backend";
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

impl AnyRuntime {
    fn os(&self) -> io::Result<&dyn ErasedOs> {
        let os = self.erased.os();
        os.ok_or_else(|| self.lacks("sockets and files of an operating system"))
    }
}

impl OsHandles for AnyRuntime {
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<AnyTcpStream> {
        self.os()?.tcp_from_std(stream)
    }

    fn tcp_into_std(&self, stream: AnyTcpStream) -> io::Result<std::net::TcpStream> {
        self.os()?.tcp_into_std(stream)
    }

    fn tcp_listener_from_std(&self, listener: std::net::TcpListener) -> io::Result<AnyTcpListener> {
        self.os()?.tcp_listener_from_std(listener)
    }

    fn tcp_listener_into_std(&self, listener: AnyTcpListener) -> io::Result<std::net::TcpListener> {
        self.os()?.tcp_listener_into_std(listener)
    }

    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<AnyUdpSocket> {
        self.os()?.udp_from_std(socket)
    }

    fn udp_into_std(&self, socket: AnyUdpSocket) -> io::Result<std::net::UdpSocket> {
        self.os()?.udp_into_std(socket)
    }

    fn file_from_std(&self, file: std::fs::File) -> io::Result<AnyFile> {
        self.os()?.file_from_std(file)
    }

    async fn file_into_std(&self, file: AnyFile) -> io::Result<std::fs::File> {
        self.os()?.file_into_std(file).await
    }
}
