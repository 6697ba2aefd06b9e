//! A clock that is cheap to read and behind the precise one by a little.
//!
//! It is the system's own, which it moves on at its ticks: to read it is to read memory, where the
//! precise clock asks the processor's counter besides. Where there is none it says so, and the
//! precise clock is read. It knows nothing of timers; theirs is the choice of the clock.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "absent.rs"]
mod system;
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod system;

pub(super) use self::system::Coarse;
