//! Layer A: the backend's own types, called as a backend's author would call them.
//!
//! What layer B has besides is the cooperative budget, without which an always-ready socket would
//! starve the others; whoever calls layer A charges it, so it is charged here by hand. Knows
//! nothing of which backend it is.

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use anyrt_api::Runtime;
use anyrt_api::budget;
use anyrt_api::fs::{OpenFlags, RawFile};
use anyrt_api::io::{RawStream, Wait};
use anyrt_api::task::TaskMeta;

use super::{HOUR, MESSAGE, Operations, PAGE, SMALL, surface};

pub(super) struct Direct<R>(pub(super) R);

impl<R: Runtime> Operations for Direct<R> {
    async fn spawn_join(&self, n_times: usize) -> io::Result<()> {
        for number in 0..n_times {
            let mut join = self.0.spawn_raw(async move { number }, TaskMeta::new());
            let output = charged(|cx| Pin::new(&mut join).poll(cx)).await;
            assert_eq!(output.map_err(io::Error::other)?, number);
        }
        Ok(())
    }

    async fn sleep(&self, n_times: usize) -> io::Result<()> {
        for _ in 0..n_times {
            let mut alarm = pin!(self.0.sleep_until(self.0.now() + HOUR));
            let once = |cx: &mut Context<'_>| {
                let polled = budget::poll(cx, |cx| alarm.as_mut().poll(cx));
                Poll::Ready(polled.is_pending())
            };
            assert!(poll_fn(once).await, "an hour is not over");
        }
        Ok(())
    }

    async fn tcp(&self, n_times: usize) -> io::Result<()> {
        let (from, to) = surface::pair(&self.0).await?;
        let (from, to) = (from.into_raw(), to.into_raw());
        let (sent, mut received) = ([7; MESSAGE], [0; MESSAGE]);
        for _ in 0..n_times {
            let mut wait = Wait::new();
            let n_written = charged(|cx| from.poll_write(cx, &mut wait, &sent)).await?;
            let mut wait = Wait::new();
            let n_read = charged(|cx| to.poll_read(cx, &mut wait, &mut received)).await?;
            assert_eq!((n_written, n_read), (MESSAGE, MESSAGE));
        }
        Ok(())
    }

    async fn read_file(&self, path: &Path, n_times: usize) -> io::Result<()> {
        for _ in 0..n_times {
            let mut reading = pin!(self.0.read_file(path));
            let bytes = charged(|cx| reading.as_mut().poll(cx)).await?;
            assert_eq!(bytes.len(), SMALL);
        }
        Ok(())
    }

    async fn read_at(&self, path: &Path, n_times: usize) -> io::Result<()> {
        let mut flags = OpenFlags::default();
        flags.read = true;
        let file = self.0.open_file(path, &flags).await?;
        let mut buf = [0; PAGE];
        for _ in 0..n_times {
            let n_read = read_at(&file, &mut buf, 0).await?;
            assert_eq!(n_read, PAGE);
        }
        Ok(())
    }
}

/// What a file's user waits for: on the spot if it can be, else from the pool. Layer A has the two
/// halves of it and no future of both.
async fn read_at<F: RawFile>(file: &F, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    match charged(|_| Poll::Ready(file.try_read_at(buf, offset))).await {
        Some(read) => read,
        None => file.read_at(buf, offset).await,
    }
}

/// Each poll is charged to the task's budget.
fn charged<T>(mut operation: impl FnMut(&mut Context<'_>) -> Poll<T>) -> impl Future<Output = T> {
    poll_fn(move |cx| budget::poll(cx, &mut operation))
}
