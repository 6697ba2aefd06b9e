//! The timers of one runtime: its wheels with their clock, and the future over them.
//!
//! It holds wakers and does not know that tasks exist. The driver asks it how long to sleep and
//! lets it fire; a [`Sleep`] registers itself and, if that makes the driver's alarm too late, wakes
//! the driver.
//!
//! ```text
//!   Sleep --- the wheel of its thread's home ---> shards.rs { wheel, wheel, .. }
//!     |                                                          | the least next tick
//!     +--- comes before the alarm? wake the driver ---> alarm.rs <-- the driver goes to sleep
//! ```
//!
//! A worker puts its timers into a wheel of its own, threads that are no workers share one. They
//! stay where they are when their task moves, and the driver fires all of them, so that it does not
//! matter what a worker is busy with. A spare worker shares the wheel of one that it may stand in
//! for: there are as many wheels as threads that are meant to run at once.
//!
//! # The clock
//!
//! Time is counted in nanoseconds since the runtime's start, 584 years of them; what lies outside
//! stands at their ends. To read the clock costs more than to set a timer and to remove it, and
//! most timers are timeouts that never ring. So a sleep asks the coarse clock first, and the
//! precise one only if that does not call its deadline [`FAR`]. Whatever the coarse clock says:
//!
//! - No sleep is early: the driver fires by the precise clock, and so does a sleep that ends
//!   without it.
//! - None is lost: one whose deadline has passed all the same is fired at the driver's next look.
//! - The wheel is told a present that is not ahead, as it has to be: see [`Coarse`]. What is behind
//!   may move entries down once more.

mod alarm;
mod coarse;
mod shards;
mod sleep;
#[cfg(all(test, not(anyrt_loom)))]
mod tests;
mod wheel;

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::Waker,
    time::{Duration, Instant, SystemTime},
};

pub use self::sleep::Sleep;
use self::{alarm::NEVER, coarse::Coarse, shards::Shards, wheel::Key};

/// The length of a tick: fine enough that its rounding is below a thread's wake-up.
const TICK_BITS: u32 = 15;
/// The least number of ticks from one firing to the next alarm. Timers that are few are not put
/// off; a crowd would wake the driver at each tick, which costs more than they do.
const SPACING: u64 = 2;
/// So far off by the coarse clock that it is ahead by the precise one as well. The first is behind
/// by a tick of the system, which is 10 ms at most; this is five of them, for a machine that stands
/// still now and then, and still less than most timeouts.
const FAR: u64 = 50_000_000;

/// All deadlines of a runtime.
#[derive(Debug)]
pub(crate) struct Timers {
    /// Tick 0.
    start: Instant,
    coarse: Coarse,
    /// [`FAR`], and what the coarse clock is behind by because it was started later.
    far: u64,
    shards: Shards,
    /// The tick at which something was due last. Written by the driver alone.
    fired: AtomicU64,
}

thread_local! {
    /// The shard that this thread uses, of whatever runtime: a hint.
    static HOME: Cell<usize> = const { Cell::new(0) };
}

/// The calling thread has the home of worker `index` from now on.
pub(crate) fn settle(index: usize) {
    HOME.set(index + 1);
}

/// The home of the calling thread, in any runtime: that of its worker, or the one of all threads
/// that are no workers. There may be fewer in this runtime.
#[inline]
pub(crate) fn home() -> usize {
    HOME.get()
}

/// How many homes there are with so many workers.
pub(crate) fn n_homes(n_workers: usize) -> usize {
    n_workers + 1
}

impl Timers {
    /// Timers for so many workers.
    pub(crate) fn new(n_workers: usize) -> Self {
        let n_shards = u32::try_from(n_homes(n_workers)).expect("far fewer workers");
        // In this order, so that the coarse clock is not ahead.
        let start = now();
        let coarse = Coarse::start();
        Self {
            start,
            coarse,
            far: FAR.saturating_add(nanos(start.elapsed())),
            shards: Shards::new(n_shards),
            fired: AtomicU64::new(0),
        }
    }

