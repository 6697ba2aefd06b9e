//! What backends share: waiters, the task wrapper, files, name lookup, sockets.
//!
//! ```text
//!   backend-native   backend-tokio   backend-smol        a backend in memory
//!          \               |              /                      |
//!           +--- fs  net  probe  entropy  fork (feature `os`)    |
//!           +--- wait  task  blocking  lock  gone ---------------+
//!                          |
//!                      anyrt-api
//! ```
//!
//! # For backend authors
//!
//! [`wait::Waiters`] stands between any number of tasks and a runtime's poll that keeps one waker;
//! [`task::Catch`] and [`task::Call`] keep the panics of users' futures and closures where the
//! contract wants them, and [`task::live`] gives a runtime that has none its join handles. The rest
//! needs an operating system; a [`blocking::Pool`] is the threads for closures that block.
//!
//! # For library authors
//!
//! Nothing: a library depends on `anyrt-api` alone.
#![deny(unsafe_code)]

pub mod blocking;
pub mod gone;
pub mod lock;
pub mod task;
pub mod wait;

#[cfg(feature = "os")]
pub mod entropy;
#[cfg(feature = "os")]
pub mod fork;
#[cfg(feature = "os")]
pub mod fs;
#[cfg(feature = "os")]
pub mod net;
#[cfg(feature = "os")]
pub mod probe;

/// The contract, for the macros of this crate.
#[doc(hidden)]
pub use anyrt_api as api;
