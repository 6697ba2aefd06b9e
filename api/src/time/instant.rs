//! A point in time on the current runtime's clock: [`Instant`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use super::Timer;
use crate::current::with_current;

/// A point in time: [`std::time::Instant`], whose `now` is the current runtime's clock.
///
/// It has std's methods, and saturates where std's operators panic: `now + Duration::MAX` is a
/// point that never comes. Outside any runtime `now` is std's, so that a library which writes what
/// a user of std writes can still be simulated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

/// A thousand years, or a hundred where a platform's clock cannot hold that.
const FAR: [Duration; 2] = [
    Duration::from_secs(31_557_600_000),
    Duration::from_secs(3_155_760_000),
];

/// No clock stands so near to the end of what std's `Instant` can hold.
const YEAR: Duration = Duration::from_secs(31_557_600);

impl Instant {
    /// Now, on the current runtime's clock; outside any, on std's.
    #[must_use]
    pub fn now() -> Self {
        Instant(with_current(Timer::now).unwrap_or_else(std::time::Instant::now))
    }

    /// Now, on the clock of `rt`.
    #[inline]
    #[must_use]
    pub fn now_in<R: Timer>(rt: &R) -> Self {
        Instant(rt.now())
    }

    /// `duration` after now, on the clock of `rt`; a point that never comes if it cannot hold that.
    #[inline]
    pub(super) fn after<R: Timer>(duration: Duration, rt: &R) -> Self {
        let now = Instant::now_in(rt);
        if duration <= YEAR {
            // Most sleeps are as short: a sum that need not be asked whether there is one.
            return Instant(now.0 + duration);
        }
        now + duration
    }

    /// The time since this instant, on the current runtime's clock; zero if it lies ahead.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// The time from `earlier` to this instant; zero if it lies ahead.
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time from `earlier` to this instant; `None` if it lies ahead.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to this instant; zero if it lies ahead.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }

    /// This instant plus `duration`, if the clock can hold it.
    #[inline]
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// This instant less `duration`, if the clock can hold it.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }

    /// A point that never comes.
    #[cold]
    #[inline(never)]
    fn never(&self) -> Instant {
        let far = FAR.iter().find_map(|far| self.checked_add(*far));
        far.unwrap_or(*self)
    }

    /// As std's.
    #[inline]
    #[must_use]
    pub fn into_std(self) -> std::time::Instant {
        self.0
    }
}

impl From<std::time::Instant> for Instant {
    fn from(std: std::time::Instant) -> Self {
        Instant(std)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at a point that never comes.
    #[inline]
    fn add(self, duration: Duration) -> Instant {
        match self.checked_add(duration) {
            Some(at) => at,
            None => self.never(),
        }
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    /// Stays where it is if the clock cannot hold the result.
    fn sub(self, duration: Duration) -> Instant {
        self.checked_sub(duration).unwrap_or(self)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturates_where_std_panics() {
        let now = Instant::now();
        assert!(now + Duration::MAX > now + Duration::from_secs(3_000_000_000));
        assert_eq!(now - Duration::MAX, now);
        assert_eq!(now - (now + Duration::from_secs(1)), Duration::ZERO);
    }
}