    /// The driver goes to sleep: for how long? `None` is until it is woken.
    ///
    /// From now until [`fire`](Self::fire), an insertion before that asks to wake the driver.
    pub(crate) fn set_alarm(&self) -> Option<Duration> {
        let not_before = self.fired.load(Relaxed) + SPACING;
        match self.shards.set_alarm(not_before) {
            Some(NEVER) => None,
            Some(tick) => {
                let since_start = Duration::from_nanos(tick.saturating_mul(1 << TICK_BITS));
                Some(since_start.saturating_sub(self.start.elapsed()))
            }
            None => Some(Duration::ZERO),
        }
    }

    /// True if there is no timer, or was none just now: then there is nothing to fire.
    pub(crate) fn are_empty(&self) -> bool {
        self.shards.are_empty()
    }

    /// Takes the wakers of all that is due into `due`.
    pub(crate) fn fire(&self, due: &mut Vec<Waker>) {
        let (now, n_due) = (ticks_down(self.now()), due.len());
        self.shards.fire(now, due);
        if due.len() > n_due {
            self.fired.store(now, Relaxed);
        }
    }

    /// The end: no timer fires any more. Takes all wakers, so that each sleep can say so.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        self.shards.close(wakers);
    }

    /// Wakes `waker` once, after `period`. True if the driver sleeps for too long and has to be
    /// woken. `Err` gives the waker back: the runtime is gone.
    pub(crate) fn wake_after(&self, period: Duration, waker: Waker) -> Result<bool, Waker> {
        let now = self.now();
        let inserted = self.insert(now, now.saturating_add(nanos(period)), waker);
        inserted.map(|(_, too_late)| too_late)
    }

    /// `at` as nanoseconds since the start.
    #[inline]
    fn time_of(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.start))
    }

    /// The present, by the precise clock.
    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    /// If `deadline` is still ahead, a present to insert it with; else `None`.
    fn before(&self, deadline: u64) -> Option<u64> {
        before(deadline, self.far, self.coarse.nanos(), || self.now())
    }

    /// The second result: the driver sleeps for too long and has to be woken. `Err` gives the waker
    /// back: the runtime is gone. `now` is not after the present.
    // As in `shards.rs`.
    #[inline(always)]
    fn insert(&self, now: u64, deadline: u64, waker: Waker) -> Result<(Key, bool), Waker> {
        let (now, deadline) = (ticks_down(now), ticks_up(deadline));
        self.shards.insert(home(), now, deadline, waker)
    }

    /// True if the entry is still there and has a waker as good as `waker`.
    fn wakes(&self, key: Key, waker: &Waker) -> bool {
        self.shards.wakes(key, waker)
    }

    /// Puts `waker` in the place of an entry's waker, and gives back the one that is not needed:
    /// the displaced one, or, with `Err`, the new one because the entry has gone.
    fn replace(&self, key: Key, waker: Waker) -> Result<Waker, Waker> {
        self.shards.replace(key, waker)
    }

    fn remove(&self, key: Key) {
        // The waker is dropped after the lock.
        drop(self.shards.remove(key));
    }

    fn is_closed(&self) -> bool {
        self.shards.is_closed()
    }
}

/// The time on this runtime's clock: std's.
#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time of day on this runtime's clock: std's.
pub(crate) fn wallclock() -> SystemTime {
    SystemTime::now()
}

/// A time that is not after the present and before `deadline`; `None` if that has come. The precise
/// clock is asked if by the coarse one the deadline is not `far` ahead.
fn before(
    deadline: u64,
    far: u64,
    coarse: Option<u64>,
    precise: impl FnOnce() -> u64,
) -> Option<u64> {
    if let Some(now) = coarse
        && deadline.saturating_sub(now) >= far
    {
        return Some(now);
    }
    let now = precise();
    (now < deadline).then_some(now)
}

#[inline]
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Rounded down, for the present.
fn ticks_down(nanos: u64) -> u64 {
    nanos >> TICK_BITS
}

/// Rounded up, for a deadline: so it is never early.
fn ticks_up(nanos: u64) -> u64 {
    nanos.div_ceil(1 << TICK_BITS)
}
