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

mod group;
mod queue;
mod record;
//mod recover;
//mod writer;

pub(crate) use self::group::{Group, Refusal};
pub(crate) use self::queue::Queue;
pub(crate) use self::record::Record;
//pub use self::recover::{Cut, Recovery};
//pub(crate) use self::recover::recover;
//pub(crate) use self::writer::Writer;
