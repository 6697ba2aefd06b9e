//! A Redis-compatible store, written once for every runtime.
mod aof;
mod command;
mod config;
mod db;
mod glob;
mod number;
mod resp;
mod stats;
mod store;
pub use config::*;
