//! Clocks and alarms: tokio's, which a paused test may have stopped.
//!
//! The only file of this crate that reads the clock. Knows nothing of tasks or sockets.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};

use anyrt_api::time::RawSleep;
use pin_project_lite::pin_project;

use crate::home::Home;
use crate::io::Tie;

/// The time on tokio's clock.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The time of day.
pub(crate) fn wallclock() -> SystemTime {
    SystemTime::now()
}

pin_project! {
    /// An alarm on tokio's timer. It allocates nothing.
    ///
    /// Polling it panics if the runtime is gone, with a message that names it.
    #[must_use = "futures do nothing unless polled"]
    pub struct Sleep {
        // Made at the first poll that has to wait, since tokio wants its runtime entered for it.
        #[pin]
        inner: Option<tokio::time::Sleep>,
        deadline: Instant,
        // Whether the deadline has yet to be compared with the clock: tokio's own timer is never
        // ready at its first poll.
        is_new: bool,
        tie: Tie,
    }
}

impl Sleep {
    pub(crate) fn new(home: &Arc<Home>, deadline: Instant) -> Self {
        Sleep {
            inner: None,
            deadline,
            is_new: true,
            tie: Tie::new(home),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if *this.is_new && now() >= *this.deadline {
            return Poll::Ready(());
        }
        *this.is_new = false;
        let home = this.tie.home();
        if let Some(gone) = home.gone() {
            panic!("{gone}");
        }
        if this.inner.is_none() {
            let _entered = home.handle.enter();
            let inner = tokio::time::sleep_until((*this.deadline).into());
            this.inner.set(Some(inner));
        }
        let inner = this.inner.as_pin_mut().expect("it was made above");
        if inner.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let undriven = ready!(this.tie.poll_undriven(cx));
        panic!("{undriven}");
    }
}

impl RawSleep for Sleep {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = deadline;
        *this.is_new = true;
        if let Some(inner) = this.inner.as_pin_mut() {
            inner.reset(deadline.into());
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
