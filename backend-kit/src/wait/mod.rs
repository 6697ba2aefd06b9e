//! Who waits on an object: any number of tasks, where a runtime's own poll keeps one waker.
//!
//! [`WaitList`] is the list itself, without a lock, for backends that keep wakers in their own
//! state; [`Waiters`] puts it in front of a foreign runtime's poll. Neither knows what is waited
//! for.

mod hub;
mod list;

pub use hub::Waiters;
pub use list::{WaitList, Woken};
