//! A datagram socket whose receivers hear of refusals: [`Refusable`].
//!
//! That nobody is at a peer's port is an event of the socket which tokio hands to those who wait to
//! send, or for errors, and not to a receiver, who would wait for ever (`L127`). So a receiver on a
//! socket with a peer waits for errors as well. Knows nothing of addresses.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use anyrt_kit::lock::Lock;
use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::UdpSocket;

/// A socket, and who waits for its errors.
pub(crate) struct Refusable {
    // Shared with the future below alone.
    socket: Arc<UdpSocket>,
    /// The system tells nobody else.
    has_peer: AtomicBool,
    /// It waits for an error since a receiver began to. tokio has no poll for that.
    errors: Lock<Option<Waiting>>,
}

type Waiting = Pin<Box<dyn Future<Output = io::Result<Ready>> + Send>>;

impl Refusable {
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Refusable {
            has_peer: AtomicBool::new(socket.peer_addr().is_ok()),
            socket: Arc::new(socket),
            errors: Lock::new(None),
        }
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// It has a peer from now on.
    pub(crate) fn is_connected(&self) {
        // Relaxed: who receives on another thread meanwhile may be told of the peer or not.
        self.has_peer.store(true, Ordering::Relaxed);
    }

    pub(crate) fn into_socket(self) -> UdpSocket {
        drop(self.errors);
        Arc::into_inner(self.socket).expect("only the future that is gone had it too")
    }

    /// Polls `receive`, and where that waits, for an error.
    pub(crate) fn poll_receive<T>(
        &self,
        cx: &mut Context<'_>,
        mut receive: impl FnMut(&UdpSocket, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        loop {
            if let Poll::Ready(received) = receive(&self.socket, cx) {
                return Poll::Ready(received);
            }
            if !self.has_peer.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            if let Err(error) = ready!(self.poll_error(cx)) {
                return Poll::Ready(Err(error));
            }
        }
    }

    /// Ready once the socket has an error, which is returned, or had one that somebody else took.
    fn poll_error(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut errors = self.errors.lock();
        let waiting = errors.get_or_insert_with(|| {
            let socket = Arc::clone(&self.socket);
            Box::pin(async move { socket.ready(Interest::ERROR).await })
        });
        let came = ready!(waiting.as_mut().poll(cx));
        *errors = None;
        drop(errors);
        came?;
        // tokio forgets an event when an operation for it would block. The error itself is the
        // system's, and is taken here or by a send, once.
        let forget = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = self.socket.try_io(Interest::ERROR, forget);
        let error = SockRef::from(&*self.socket).take_error()?;
        Poll::Ready(error.map_or(Ok(()), Err))
    }
}

impl fmt::Debug for Refusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
