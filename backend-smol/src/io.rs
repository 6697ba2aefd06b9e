//! What every object of async-io needs to be polled by anybody: [`Source`].
//!
//! Knows no kind of socket; `net/` puts them in.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, Wait};
use anyrt_kit::wait::Waiters;
use async_io::Async;

/// An object that is waited on, by any number of tasks in each direction.
pub(crate) struct Source<S> {
    pub(crate) io: Async<S>,
    readers: Waiters,
    writers: Waiters,
}

impl<S> Source<S> {
    pub(crate) fn new(io: Async<S>) -> Arc<Self> {
        Arc::new(Source {
            io,
            readers: Waiters::new(),
            writers: Waiters::new(),
        })
    }

    /// Tries an operation of std's whenever the object is ready, until it does not find otherwise.
    pub(crate) fn poll<T>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.waiters(direction).poll(cx, wait, |cx| {
            loop {
                match operation(self.io.get_ref()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    done => return Poll::Ready(done),
                }
                ready!(match direction {
                    Direction::Read => self.io.poll_readable(cx),
                    Direction::Write => self.io.poll_writable(cx),
                })?;
            }
        })
    }

    pub(crate) fn cancel(&self, direction: Direction, wait: &mut Wait) {
        self.waiters(direction).cancel(wait);
    }

    /// The object itself, if nobody shares it.
    pub(crate) fn into_io(self: Arc<Self>) -> io::Result<S> {
        match Arc::into_inner(self) {
            Some(source) => source.io.into_inner(),
            None => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "clones or halves of this object are still there",
            )),
        }
    }

    fn waiters(&self, direction: Direction) -> &Waiters {
        match direction {
            Direction::Read => &self.readers,
            Direction::Write => &self.writers,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
