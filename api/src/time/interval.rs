//! Ticks at a fixed period: [`Interval`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::{Instant, RawSleep, Timer};
use crate::any::AnySleep;
use crate::current::Late;
use crate::{AnyRuntime, Core, budget};

/// What happens to ticks that nobody came to take in time.
///
/// There is no default: runtimes differ in theirs, and a silent difference is a silent bug. `Delay`
/// is the one to take if in doubt: ticks are then at least a period apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MissedTicks {
    /// They come one after the other, at once, until the schedule is caught up with.
    Burst,
    /// The schedule moves: the next tick comes a period after the one that was late.
    Delay,
    /// They are left out: the next tick comes at the schedule's next point ahead.
    Skip,
}

/// Ticks at `start`, and every `period` from then on.
///
/// # Contract
///
/// - `L082` Tick `k` is never before `start + k * period`.
/// - `L083` Ticks that were missed follow the policy that was given.
/// - `L084` A zero period panics here; a huge one does not overflow.
///
/// # Panics
///
/// At the caller, if `period` is zero. At the first tick, if no runtime was current at this call
/// and none is then.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration, missed: MissedTicks) -> Interval {
    Interval::new(Late::here(), start, period, missed)
}

/// The same on the clock of `rt`: as [`interval_at`].
///
/// # Panics
///
/// At the caller, if `period` is zero.
#[track_caller]
pub fn interval_at_in<R: Timer>(
    start: Instant,
    period: Duration,
    missed: MissedTicks,
    rt: &R,
) -> Interval<R> {
    Interval::new(Late::now(rt.clone()), start, period, missed)
}

/// Ticks at a fixed period: made by [`interval_at`]. As a [`Stream`] it never ends.
///
/// Costs one box in all, at the first tick.
#[must_use = "an interval does nothing unless ticks are taken"]
pub struct Interval<R: Timer = AnyRuntime> {
    rt: Late<R>,
    alarm: Option<Pin<Box<R::Sleep>>>,
    next: Instant,
    period: Duration,
    missed: MissedTicks,
}

impl<R: Timer> Interval<R> {
    #[track_caller]
    fn new(rt: Late<R>, start: Instant, period: Duration, missed: MissedTicks) -> Self {
        assert!(
            !period.is_zero(),
            "the period of an interval must be longer than zero"
        );
        Interval {
            rt,
            alarm: None,
            next: start,
            period,
            missed,
        }
    }

    /// Waits for the next tick; the instant at which it was due.
    ///
    /// # Cancel safety
    ///
    /// Safe: no tick is lost.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let Interval {
            rt, alarm, next, ..
        } = self;
        let rt = rt.runtime();
        let alarm = alarm.get_or_insert_with(|| Box::pin(rt.sleep_until(next.into_std())));
        ready!(budget::poll(cx, |cx| alarm.as_mut().poll(cx)));
        let due = *next;
        *next = self.missed.after(due, self.period, Instant::now_in(rt));
        alarm.as_mut().reset(next.into_std());
        Poll::Ready(due)
    }

    /// Starts the schedule again: the next tick comes at `start`.
    pub fn reset_at(&mut self, start: Instant) {
        self.next = start;
        if let Some(alarm) = &mut self.alarm {
            alarm.as_mut().reset(start.into_std());
        }
    }

    /// The same interval without the backend in its type. One box, if a tick was waited for.
    pub fn erase(self) -> Interval
    where
        R: Core,
    {
        Interval {
            rt: self.rt.erase(),
            alarm: self.alarm.map(|alarm| Box::pin(AnySleep::new(alarm))),
            next: self.next,
            period: self.period,
            missed: self.missed,
        }
    }

    /// The time between ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// The policy for missed ticks.
    #[must_use]
    pub fn missed_ticks(&self) -> MissedTicks {
        self.missed
    }
}

impl MissedTicks {
    /// When the tick after `due` comes, if that one was taken at `now`. Pure.
    fn after(self, due: Instant, period: Duration, now: Instant) -> Instant {
        let planned = due + period;
        if now < planned {
            return planned;
        }
        match self {
            MissedTicks::Burst => planned,
            MissedTicks::Delay => now + period,
            MissedTicks::Skip => {
                let behind = now.duration_since(due).as_nanos();
                let into = behind % period.as_nanos();
                let ahead = period.as_nanos() - into;
                now + Duration::from_nanos(u64::try_from(ahead).unwrap_or(u64::MAX))
            }
        }
    }
}

impl<R: Timer> Stream for Interval<R> {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

impl<R: Timer> fmt::Debug for Interval<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("next", &self.next)
            .field("period", &self.period)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn in_time_all_policies_agree() {
        let start = Instant::now();
        for policy in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
            assert_eq!(policy.after(start, S, start + S / 4), start + S);
        }
    }

    #[test]
    fn late_by_three_and_a_half_periods() {
        let start = Instant::now();
        let now = start + S * 7 / 2;
        assert_eq!(MissedTicks::Burst.after(start, S, now), start + S);
        assert_eq!(MissedTicks::Delay.after(start, S, now), now + S);
        assert_eq!(MissedTicks::Skip.after(start, S, now), start + S * 4);
    }

    #[test]
    fn huge_periods_do_not_overflow() {
        let start = Instant::now();
        assert!(MissedTicks::Skip.after(start, Duration::MAX, start) > start);
    }
}
