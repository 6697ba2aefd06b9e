//! What every object of async-io needs to be polled by anybody: [`Source`].
//!
//! Knows no kind of socket; `net/` puts them in.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::io::{Direction, Wait};
use anyrt_kit::fork::Held;
use anyrt_kit::wait::Waiters;
use async_io::Async;
use pin_project_lite::pin_project;

use crate::home::Home;

/// An object that is waited on, by any number of tasks in each direction.
pub(crate) struct Source<S> {
    pub(crate) io: Held<Async<S>>,
    readers: Waiters,
    writers: Waiters,
    home: Arc<Home>,
}

impl<S> Source<S> {
    pub(crate) fn new(home: &Arc<Home>, io: Async<S>) -> Arc<Self> {
        Arc::new(Source {
            io: Held::new(io),
            readers: Waiters::on(&home.roll),
            writers: Waiters::on(&home.roll),
            home: Arc::clone(home),
        })
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// Tries an operation of std's whenever the object is ready, until it does not find otherwise.
    pub(crate) fn poll<T>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let waiters = self.waiters(direction);
        let answer = waiters.poll(cx, wait, |cx| {
            loop {
                match operation(self.io.get_ref()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    done => return Poll::Ready(done),
                }
                self.home.check()?;
                ready!(match direction {
                    Direction::Read => self.io.poll_readable(cx),
                    Direction::Write => self.io.poll_writable(cx),
                })?;
            }
        });
        if answer.is_pending()
            && let Some(gone) = self.home.gone()
        {
            waiters.cancel(wait);
            return Poll::Ready(Err(gone));
        }
        answer
    }

    pub(crate) fn cancel(&self, direction: Direction, wait: &mut Wait) {
        self.waiters(direction).cancel(wait);
    }

    /// The object itself, if nobody shares it.
    pub(crate) fn into_io(self: Arc<Self>) -> io::Result<S> {
        match Arc::into_inner(self) {
            Some(source) => source.io.into_inner().into_inner(),
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

pin_project! {
    /// A future of async-io's that ends, with an error, when its runtime does.
    pub(crate) struct Ending<F> {
        #[pin]
        future: F,
        waiters: Waiters,
        wait: Wait,
        home: Arc<Home>,
    }
}

impl<F> Ending<F> {
    pub(crate) fn new(home: &Arc<Home>, future: F) -> Self {
        Ending {
            future,
            waiters: Waiters::on(&home.roll),
            wait: Wait::new(),
            home: Arc::clone(home),
        }
    }
}

impl<T, F: Future<Output = io::Result<T>>> Future for Ending<F> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.project();
        if let Some(gone) = this.home.gone() {
            return Poll::Ready(Err(gone));
        }
        let future = this.future;
        let answer = this.waiters.poll(cx, this.wait, |cx| future.poll(cx));
        if answer.is_pending()
            && let Some(gone) = this.home.gone()
        {
            return Poll::Ready(Err(gone));
        }
        answer
    }
}
