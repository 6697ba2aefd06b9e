//! Tasks: the counterpart of [`std::thread`] for futures.

mod error;
mod join;
mod spawn;

pub use error::JoinError;
pub use join::JoinHandle;
pub use spawn::{RawJoin, Spawn, TaskId, TaskMeta};
