//! The timers of one runtime: the wheel with its lock and its clock, and the future over it.
//!
//! It holds wakers and does not know that tasks exist. The driver asks it how long to sleep and
//! lets it fire; a [`Sleep`] registers itself and, if that makes the driver's alarm too late, wakes
//! the driver.

mod wheel;

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime},
};

use self::wheel::{Key, Wheel};
use crate::{
    driver::Driver,
    sync::{Mutex, lock},
};

/// The length of a tick: fine enough that its rounding is below a thread's wake-up.
const TICK_BITS: u32 = 15;

/// All deadlines of a runtime.
pub(crate) struct Timers {
    /// Tick 0.
    start: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    wheel: Wheel,
    /// The tick for which the sleeping driver has set its alarm. Zero while no driver sleeps: the
    /// next one will look for itself.
    alarm: u64,
    closed: bool,
}

/// The runtime is gone, so the alarm will never ring.
#[derive(Debug)]
struct Closed;

impl Timers {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            wheel: Wheel::new(),
            alarm: 0,
            closed: false,
        };
        Self {
            start: now(),
            inner: Mutex::new(inner),
        }
    }

    /// The driver goes to sleep: for how long? `None` is until it is woken.
    ///
    /// From now until [`fire`](Self::fire), an insertion before that asks to wake the driver.
    pub(crate) fn set_alarm(&self) -> Option<Duration> {
        let mut inner = lock(&self.inner);
        inner.alarm = inner.wheel.next_tick().unwrap_or(u64::MAX);
        let alarm = inner.alarm;
        drop(inner);
        if alarm == u64::MAX {
            return None;
        }
        let since_start = Duration::from_nanos(alarm.saturating_mul(1 << TICK_BITS));
        Some(since_start.saturating_sub(self.start.elapsed()))
    }

    /// Takes the wakers of all that is due into `due`.
    pub(crate) fn fire(&self, due: &mut Vec<Waker>) {
        let now = ticks_down(self.start.elapsed());
        let mut inner = lock(&self.inner);
        inner.alarm = 0;
        inner.wheel.advance(now, due);
    }

    /// The end: no timer fires any more. Takes all wakers, so that each sleep can say so.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        inner.wheel.drain(wakers);
    }

    /// Wakes `waker` once, after `period`. True if the driver sleeps for too long and has to be
    /// woken. `Err` gives the waker back: the runtime is gone.
    pub(crate) fn wake_after(&self, period: Duration, waker: Waker) -> Result<bool, Waker> {
        let inserted = self.insert(now() + period, waker);
        inserted.map(|(_, too_late)| too_late)
    }

    /// The second result: the driver sleeps for too long and has to be woken. `Err` gives the waker
    /// back: the runtime is gone.
    fn insert(&self, deadline: Instant, waker: Waker) -> Result<(Key, bool), Waker> {
        let tick = ticks_up(deadline.saturating_duration_since(self.start));
        let mut inner = lock(&self.inner);
        if inner.closed {
            drop(inner);
            return Err(waker);
        }
        let key = inner.wheel.insert(tick, waker);
        let too_late = inner
            .wheel
            .next_tick()
            .is_some_and(|next| next < inner.alarm);
        if too_late {
            // One wake-up is enough, however many timers follow.
            inner.alarm = 0;
        }
        Ok((key, too_late))
    }

    /// Puts `waker` in the place of an entry's waker, and gives back the one that is not needed:
    /// the displaced one, or, with `Err`, the new one because the entry has gone.
    fn replace(&self, key: Key, waker: Waker) -> Result<Waker, Waker> {
        match lock(&self.inner).wheel.waker_mut(key) {
            Some(place) => Ok(std::mem::replace(place, waker)),
            None => Err(waker),
        }
    }

    fn remove(&self, key: Key) {
        // The waker is dropped after the lock.
        let _waker = lock(&self.inner).wheel.remove(key);
    }

    fn is_closed(&self) -> bool {
        lock(&self.inner).closed
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

/// The time on this runtime's clock: std's.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time of day on this runtime's clock: std's.
pub(crate) fn wallclock() -> SystemTime {
    SystemTime::now()
}

/// Rounded down, for the present.
fn ticks_down(since_start: Duration) -> u64 {
    u64::try_from(since_start.as_nanos() >> TICK_BITS).unwrap_or(u64::MAX)
}

/// Rounded up, for a deadline: so it is never early.
fn ticks_up(since_start: Duration) -> u64 {
    let ticks = since_start.as_nanos().div_ceil(1 << TICK_BITS);
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// A future that is ready at a point in time. It is bound to the runtime that made it.
///
/// # Panics
///
/// Polling it panics if its deadline is still ahead and the runtime was shut down (law `L052`):
/// nothing could ring the alarm any more, and there is no error to return.
pub struct Sleep {
    driver: Arc<Driver>,
    deadline: Instant,
    key: Option<Key>,
}

impl Sleep {
    pub(crate) fn new(driver: Arc<Driver>, deadline: Instant) -> Self {
        Self {
            driver,
            deadline,
            key: None,
        }
    }

    /// An alarm after `period` from now.
    pub(crate) fn after(driver: Arc<Driver>, period: Duration) -> Self {
        Self::new(driver, now() + period)
    }

    /// Moves the deadline, before or after it was reached.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.disarm();
        self.deadline = deadline;
    }

    /// The same with an error in place of the panic.
    pub(crate) async fn or_gone(mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_deadline(cx))
            .await
            .map_err(|Closed| self.driver.gone())
    }

    fn poll_deadline(&mut self, cx: &Context<'_>) -> Poll<Result<(), Closed>> {
        if now() >= self.deadline {
            self.disarm();
            return Poll::Ready(Ok(()));
        }
        match self.arm(cx) {
            Ok(()) => Poll::Pending,
            Err(closed) => Poll::Ready(Err(closed)),
        }
    }

    fn disarm(&mut self) {
        if let Some(key) = self.key.take()
            && !self.driver.is_forked()
        {
            self.driver.timers().remove(key);
        }
    }

    /// Makes sure that the waker of `cx` is woken at the deadline.
    fn arm(&mut self, cx: &Context<'_>) -> Result<(), Closed> {
        if self.driver.is_forked() {
            return Err(Closed);
        }
        let timers = self.driver.timers();
        let mut waker = cx.waker().clone();
        if let Some(key) = self.key.take() {
            match timers.replace(key, waker) {
                Ok(_displaced) => {
                    self.key = Some(key);
                    return Ok(());
                }
                // The runtime has gone, or the deadline was moved: arm it anew.
                Err(same) => waker = same,
            }
        }
        let (key, too_late) = timers
            .insert(self.deadline, waker)
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
        self.poll_deadline(cx)
            .map(|rung| rung.unwrap_or_else(|Closed| panic!("{}", self.driver.gone())))
    }
}

impl Drop for Sleep {
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
