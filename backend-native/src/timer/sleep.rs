//! The future over the timers: [`Sleep`].
//!
//! It knows the driver, which has the timers, and of these that they take a waker at a deadline.
//! The door makes it.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use super::{now, wheel::Key};
use crate::driver::{Access, Driver};

/// The runtime is gone, so the alarm will never ring.
#[derive(Debug)]
struct Closed;

/// A future that is ready at a point in time. It is bound to the runtime that made it.
///
/// # Panics
///
/// Polling it panics if its deadline is still ahead and the runtime was shut down (law `L052`):
/// nothing could ring the alarm any more, and there is no error to return.
pub struct Sleep {
    driver: Arc<Access>,
    /// In the time of the driver's timers.
    deadline: u64,
    key: Option<Key>,
}

impl Sleep {
    #[inline]
    pub(crate) fn new(driver: Arc<Access>, deadline: Instant) -> Self {
        let deadline = driver.timers().time_of(deadline);
        Self {
            driver,
            deadline,
            key: None,
        }
    }

    /// An alarm after `period` from now.
    pub(crate) fn after(driver: Arc<Driver>, period: Duration) -> Self {
        Self::new(Access::new(driver), now() + period)
    }

    /// Moves the deadline, before or after it was reached.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.disarm();
        self.deadline = self.driver.timers().time_of(deadline);
    }

    /// The same with an error in place of the panic.
    pub(crate) async fn or_gone(mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_deadline(cx))
            .await
            .map_err(|Closed| self.driver.gone())
    }

    fn poll_deadline(&mut self, cx: &Context<'_>) -> Poll<Result<(), Closed>> {
        let Some(now) = self.driver.timers().before(self.deadline) else {
            self.disarm();
            return Poll::Ready(Ok(()));
        };
        match self.arm(now, cx.waker()) {
            Ok(()) => Poll::Pending,
            Err(closed) => Poll::Ready(Err(closed)),
        }
    }

    /// The end of a sleep that cannot answer with an error (law `L057`).
    #[cold]
    fn mourn(&self) -> ! {
        panic!("{}", self.driver.gone())
    }

    fn disarm(&mut self) {
        if let Some(key) = self.key.take()
            && !self.driver.is_forked()
        {
            self.driver.timers().remove(key);
        }
    }

    /// Makes sure that `waker` is woken at the deadline. `now` is not after the present.
    fn arm(&mut self, now: u64, waker: &Waker) -> Result<(), Closed> {
        if self.driver.is_forked() {
            return Err(Closed);
        }
        let timers = self.driver.timers();
        if let Some(key) = self.key {
            // The same task again: no other waker is made, and none is dropped.
            if timers.wakes(key, waker) || timers.replace(key, waker.clone()).is_ok() {
                return Ok(());
            }
            // The runtime has gone, or it rang and still seems far: arm it anew.
            self.key = None;
        }
        let (key, too_late) = timers
            .insert(now, self.deadline, waker.clone())
            .map_err(|_waker| Closed)?;
        self.key = Some(key);
        if too_late {
            self.driver.wake();
        }
        Ok(())
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.poll_deadline(cx) {
            Poll::Ready(Err(Closed)) => self.mourn(),
            rung => rung.map(|_| ()),
        }
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .field("closed", &self.driver.timers().is_closed())
            .finish_non_exhaustive()
    }
}
