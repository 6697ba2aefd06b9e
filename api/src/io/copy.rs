//! Two streams joined both ways: [`copy_bidirectional`].

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

/// Bytes that each direction holds.
const CAPACITY: usize = 8 * 1024;

/// Copies from `a` to `b` and from `b` to `a` until both have ended: what a proxy does.
///
/// When one ends, the other is closed for writing, and the copy the other way goes on. Gives the
/// bytes copied from `a` to `b`, and from `b` to `a`. Allocates 8 KiB a direction.
///
/// # Errors
///
/// The first error of either direction; what was in flight is lost.
///
/// # Cancel safety
///
/// Not safe: bytes that were read and not yet written are lost.
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut forth = Flow::new();
    let mut back = Flow::new();
    poll_fn(|cx| {
        // Both are polled each time: one that waits must not keep the other from its progress.
        let forth = forth.poll(cx, a, b)?;
        let back = back.poll(cx, b, a)?;
        match (forth, back) {
            (Poll::Ready(forth), Poll::Ready(back)) => Poll::Ready(Ok((forth, back))),
            _ => Poll::Pending,
        }
    })
    .await
}

/// One direction.
struct Flow {
    buffer: Box<[u8]>,
    // What has been read and not written is `buffer[start..end]`.
    start: usize,
    end: usize,
    copied: u64,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Copying,
    Closing,
    Done,
}

impl Flow {
    fn new() -> Self {
        let buffer = vec![0; CAPACITY].into_boxed_slice();
        Flow {
            buffer,
            start: 0,
            end: 0,
            copied: 0,
            state: State::Copying,
        }
    }

    fn poll<A, B>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut A,
        to: &mut B,
    ) -> io::Result<Poll<u64>>
    where
        A: AsyncRead + Unpin + ?Sized,
        B: AsyncWrite + Unpin + ?Sized,
    {
        match self.poll_step(cx, from, to) {
            Poll::Ready(Ok(())) => Ok(Poll::Ready(self.copied)),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    fn poll_step<A, B>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut A,
        to: &mut B,
    ) -> Poll<io::Result<()>>
    where
        A: AsyncRead + Unpin + ?Sized,
        B: AsyncWrite + Unpin + ?Sized,
    {
        while self.state == State::Copying {
            if self.start == self.end {
                self.start = 0;
                self.end = 0;
                match Pin::new(&mut *from).poll_read(cx, &mut self.buffer) {
                    Poll::Ready(Ok(0)) => self.state = State::Closing,
                    Poll::Ready(n) => self.end = n?,
                    Poll::Pending => {
                        // Whoever buffers below must not sit on what the reader's peer waits for.
                        ready!(Pin::new(&mut *to).poll_flush(cx))?;
                        return Poll::Pending;
                    }
                }
            }
            while self.start < self.end {
                let rest = &self.buffer[self.start..self.end];
                match ready!(Pin::new(&mut *to).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    n => {
                        self.start += n;
                        self.copied += n as u64;
                    }
                }
            }
        }
        if self.state == State::Closing {
            ready!(Pin::new(&mut *to).poll_close(cx))?;
            self.state = State::Done;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, zip};
    use futures_lite::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::io::duplex;

    #[test]
    fn each_way_ends_by_itself() {
        block_on(async {
            let (mut client, mut left) = duplex(16);
            let (mut right, mut server) = duplex(16);
            let ends = async {
                let (sent, served) = zip(
                    async {
                        client.write_all(&[7; 1000]).await.expect("the proxy reads");
                        client.close().await.expect("it is open");
                        let mut reply = Vec::new();
                        client
                            .read_to_end(&mut reply)
                            .await
                            .expect("the server replies");
                        reply
                    },
                    async {
                        let mut request = Vec::new();
                        server
                            .read_to_end(&mut request)
                            .await
                            .expect("the client sends");
                        server.write_all(b"seen").await.expect("the proxy reads");
                        server.close().await.expect("it is open");
                        request
                    },
                )
                .await;
                assert_eq!(sent, b"seen");
                assert_eq!(served, [7; 1000]);
            };
            let (copied, ()) = zip(copy_bidirectional(&mut left, &mut right), ends).await;
            assert_eq!(copied.expect("nothing fails"), (1000, 4));
        });
    }
}
