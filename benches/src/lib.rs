//! How fast each backend is, beside the raw runtimes.
//!
//! ```text
//!   scenarios/   what is done, once, over a contender  ---+
//!   contender/   every backend, and tokio, smol, async-std |--> run.rs: rounds, interleaved
//!                                                          |       |
//!   count.rs     instructions, by callgrind                |       v
//!                                                          +--> report/: lines, table
//! ```
//!
//! A scenario is a list of cells, one a contender; a cell is anything that brings values, so a
//! scenario may as well start processes. `README.md` says how to run and how to read it.
#![forbid(unsafe_code)]

pub mod clock;
pub mod contender;
pub mod count;
pub mod figure;
pub mod report;
pub mod run;
pub mod scenarios;
