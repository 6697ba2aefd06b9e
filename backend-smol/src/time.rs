//! Clocks and alarms: std's clock and async-io's timers.
//!
//! The only file of this crate that reads the clock, but for the waits of a shutdown. Knows nothing
//! of tasks or sockets.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};

use anyrt_api::time::RawSleep;
use async_io::Timer;

/// The time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time of day.
pub(crate) fn wallclock() -> SystemTime {
    SystemTime::now()
}

/// An alarm of async-io. It allocates nothing, and goes on working when the runtime is gone.
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    inner: Timer,
    deadline: Instant,
    // async-io's timer never ends again after it ended once.
    is_over: bool,
}

impl Sleep {
    pub(crate) fn new(deadline: Instant) -> Self {
        Sleep {
            inner: Timer::at(deadline),
            deadline,
            is_over: false,
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_over {
            ready!(Pin::new(&mut self.inner).poll(cx));
            self.is_over = true;
        }
        Poll::Ready(())
    }
}

impl RawSleep for Sleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.deadline = deadline;
        self.is_over = false;
        self.inner.set_at(deadline);
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
