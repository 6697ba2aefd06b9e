//! Layer B: the std-shaped functions and types, as a library's author calls them. Over `AnyRuntime`
//! they are the erased column.
//!
//! Knows nothing of which backend it is.

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll};

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File};
use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::{task, time};

use super::{HOUR, LOOPBACK, MESSAGE, Operations, PAGE, SMALL};

pub(super) struct Surface<R>(pub(super) R);

impl<R: Runtime> Operations for Surface<R> {
    async fn spawn_join(&self, n_times: usize) -> io::Result<()> {
        for number in 0..n_times {
            let output = task::spawn_in(async move { number }, &self.0).await;
            assert_eq!(output.map_err(io::Error::other)?, number);
        }
        Ok(())
    }

    async fn sleep(&self, n_times: usize) -> io::Result<()> {
        for _ in 0..n_times {
            let mut sleep = pin!(time::sleep_in(HOUR, &self.0));
            let once = |cx: &mut Context<'_>| Poll::Ready(sleep.as_mut().poll(cx).is_pending());
            assert!(poll_fn(once).await, "an hour is not over");
        }
        Ok(())
    }

    async fn tcp(&self, n_times: usize) -> io::Result<()> {
        let (from, to) = pair(&self.0).await?;
        let (sent, mut received) = ([7; MESSAGE], [0; MESSAGE]);
        for _ in 0..n_times {
            let n_written = from.write(&sent).await?;
            let n_read = to.read(&mut received).await?;
            assert_eq!((n_written, n_read), (MESSAGE, MESSAGE));
        }
        Ok(())
    }

    async fn read_file(&self, path: &Path, n_times: usize) -> io::Result<()> {
        for _ in 0..n_times {
            let bytes = fs::read_in(path, &self.0).await?;
            assert_eq!(bytes.len(), SMALL);
        }
        Ok(())
    }

    async fn read_at(&self, path: &Path, n_times: usize) -> io::Result<()> {
        let file = File::open_in(path, &self.0).await?;
        let mut buf = [0; PAGE];
        for _ in 0..n_times {
            assert_eq!(file.read_at(&mut buf, 0).await?, PAGE);
        }
        Ok(())
    }
}

/// The two ends of a connection.
pub(super) async fn pair<R: Runtime>(rt: &R) -> io::Result<(TcpStream<R>, TcpStream<R>)> {
    let listener = TcpListener::bind_in(LOOPBACK, rt).await?;
    let client = TcpStream::connect_in(listener.local_addr()?, rt).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}
