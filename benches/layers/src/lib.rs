//! What each layer of anyrt costs: instructions and allocations an operation.
//!
//! ```text
//!   cell      an operation, on a runtime, at a layer
//!   operations/  the loops: what the process that is counted does
//!   count     runs it n and 2n times, under callgrind and with counted allocations
//!   turns     threads that meet in the same order in every run
//!   profile   whose lines the instructions are of
//!   parts     the names of what layer A adds to the library below it
//!   bounds    what must hold
//!   page      the tables
//! ```
//!
//! The programs `anyrt-layers` and `anyrt-layers-counted` and the test of this package call it.
#![forbid(unsafe_code)]

pub mod bounds;
pub mod cell;
pub mod count;
pub mod operations;
pub mod page;
pub mod parts;
pub mod profile;
pub mod programs;
mod turns;
