//! The append-only file: every change of the store, in order, as it was decided.
//!
//! ```text
//!   command -> Db::change(Record) -> store, and Queue: bytes that wait
//!                                        |  one group at a time
//!                                     Writer: write, fdatasync -> the group's clients are answered
//!
//!   start:  recover: file -> Records -> store; a torn tail is cut off
//! ```
//!
//! It knows the store and the format, and no command and no client. The engine calls it.

mod file;
mod queue;
mod record;
mod recover;
mod writer;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::file::open;
pub(crate) use self::queue::Queue;
pub(crate) use self::record::Record;
pub(crate) use self::recover::recover;
pub use self::recover::{Cut, Recovery};
pub(crate) use self::writer::{Writer, sync_every_second};
use crate::latch::Latch;

/// Records that reach the log together, or not at all.
pub(crate) type Group = Latch<Result<(), Refusal>>;

/// Why a write was refused; cheap to hand to every client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(Arc<str>);

impl Refusal {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
