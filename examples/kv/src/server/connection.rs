//! One client: reads, lets the engine answer, writes.
//!
//! It knows buffers and limits, and neither commands nor the log. The server spawns one for each
//! client.

use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyrt_api::net::TcpStream;
use anyrt_api::{Runtime, time};
use futures_lite::future::or;

use crate::engine::{End, Engine};
use crate::latch::Latch;
use crate::resp::{Input, Output};

/// A client that was let in.
#[derive(Debug)]
pub(super) struct Connection<R: Runtime> {
    stream: TcpStream<R>,
    input: Input,
    output: Output,
    engine: Arc<Engine<R>>,
    stop: Arc<Latch<()>>,
    rt: R,
}

impl<R: Runtime> Connection<R> {
    pub(super) fn new(
        stream: TcpStream<R>,
        engine: Arc<Engine<R>>,
        stop: Arc<Latch<()>>,
        rt: R,
    ) -> Self {
        engine.stats().clients.add(1);
        let (input, output) = (engine.input(), engine.output());
        Self {
            stream,
            input,
            output,
            engine,
            stop,
            rt,
        }
    }

    /// Serves the client until one side has had enough.
    pub(super) async fn run(mut self) {
        // A reply should not wait for a second one to share its packet.
        let _ = self.stream.set_nodelay(true);
        if let Err(error) = self.serve().await {
            log::debug!("a client is gone: {error}");
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        let stop = Arc::clone(&self.stop);
        // One place in line for the whole connection, not one for each read.
        let mut stop = pin!(stop.wait());
        while self.fill(stop.as_mut()).await? {
            loop {
                let chunk = self.engine.run(&mut self.input, &mut self.output);
                let end = chunk.settle(&mut self.output).await;
                if end == End::Abandon {
                    return Ok(());
                }
                self.send().await?;
                match end {
                    End::Drained => break,
                    End::Full => {}
                    End::Close | End::Abandon => return Ok(()),
                    End::Broken(_) => return self.part().await,
                }
            }
        }
        Ok(())
    }

    /// Reads what has come; false if there will be no more, or the server stops.
    async fn fill(&mut self, stop: Pin<&mut impl Future<Output = ()>>) -> io::Result<bool> {
        let stop = async {
            stop.await;
            Ok(0)
        };
        let limit = self.engine.config().idle_timeout;
        let read = within(limit, self.stream.read(self.input.room()), &self.rt);
        let n = or(stop, read).await?;
        self.input.filled(n);
        Ok(n > 0)
    }

    /// Sends the replies. A client that takes none for the length of the idle timeout is given up.
    async fn send(&mut self) -> io::Result<()> {
        let limit = self.engine.config().idle_timeout;
        let mut rest = self.output.as_bytes();
        while !rest.is_empty() {
            let n = within(limit, self.stream.write(rest), &self.rt).await?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = &rest[n..];
        }
        self.output.clear();
        Ok(())
    }

    /// Closes so that the last reply arrives: to close with bytes unread would reset the
    /// connection, and the reply be lost. So what still comes is read and dropped, for a while.
    async fn part(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let mut unread = vec![0; 16 * 1024];
        let drain = async {
            let mut left = PART_MAX_BYTES;
            while left > 0 {
                match self.stream.read(&mut unread).await? {
                    0 => break,
                    n => left = left.saturating_sub(n),
                }
            }
            Ok(())
        };
        within(Some(PART_LIMIT), drain, &self.rt).await
    }
}

impl<R: Runtime> Drop for Connection<R> {
    fn drop(&mut self) {
        self.engine.stats().clients.sub(1);
    }
}

/// Gives `operation` at most `limit`.
async fn within<T, R: Runtime>(
    limit: Option<Duration>,
    operation: impl Future<Output = io::Result<T>>,
    rt: &R,
) -> io::Result<T> {
    match limit {
        Some(limit) => time::timeout_in(limit, operation, rt).await?,
        None => operation.await,
    }
}

const PART_LIMIT: Duration = Duration::from_secs(1);

const PART_MAX_BYTES: usize = 1024 * 1024;
