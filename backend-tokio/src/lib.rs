//! tokio as a backend of anyrt.
//!
//! ```text
//!   a library, generic over R: Runtime, or in the bare form
//!        |
//!   Tokio (a handle)      from   Runtime (an owner)  |  the tokio runtime around the caller
//!        |
//!   tokio's tasks, timers, sockets; the kit's files, lookups and waiters
//! ```
//!
//! ```
//! use anyrt_api::Spawn;
//!
//! let rt = anyrt_tokio::Runtime::new()?;
//! let tokio = rt.handle();
//! assert_eq!(rt.block_on(tokio.spawn(async { 6 * 7 }))?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # For application authors
//!
//! A program that runs on tokio already calls [`install`] once, or wraps a future in [`scope`], or
//! hands [`Tokio::current`] to a library. A new one owns a [`Runtime`].
//!
//! # For backend authors
//!
//! The door is `runtime.rs`; `backend-smol` has the same files, to be read side by side.
#![forbid(unsafe_code)]

mod runtime;

mod handle;
mod home;
mod io;
mod lent;
pub mod net;
mod owner;
mod single;
mod task;
mod time;

pub use handle::Tokio;
pub use lent::{HandleError, install, scope};
pub use owner::{Builder, Runtime};
pub use task::Join;
pub use time::Sleep;
