//! Erased conversions from and to std's Unix sockets.

use std::io;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use super::os::foreign;
use super::{AnyRuntime, AnyUnixDatagram, AnyUnixListener, AnyUnixStream};
use crate::os::OsUnixHandles;

/// What an erased backend does for std's Unix sockets.
pub(super) trait ErasedOsUnix: Send + Sync {
    fn unix_stream_from_std(&self, stream: UnixStream) -> io::Result<AnyUnixStream>;
    fn unix_stream_into_std(&self, stream: AnyUnixStream) -> io::Result<UnixStream>;
    fn unix_listener_from_std(&self, listener: UnixListener) -> io::Result<AnyUnixListener>;
    fn unix_listener_into_std(&self, listener: AnyUnixListener) -> io::Result<UnixListener>;
    fn unix_datagram_from_std(&self, socket: UnixDatagram) -> io::Result<AnyUnixDatagram>;
    fn unix_datagram_into_std(&self, socket: AnyUnixDatagram) -> io::Result<UnixDatagram>;
}

impl<R: OsUnixHandles> ErasedOsUnix for R {
    fn unix_stream_from_std(&self, stream: UnixStream) -> io::Result<AnyUnixStream> {
        OsUnixHandles::unix_stream_from_std(self, stream).map(AnyUnixStream::new)
    }

    fn unix_stream_into_std(&self, stream: AnyUnixStream) -> io::Result<UnixStream> {
        let raw = stream.downcast().map_err(|_| foreign())?;
        OsUnixHandles::unix_stream_into_std(self, raw)
    }

    fn unix_listener_from_std(&self, listener: UnixListener) -> io::Result<AnyUnixListener> {
        OsUnixHandles::unix_listener_from_std(self, listener).map(AnyUnixListener::new)
    }

    fn unix_listener_into_std(&self, listener: AnyUnixListener) -> io::Result<UnixListener> {
        let raw = listener.downcast().map_err(|_| foreign())?;
        OsUnixHandles::unix_listener_into_std(self, raw)
    }

    fn unix_datagram_from_std(&self, socket: UnixDatagram) -> io::Result<AnyUnixDatagram> {
        OsUnixHandles::unix_datagram_from_std(self, socket).map(AnyUnixDatagram::new)
    }

    fn unix_datagram_into_std(&self, socket: AnyUnixDatagram) -> io::Result<UnixDatagram> {
        let raw = socket.downcast().map_err(|_| foreign())?;
        OsUnixHandles::unix_datagram_into_std(self, raw)
    }
}

impl AnyRuntime {
    fn os_unix(&self) -> io::Result<&dyn ErasedOsUnix> {
        let os = self.erased.os_unix();
        os.ok_or_else(|| self.lacks("Unix sockets of an operating system"))
    }
}

impl OsUnixHandles for AnyRuntime {
    fn unix_stream_from_std(&self, stream: UnixStream) -> io::Result<AnyUnixStream> {
        self.os_unix()?.unix_stream_from_std(stream)
    }

    fn unix_stream_into_std(&self, stream: AnyUnixStream) -> io::Result<UnixStream> {
        self.os_unix()?.unix_stream_into_std(stream)
    }

    fn unix_listener_from_std(&self, listener: UnixListener) -> io::Result<AnyUnixListener> {
        self.os_unix()?.unix_listener_from_std(listener)
    }

    fn unix_listener_into_std(&self, listener: AnyUnixListener) -> io::Result<UnixListener> {
        self.os_unix()?.unix_listener_into_std(listener)
    }

    fn unix_datagram_from_std(&self, socket: UnixDatagram) -> io::Result<AnyUnixDatagram> {
        self.os_unix()?.unix_datagram_from_std(socket)
    }

    fn unix_datagram_into_std(&self, socket: AnyUnixDatagram) -> io::Result<UnixDatagram> {
        self.os_unix()?.unix_datagram_into_std(socket)
    }
}
