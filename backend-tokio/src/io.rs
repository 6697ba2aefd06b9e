//! What every object of tokio's needs to be polled by anybody: [`Tie`], [`Source`], [`Entered`].
//!
//! Knows no kind of socket; `net/` puts them in.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyrt_api::Core;
use anyrt_api::io::{Direction, Wait};
use anyrt_kit::fork::Held;
use anyrt_kit::gone;
use anyrt_kit::probe::Probe;
use anyrt_kit::wait::Waiters;
use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::Tokio;
use crate::home::{Home, map_gone};

/// What ties an object to its runtime, and finds out if nobody drives it.
#[derive(Debug)]
pub(crate) struct Tie {
    home: Arc<Home>,
    probe: Probe,
}

impl Tie {
    pub(crate) fn new(home: &Arc<Home>) -> Self {
        Tie {
            home: Arc::clone(home),
            probe: Probe::new(),
        }
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// For a poll that has to wait: ready, with the error, if the runtime turned out not to be
    /// driven (`L179`). Costs nothing on a runtime that is certain to be.
    pub(crate) fn poll_undriven(&self, cx: &Context<'_>) -> Poll<io::Error> {
        if !self.home.may_stall() {
            return Poll::Pending;
        }
        if self.probe.has_failed() {
            return Poll::Ready(gone::undriven(Tokio::NAME));
        }
        if let Some(prober) = self.home.prober() {
            let handle = &self.home.handle;
            self.probe.ask(prober, cx, |sign| {
                drop(handle.spawn(async move { sign.driven() }));
            });
        }
        Poll::Pending
    }
}

/// An object that is waited on, by any number of tasks in each direction.
pub(crate) struct Source<S> {
    pub(crate) io: Held<S>,
    readers: Waiters,
    writers: Waiters,
    tie: Tie,
}

impl<S> Source<S> {
    pub(crate) fn new(home: &Arc<Home>, io: S) -> Arc<Self> {
        Arc::new(Source {
            io: Held::new(io),
            readers: Waiters::new(),
            writers: Waiters::new(),
            tie: Tie::new(home),
        })
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.tie.home
    }

    /// Polls an operation of tokio's, which keeps one waker a direction.
    pub(crate) fn poll<T>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut operation: impl FnMut(&S, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        // A task of tokio's own that has spent its budget: it is woken here, and not by tokio,
        // which would do it under the lock of a stream.
        if !coop::has_budget_remaining() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let waiters = self.waiters(direction);
        let answer = waiters.poll(cx, wait, |cx| {
            loop {
                match ready!(operation(&self.io, cx)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    done => return Poll::Ready(done.map_err(map_gone)),
                }
            }
        });
        if answer.is_ready() {
            return answer;
        }
        let forked = self.home().forked();
        let lost = match forked {
            Some(forked) => forked,
            None => ready!(self.tie.poll_undriven(cx)),
        };
        waiters.cancel(wait);
        Poll::Ready(Err(lost))
    }

    pub(crate) fn cancel(&self, direction: Direction, wait: &mut Wait) {
        self.waiters(direction).cancel(wait);
    }

    /// The object itself, if nobody shares it.
    pub(crate) fn into_io(self: Arc<Self>) -> io::Result<S> {
        match Arc::into_inner(self) {
            Some(source) => Ok(source.io.into_inner()),
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
    /// A future of tokio's that wants its runtime entered at each poll and at its drop.
    pub(crate) struct Entered<F> {
        // `None` once dropped, which `PinnedDrop` does with the runtime entered.
        #[pin]
        future: Option<F>,
        // tokio has its waker and none of a user's, as in a `Source`.
        waiters: Waiters,
        wait: Wait,
        tie: Tie,
    }

    impl<F> PinnedDrop for Entered<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.tie.home.handle.enter();
            this.future.set(None);
            this.waiters.cancel(this.wait);
        }
    }
}

impl<F> Entered<F> {
    pub(crate) fn new(home: &Arc<Home>, future: F) -> Self {
        Entered {
            future: Some(future),
            waiters: Waiters::new(),
            wait: Wait::new(),
            tie: Tie::new(home),
        }
    }
}

impl<T, F: Future<Output = io::Result<T>>> Future for Entered<F> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.project();
        let polled = {
            let _entered = this.tie.home.enter()?;
            let future = this.future.as_pin_mut();
            let future = future.expect("the future stays until the drop");
            this.waiters.poll(cx, this.wait, |cx| future.poll(cx))
        };
        match polled {
            Poll::Ready(done) => Poll::Ready(done.map_err(map_gone)),
            Poll::Pending => this.tie.poll_undriven(cx).map(Err),
        }
    }
}
