#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod any;
pub mod budget;
pub mod current;
mod entropy;
pub mod fs;
pub mod io;
pub mod net;
pub mod os;
mod runtime;
pub mod task;
pub mod time;

pub use any::{AnyOwner, AnyRuntime};
pub use entropy::Entropy;
pub use fs::AsyncFs;
pub use net::AsyncNet;
#[cfg(unix)]
pub use net::AsyncUnixNet;
pub use runtime::{BlockOn, Core, Runtime};
pub use task::Spawn;
pub use time::Timer;
