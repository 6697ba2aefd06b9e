//! The native runtime of anyrt: a work-stealing executor that polls sockets and timers itself.
//!
//! ```text
//!   spawn ----> executor/ ---- run ----> task/          closures that may block: the kit's pool
//!                  |  ^                    ^  |
//!                  |  +---- schedule ------+  | its output, to whoever joins
//!             park |                       |
//!                  v                       | Waker
//!               driver/ ---- reactor/  sockets that became ready
//!                       ---- timer/    deadlines that have come
//! ```
//!
//! There is no thread for sockets or timers: a worker that has nothing to run waits for them, and
//! so does a thread in `block_on`. A monitor looks whether a worker is stuck in a poll, and sends a
//! spare one; while nothing runs it sleeps as well. The task, the reactor and the timers do not
//! know each other; they are joined by `Waker` and a schedule function.
//!
//! ```
//! use anyrt_api::task;
//!
//! let runtime = anyrt_native::Runtime::new()?;
//! let answer = runtime.block_on(async { task::spawn(async { 6 * 7 }).await });
//! assert_eq!(answer?, 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # For library authors
//!
//! Nothing: a library depends on `anyrt-api` alone.
//!
//! # For backend authors
//!
//! `runtime.rs` is the door, one line a method; what stands behind each line is one subject a file.
//! The words of the protocol between workers are in `executor/IDLE.md`.
#![deny(unsafe_code)]

mod runtime;

mod builder;
mod metrics;

mod executor;
mod task;

mod driver;
pub mod net;
mod reactor;
mod timer;

mod barrier;
#[cfg(anyrt_counted)]
#[doc(hidden)]
pub mod counted;
mod sync;
mod threads;
mod wake;

pub use builder::{Builder, UnhandledPanic};
pub use metrics::Metrics;
pub use runtime::{Native, NativeJoin, Runtime};
pub use timer::Sleep;
