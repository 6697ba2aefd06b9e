//! smol as a backend of anyrt: async-executor and async-io.
//!
//! ```text
//!   a library, generic over R: Runtime, or in the bare form
//!        |
//!   Smol (a handle)       from   Runtime (an owner): an executor and its worker threads
//!        |
//!   async-executor's tasks, async-io's timers and sockets; the kit's blocking calls, files,
//!   lookups and waiters
//! ```
//!
//! ```
//! use anyrt_api::Spawn;
//!
//! let rt = anyrt_smol::Runtime::new()?;
//! let smol = rt.handle();
//! assert_eq!(rt.block_on(smol.spawn(async { 6 * 7 }))?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # For application authors
//!
//! A program owns a [`Runtime`]. Its executor, its workers and its pool for blocking calls are its
//! own; the reactor is async-io's, one for the whole process. The pool is not that of `blocking`,
//! which is the process's too, never ends its threads and panics where there are none to be had.
//!
//! # For backend authors
//!
//! The door is `runtime.rs`; `backend-tokio` has the same files, to be read side by side.
#![forbid(unsafe_code)]

mod runtime;

mod abort;
mod gauge;
mod handle;
mod home;
mod io;
pub mod net;
mod owner;
mod task;
mod time;
mod worker;

pub use handle::Smol;
pub use owner::{Builder, Runtime};
pub use task::Join;
pub use time::Sleep;
