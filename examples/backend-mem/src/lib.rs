//! A whole backend in memory: the example for backend authors.
#![forbid(unsafe_code)]

mod clock;
mod entropy;
mod executor;
pub mod fs;
pub mod net;
mod runtime;
mod task;
mod waiters;

pub use clock::Sleep;
pub use executor::Trace;
pub use runtime::{Builder, Mem, Runtime};
pub use task::Join;

/// The backend's name in errors.
const NAME: &str = "mem";
