//! A whole backend in memory: the example for backend authors.
//!
//! ```text
//!   runtime.rs     the door: Runtime, Mem, and every impl of a root trait
//!      |
//!      +-- executor.rs   one queue, first in, first out; who drives the world
//!      |      +-- task.rs    one task and its join handle
//!      |      +-- clock.rs   virtual time and its alarms
//!      +-- net/          the loopback: tcp.rs, udp.rs
//!      +-- fs/           the disk: tree.rs, data.rs, file.rs
//!      +-- entropy.rs    chance from a seed
//! ```
//!
//! Everything that happens in a [`Runtime`] is decided by its seed and by the program: the clock is
//! virtual and jumps to the next alarm when nothing is ready, a poll takes five microseconds of it,
//! the network is a loopback in memory, and the disk tells what was written from what was synced.
//!
//! ```
//! use std::time::Duration;
//!
//! use anyrt_api::{BlockOn, fs, time};
//! use anyrt_mem::Runtime;
//!
//! async fn log() -> std::io::Result<()> {
//!     let file = fs::File::create("/log").await?;
//!     file.write_all(b"kept, ").await?;
//!     file.sync_all().await?;
//!     time::sleep(Duration::from_secs(3600)).await; // Takes no time.
//!     file.write_all(b"perhaps kept").await
//! }
//!
//! let first = Runtime::new(7);
//! first.block_on(log())?;
//! first.handle().power_cut();
//!
//! let second = Runtime::with_disk(7, first.disk());
//! let left = second.block_on(fs::read_to_string("/log"))?;
//! assert!("kept, perhaps kept".starts_with(&left) && left.starts_with("kept, "));
//!
//! // The same seed, the same run.
//! let again = Runtime::new(7);
//! again.block_on(log())?;
//! assert_eq!(again.handle().trace(), first.handle().trace());
//! # std::io::Result::Ok(())
//! ```
//!
//! # What it cannot do
//!
//! - A blocking closure runs where the simulation runs, at its turn: never on a thread of its own.
//!   One that waits for a task by anything but a future (a channel of std, say) waits for ever.
//! - Programs are deterministic as long as one thread drives; several may, in the order that the
//!   machine has.
//! - No `HashMap` of std: its order is drawn by the machine. Use a `BTreeMap` where order shows.
//!
//! # For library authors
//!
//! Test a library on it as on any other backend: `anyrt_mem::Runtime::new(seed)` in a loop of
//! seeds. [`Runtime::block_on_until`] stops at an event, [`Mem::power_cut`] cuts the power there,
//! and [`Runtime::with_disk`] starts again on what is left.
//!
//! # For backend authors
//!
//! `docs/adding-a-backend.md` walks through these files in the order in which to write your own.
#![forbid(unsafe_code)]

mod clock;
mod entropy;
mod executor;
pub mod fs;
pub mod net;
mod runtime;
mod task;

use std::io;

pub use clock::Sleep;
pub use executor::Trace;
pub use runtime::{Mem, Runtime};
pub use task::Join;

/// What a poll of input or output answers.
type Polled<T> = std::task::Poll<io::Result<T>>;

/// An error of the kind `otherwise`, unless something `holds`.
fn ensure(holds: bool, otherwise: io::ErrorKind) -> io::Result<()> {
    holds.then_some(()).ok_or(otherwise.into())
}
