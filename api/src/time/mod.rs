//! Time: clocks, sleeps, timeouts and intervals, on the clock of the runtime.

mod raw;

pub use raw::{RawSleep, Timer};
