//! The native runtime of anyrt: a work-stealing executor whose workers drive epoll and timers themselves.
#![deny(unsafe_code)]

mod blocking;
mod builder;
mod driver;
mod executor;
pub mod net;
mod reactor;
mod runtime;
mod sync;
mod task;
mod threads;
mod timer;
mod wake;

pub use builder::Builder;
pub use runtime::{Native, NativeJoin, Runtime};
pub use timer::Sleep;
