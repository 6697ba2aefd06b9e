//! Async Rust with the names of std, on the runtime that the binary names.
//!
//! ```text
//!   libraries          anyrt-api          the contract: types and traits, no runtime
//!                          ^
//!   your program  ->    anyrt    ->   anyrt::native | anyrt::tokio | anyrt::smol
//! ```
//!
//! A program depends on this crate, turns on the feature of a backend, and names it once:
//!
//! ```toml
//! [dependencies]
//! anyrt = { version = "0.1", features = ["native"] }
//! ```
//!
//! ```
//! # #[cfg(feature = "native")]
//! # mod example {
//! #[anyrt::main(native)]
//! async fn main() -> std::io::Result<()> {
//!     let listener = anyrt::net::TcpListener::bind("127.0.0.1:0").await?;
//!     println!("listening on {}", listener.local_addr()?);
//!     Ok(())
//! }
//! # }
//! ```
//!
//! Nothing else in the program says which runtime it is: another backend is another word in that
//! line. Everything outside the modules of the backends is the contract, [`anyrt_api`], under the
//! names that it has there; this crate adds no logic of its own.
//!
//! # Features
//!
//! None is on by default. Each makes a module exist and changes nothing else, so that no
//! dependency can bind or flip a program.
//!
//! | feature | module | runtime |
//! |---|---|---|
//! | `native` | `anyrt::native` | ours: work-stealing, its workers drive the reactor |
//! | `tokio` | `anyrt::tokio` | tokio, owned or lent |
//! | `smol` | `anyrt::smol` | async-executor and async-io |
//!
//! # For library authors
//!
//! Depend on `anyrt-api` alone, and on this crate in `[dev-dependencies]`, with the backends that
//! your tests run on. [`test`](macro@test) makes one case for each.
//!
//! # Into a program that already runs on tokio
//!
//! One line, `anyrt::tokio::install()`, and libraries over `anyrt-api` work inside it.
#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod bind;

#[cfg(unix)]
pub use anyrt_api::AsyncUnixNet;
pub use anyrt_api::{
    AnyOwner, AnyRuntime, AsyncFs, AsyncNet, BlockOn, Core, Entropy, Runtime, Spawn, Timer, any,
    budget, current, fs, io, net, os, task, task_local, time,
};
pub use anyrt_macros::{main, test};

/// Our own runtime. Feature `native`.
#[cfg(feature = "native")]
pub mod native {
    pub use anyrt_native::{Builder, Native, Runtime};
}

/// tokio, owned or lent. Feature `tokio`.
#[cfg(feature = "tokio")]
pub mod tokio {
    pub use anyrt_tokio::{Builder, HandleError, Runtime, Tokio, install, scope};
}

/// async-executor and async-io, smol's parts. Feature `smol`.
#[cfg(feature = "smol")]
pub mod smol {
    pub use anyrt_smol::{Builder, Runtime, Smol};
}
