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
