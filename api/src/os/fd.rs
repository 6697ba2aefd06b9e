//! Our sockets and files as the system's descriptors: [`AsFd`] where the backend's object has one.
//! Unix only.
//!
//! Absent on [`AnyRuntime`](crate::AnyRuntime) and on backends without an operating system.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::fs::File;
use crate::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use crate::{AsyncFs, AsyncNet, AsyncUnixNet};

impl<R: AsyncFs<File: AsFd>> AsFd for File<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncFs<File: AsFd>> AsRawFd for File<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncNet<TcpStream: AsFd>> AsFd for TcpStream<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncNet<TcpStream: AsFd>> AsRawFd for TcpStream<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncNet<TcpListener: AsFd>> AsFd for TcpListener<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncNet<TcpListener: AsFd>> AsRawFd for TcpListener<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncNet<UdpSocket: AsFd>> AsFd for UdpSocket<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncNet<UdpSocket: AsFd>> AsRawFd for UdpSocket<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncUnixNet<UnixStream: AsFd>> AsFd for UnixStream<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncUnixNet<UnixStream: AsFd>> AsRawFd for UnixStream<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncUnixNet<UnixListener: AsFd>> AsFd for UnixListener<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncUnixNet<UnixListener: AsFd>> AsRawFd for UnixListener<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<R: AsyncUnixNet<UnixDatagram: AsFd>> AsFd for UnixDatagram<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_raw().as_fd()
    }
}

impl<R: AsyncUnixNet<UnixDatagram: AsFd>> AsRawFd for UnixDatagram<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
