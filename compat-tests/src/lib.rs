#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod bound;
mod chance;
pub mod chaos;
mod erased;
mod gate;
mod group;
mod harness;
mod lab;
mod law;
mod laws;
mod own;
mod peers;
mod probe;
mod promises;
mod scratch;
mod unshown;

pub use backend::{Backend, Capability, Deviation, Setup};
pub use bound::{Measured, Unit};
pub use erased::Erased;
pub use group::{GROUPS, Group};
pub use harness::{Conditions, Verdict, as_child, judge, judge_under, main};
pub use lab::Lab;
pub use law::{Class, Law};
pub use laws::{Operation, all, operations, untested};
