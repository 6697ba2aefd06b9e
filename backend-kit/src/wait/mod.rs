//! Who waits on an object: any number of tasks, where a runtime's own poll keeps one waker.
//!
//! [`WaitList`] is the list itself, without a lock, for backends that keep wakers in their own
//! state, and [`WaitPair`] that of both directions of a socket; [`Waiters`] puts a list in front of
//! a foreign runtime's poll; [`Roll`] reaches all of those when their runtime goes. None knows what
//! is waited for.

mod hub;
mod list;
mod pair;
mod roll;

pub use hub::Waiters;
pub use list::{Displaced, WaitList, Woken, wake};
pub use pair::WaitPair;
pub use roll::Roll;
