//! From std's sockets and files and back.

use std::io;
use std::os::unix::net as unix;

use anyrt_api::os::{OsHandles, OsUnixHandles};

use super::{File, Listener, Sick, Tcp, Udp, UnixDatagram, UnixListener, UnixStream};

impl OsHandles for Sick {
    fn tcp_from_std(&self, stream: std::net::TcpStream) -> io::Result<Tcp> {
        self.mutant().tcp_from_std(self, stream)
    }

    fn tcp_into_std(&self, stream: Tcp) -> io::Result<std::net::TcpStream> {
        self.mutant().tcp_into_std(self, stream)
    }

    fn tcp_listener_from_std(&self, listener: std::net::TcpListener) -> io::Result<Listener> {
        self.mutant().listener_from_std(self, listener)
    }

    fn tcp_listener_into_std(&self, listener: Listener) -> io::Result<std::net::TcpListener> {
        self.native.tcp_listener_into_std(listener.into_raw())
    }

    fn udp_from_std(&self, socket: std::net::UdpSocket) -> io::Result<Udp> {
        self.mutant().udp_from_std(self, socket)
    }

    fn udp_into_std(&self, socket: Udp) -> io::Result<std::net::UdpSocket> {
        self.native.udp_into_std(socket.into_raw())
    }

    fn file_from_std(&self, file: std::fs::File) -> io::Result<File> {
        Ok(File::new(self.native.file_from_std(file)?, self))
    }

    async fn file_into_std(&self, file: File) -> io::Result<std::fs::File> {
        let file = self.native.file_into_std(file.into_raw()).await?;
        self.mutant().file_given_out(self, &file)?;
        Ok(file)
    }
}

impl OsUnixHandles for Sick {
    fn unix_stream_from_std(&self, stream: unix::UnixStream) -> io::Result<UnixStream> {
        let raw = self.native.unix_stream_from_std(stream)?;
        Ok(UnixStream::new(raw, self))
    }

    fn unix_stream_into_std(&self, stream: UnixStream) -> io::Result<unix::UnixStream> {
        self.native.unix_stream_into_std(stream.into_raw())
    }

    fn unix_listener_from_std(&self, listener: unix::UnixListener) -> io::Result<UnixListener> {
        let raw = self.native.unix_listener_from_std(listener)?;
        Ok(UnixListener::new(raw, self))
    }

    fn unix_listener_into_std(&self, listener: UnixListener) -> io::Result<unix::UnixListener> {
        self.native.unix_listener_into_std(listener.into_raw())
    }

    fn unix_datagram_from_std(&self, socket: unix::UnixDatagram) -> io::Result<UnixDatagram> {
        let raw = self.native.unix_datagram_from_std(socket)?;
        Ok(UnixDatagram::new(raw, self))
    }

    fn unix_datagram_into_std(&self, socket: UnixDatagram) -> io::Result<unix::UnixDatagram> {
        self.native.unix_datagram_into_std(socket.into_raw())
    }
}
