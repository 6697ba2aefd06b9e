//! The poller: how the operating system tells which sockets are ready. The one `cfg` of the crate.
//!
//! It knows tokens, never what stands behind them, and is called by the reactor alone. What each
//! implementation owes:
//!
//! - `Poller::new() -> io::Result<Poller>`: all descriptors are closed on `exec`.
//! - `add(&source, token)`: from now on each change to ready, in either direction, is an event, at
//!   least once. The source must be removed before it is closed; `Source` sees to that.
//! - `remove(&source)`: no further event, but for what is on its way.
//! - `expect(&source, token)`: somebody waits and has seen `WouldBlock`. A poller that is told of
//!   changes by itself has nothing to do; one that has to be armed is armed here, for both
//!   directions, and then reports both.
//! - `wait(&mut events, timeout)`: at most [`EVENTS_MAX`] events. An interrupted wait ends without
//!   events. Only one thread waits at a time.
//! - `is_in_progress(&error)`: a connect said that it has begun and goes on.
//! - `wake()`: the wait that is going on ends, or else the next one ends at once.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod epoll;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::epoll::{AsHandle, Events, Poller, is_in_progress};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use self::portable::{AsHandle, Events, Poller, is_in_progress};

/// How many events one wait takes in: never much more than is run before the next one, else the
/// last of many connections waits for all the others.
pub(crate) const EVENTS_MAX: usize = 32;
