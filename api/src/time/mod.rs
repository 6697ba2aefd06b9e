//! Time: clocks, sleeps, timeouts and intervals, on the clock of the runtime.
//!
//! Knows nothing of how a backend keeps its alarms; called by libraries, and by `net` for its
//! timeouts.

mod instant;
mod interval;
mod raw;
mod sleep;
mod timeout;

pub use std::time::Duration;

pub use instant::Instant;
pub use interval::{Interval, MissedTicks, interval_at, interval_at_in};
pub use raw::{RawSleep, Timer};
pub use sleep::{Sleep, sleep, sleep_in, sleep_until, sleep_until_in};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at, timeout_at_in, timeout_in};
