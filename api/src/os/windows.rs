//! Our sockets and files as the system's: [`AsSocket`] and [`AsHandle`] where the backend's object
//! is one. Windows only.
//!
//! Absent on [`AnyRuntime`](crate::AnyRuntime) and on backends without an operating system.

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

use crate::fs::File;
use crate::net::{TcpListener, TcpStream, UdpSocket};
use crate::{AsyncFs, AsyncNet};

impl<R: AsyncFs<File: AsHandle>> AsHandle for File<R> {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.as_raw().as_handle()
    }
}

impl<R: AsyncFs<File: AsHandle>> AsRawHandle for File<R> {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}

impl<R: AsyncNet<TcpStream: AsSocket>> AsSocket for TcpStream<R> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.as_raw().as_socket()
    }
}

impl<R: AsyncNet<TcpStream: AsSocket>> AsRawSocket for TcpStream<R> {
    fn as_raw_socket(&self) -> RawSocket {
        self.as_socket().as_raw_socket()
    }
}

impl<R: AsyncNet<TcpListener: AsSocket>> AsSocket for TcpListener<R> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.as_raw().as_socket()
    }
}

impl<R: AsyncNet<TcpListener: AsSocket>> AsRawSocket for TcpListener<R> {
    fn as_raw_socket(&self) -> RawSocket {
        self.as_socket().as_raw_socket()
    }
}

impl<R: AsyncNet<UdpSocket: AsSocket>> AsSocket for UdpSocket<R> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.as_raw().as_socket()
    }
}

impl<R: AsyncNet<UdpSocket: AsSocket>> AsRawSocket for UdpSocket<R> {
    fn as_raw_socket(&self) -> RawSocket {
        self.as_socket().as_raw_socket()
    }
}
