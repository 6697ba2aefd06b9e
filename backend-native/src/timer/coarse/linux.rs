//! Linux: `CLOCK_MONOTONIC_COARSE`, which is what std's clock was at the last tick: 1 to 10 ms ago,
//! or longer on a machine that stood still. Both are read without a system call.

use rustix::time::{ClockId, clock_gettime};

/// The coarse clock since a start.
#[derive(Debug)]
pub(in super::super) struct Coarse {
    origin: u64,
}

impl Coarse {
    /// Counts from this moment on, which the precise clock says: so it is never ahead.
    pub(in super::super) fn start() -> Self {
        Self {
            origin: read(ClockId::Monotonic),
        }
    }

    /// At most as many nanoseconds as have passed. `None` if the system has no such clock.
    #[inline]
    pub(in super::super) fn nanos(&self) -> Option<u64> {
        Some(read(ClockId::MonotonicCoarse).saturating_sub(self.origin))
    }
}

#[inline]
fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    // Neither is negative: the clock begins when the machine does.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
