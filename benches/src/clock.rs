//! Times: the wall clock and what reading it costs, the process's processor time.
//!
//! It knows nothing of runtimes. The scenarios call it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The time since `start` on the wall.
pub fn since(start: Instant) -> Duration {
    start.elapsed()
}

/// The processor time of this process so far, all threads together.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// What lies between two readings of the clock, one right after the other: the least that a
/// latency can be, and is to be taken from it.
pub fn cost_of_reading() -> Duration {
    const TIMES: usize = 1001;
    let mut gaps: Vec<_> = (0..TIMES)
        .map(|_| {
            let first = Instant::now();
            Instant::now() - first
        })
        .collect();
    gaps.sort_unstable();
    gaps[TIMES / 2]
}
