//! Connections for laws, both ends made by the runtime under test; and bytes that tell where they
//! belong.

use std::io;
use std::net::SocketAddr;

use anyrt_api::Runtime;
use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use futures_lite::future::zip;

/// The loopback address with a port of the system's choice.
pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) async fn listener<R: Runtime>(rt: &R) -> (TcpListener<R>, SocketAddr) {
    let listener = TcpListener::bind_in(any_port(), rt)
        .await
        .expect("a listener");
    let addr = listener.local_addr().expect("its address");
    (listener, addr)
}

/// Two ends of a TCP connection.
pub(crate) async fn pair<R: Runtime>(rt: &R) -> (TcpStream<R>, TcpStream<R>) {
    let (listener, addr) = listener(rt).await;
    let ends = zip(TcpStream::connect_in(addr, rt), listener.accept()).await;
    (ends.0.expect("it connects"), ends.1.expect("it accepts").0)
}

/// A datagram socket and its address.
pub(crate) async fn datagrams<R: Runtime>(rt: &R) -> (UdpSocket<R>, SocketAddr) {
    let socket = UdpSocket::bind_in(any_port(), rt).await.expect("a socket");
    let addr = socket.local_addr().expect("its address");
    (socket, addr)
}

/// The byte that stands at `position` of every long transfer here. The period is a prime, so that a
/// block which is lost, doubled or swapped shows.
pub(crate) fn byte_at(position: usize) -> u8 {
    (position % PERIOD) as u8
}

/// The bytes of a transfer from `start` on.
pub(crate) fn bytes_from(start: usize, len: usize) -> Vec<u8> {
    (start..start + len).map(byte_at).collect()
}

/// The same bytes where there are many of them: a table, of which pieces are lent.
pub(crate) struct Pattern(Vec<u8>);

impl Pattern {
    /// For pieces of at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Pattern(bytes_from(0, PERIOD + most))
    }

    /// The bytes of a transfer from `position` on.
    pub(crate) fn at(&self, position: usize, len: usize) -> &[u8] {
        &self.0[position % PERIOD..][..len]
    }
}

/// After so many bytes they are the same again.
const PERIOD: usize = 251;

/// Reads until the end, `chunk` bytes at most at a time; the number of bytes, each of which was the
/// one that belongs there.
pub(crate) async fn read_checked<R: Runtime>(
    stream: &TcpStream<R>,
    chunk: usize,
) -> io::Result<usize> {
    let mut buf = vec![0; chunk];
    let mut total = 0;
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return Ok(total);
        }
        let is_right = buf[..n]
            .iter()
            .enumerate()
            .all(|(i, byte)| *byte == byte_at(total + i));
        assert!(is_right, "wrong bytes at {total}..{}", total + n);
        total += n;
    }
}
