//! A Redis-compatible store, written once for every runtime.
//!
//! ```text
//!   server   sockets, limits, shutdown        server/connection: one client
//!   engine   requests in, replies out: a reply leaves when what it rests on is in the log
//!   command  what a request means             resp: the wire format, bounded
//!   store    strings with deadlines           aof: the append-only file
//! ```
//!
//! This library depends on `anyrt-api` and on no runtime. A [`Server`] works on any:
//!
//! ```
//! use anyrt_api::Runtime;
//!
//! async fn run<R: Runtime>(rt: R, stop: impl Future<Output = ()>) -> std::io::Result<()> {
//!     let mut config = kv::Config::new("/var/lib/kv");
//!     config.fsync = kv::Fsync::Always;
//!     kv::Server::bind_in(config, &rt).await?.serve(stop).await
//! }
//! ```
//!
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod aof;
mod command;
mod config;
mod db;
mod engine;
mod glob;
mod latch;
mod number;
mod resp;
mod server;
mod shared;
mod stats;
mod store;

pub use crate::aof::{Cut, Recovery};
pub use crate::config::{Config, Fsync};
pub use crate::server::Server;
