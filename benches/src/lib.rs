//! How fast each backend is, beside the raw runtimes.
//!
//! ```text
//!   scenarios/   what is done, once, over a contender  ---+
//!   contender/   every backend, and tokio, smol, async-std |--> run.rs: rounds, interleaved
//!                                                          |       |
//!   count.rs     instructions, by callgrind                |       v
//!                                                          +--> report/: record, tables, plots
//!                                                          +--> goals/: what is to be reached
//! ```
//!
//! A scenario is a list of cells, one a contender; a cell is anything that brings values, so a
//! scenario may as well start processes. `README.md` says how to run and how to read it.
#![forbid(unsafe_code)]

pub mod apart;
pub mod client;
pub mod clock;
pub mod contender;
pub mod count;
pub mod figure;
pub mod goals;
pub mod report;
pub mod run;
pub mod scenarios;
pub mod switches;

/// Whose memory the program takes: the system's unless the feature `mimalloc` is on.
pub const ALLOCATOR: &str = if cfg!(feature = "mimalloc") {
    "mimalloc"
} else {
    "the system's"
};
