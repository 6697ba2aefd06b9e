//! Clocks and alarms: std's clock and async-io's timers.
//!
//! The only file of this crate that reads the clock, but for the waits of a shutdown. Knows nothing
//! of tasks or sockets.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};

use anyrt_api::io::Wait;
use anyrt_api::time::RawSleep;
use anyrt_kit::wait::Waiters;
use async_io::Timer;

use crate::home::Home;

/// The time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time of day.
pub(crate) fn wallclock() -> SystemTime {
    SystemTime::now()
}

/// An alarm of async-io. It allocates once, if it has to wait.
///
/// Polling it panics if the runtime is gone, with a message that names it.
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    inner: Timer,
    // async-io drops the waker of a timer that is gone some time later, so it has none of a user's.
    sleeper: Waiters,
    wait: Wait,
    deadline: Instant,
    // async-io's timer never ends again after it ended once.
    is_over: bool,
    home: Arc<Home>,
}

impl Sleep {
    pub(crate) fn new(home: &Arc<Home>, deadline: Instant) -> Self {
        Sleep {
            inner: Timer::at(deadline),
            sleeper: Waiters::on(&home.roll),
            wait: Wait::new(),
            deadline,
            is_over: false,
            home: Arc::clone(home),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.is_over && now() < this.deadline {
            if let Some(forked) = this.home.forked() {
                panic!("{forked}");
            }
            let timer = Pin::new(&mut this.inner);
            let polled = this.sleeper.poll(cx, &mut this.wait, |cx| timer.poll(cx));
            if polled.is_pending()
                && let Some(gone) = this.home.gone()
            {
                panic!("{gone}");
            }
            ready!(polled);
        }
        this.is_over = true;
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

impl Drop for Sleep {
    fn drop(&mut self) {
        self.sleeper.cancel(&mut self.wait);
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
