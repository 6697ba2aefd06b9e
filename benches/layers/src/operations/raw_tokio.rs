//! tokio as its own users call it. Knows nothing of anyrt.

use std::future::{Future, poll_fn};
use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::{fs, task, time};

use super::{HOUR, LOOPBACK, MESSAGE, Operations, PAGE, SMALL, repeat};
use crate::cell::Operation;

struct Raw;

pub(super) fn run(operation: Operation, n_times: usize) -> io::Result<()> {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build()?;
    runtime.block_on(runtime.spawn(repeat(Raw, operation, n_times)))?
}

impl Operations for Raw {
    async fn spawn_join(&self, n_times: usize) -> io::Result<()> {
        for number in 0..n_times {
            assert_eq!(task::spawn(async move { number }).await?, number);
        }
        Ok(())
    }

    async fn sleep(&self, n_times: usize) -> io::Result<()> {
        for _ in 0..n_times {
            let mut sleep = pin!(time::sleep(HOUR));
            let once = |cx: &mut Context<'_>| Poll::Ready(sleep.as_mut().poll(cx).is_pending());
            assert!(poll_fn(once).await, "an hour is not over");
        }
        Ok(())
    }

    async fn tcp(&self, n_times: usize) -> io::Result<()> {
        let listener = TcpListener::bind(LOOPBACK).await?;
        let mut from = TcpStream::connect(listener.local_addr()?).await?;
        let (mut to, _) = listener.accept().await?;
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
            assert_eq!(fs::read(path).await?.len(), SMALL);
        }
        Ok(())
    }

    /// tokio has no read at an offset.
    async fn read_at(&self, path: &Path, n_times: usize) -> io::Result<()> {
        let mut file = fs::File::open(path).await?;
        let mut buf = [0; PAGE];
        for _ in 0..n_times {
            file.seek(SeekFrom::Start(0)).await?;
            file.read_exact(&mut buf).await?;
        }
        Ok(())
    }
}
