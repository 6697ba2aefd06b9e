//! Who waits on an object: [`Wait`], the place of one waiter, and [`RawObject`], which keeps them.
//!
//! Any number of tasks may wait on one socket or file, through `&TcpStream`, clones or split
//! halves. Each operation carries its own `Wait`, so that dropping it takes out its own waker and
//! no other.

use std::any::Any;
use std::fmt::Debug;
use std::num::NonZeroU32;

/// One waiter's place in an object's list of waiters, kept by the caller from poll to poll.
///
/// A backend stores a key of its own in it when a poll answers `Pending`, and finds the entry by
/// that key in the next poll, or when the wait is cancelled. A key that the list does not know any
/// more (its waiters were woken) is replaced at the next `Pending`. It is of 32 bits, since each
/// handle on a socket has two of these: a list that has no key left treats who comes then as
/// [`by_waker`](Wait::by_waker), and never gives out a key again that somebody may still have.
#[derive(Debug, Default)]
pub struct Wait {
    key: u32,
}

/// The key of a waiter that has no place to keep one.
const BY_WAKER: u32 = u32::MAX;

impl Wait {
    /// A waiter that is in no list yet.
    #[must_use]
    pub const fn new() -> Self {
        Wait { key: 0 }
    }

    /// A waiter without a place of its own: its entry is told apart by its waker
    /// ([`Waker::will_wake`](std::task::Waker::will_wake)) and stays until the list is woken, or
    /// until there are so many that it is woken to come again (`L008`). For `poll_` methods through
    /// a shared reference, which have nowhere to keep a key.
    #[must_use]
    pub const fn by_waker() -> Self {
        Wait { key: BY_WAKER }
    }

    /// True for [`by_waker`](Wait::by_waker).
    #[must_use]
    pub const fn is_by_waker(&self) -> bool {
        self.key == BY_WAKER
    }

    /// The key that the backend stored.
    #[must_use]
    pub const fn key(&self) -> Option<NonZeroU32> {
        if self.key == BY_WAKER {
            None
        } else {
            NonZeroU32::new(self.key)
        }
    }

    /// Stores a key, or `None` when the waiter has left the list. Ignored by a `by_waker` waiter.
    pub fn set_key(&mut self, key: Option<NonZeroU32>) {
        if !self.is_by_waker() {
            self.key = key.map_or(0, NonZeroU32::get);
        }
    }
}

/// The direction that a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reads, accepts, receives, peeks.
    Read,
    /// Writes, sends, connects.
    Write,
}

/// What every object of a backend owes: it can be waited on by many, and forgets who stops waiting.
///
/// `Any`, so that an erased object can be given back as itself; every object trait over this one
/// can be made a trait object.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's object",
    note = "a backend implements `RawObject` for each of its objects; \
            libraries use the types over them"
)]
pub trait RawObject: Any + Debug + Unpin + Send + Sync {
    /// Takes the waiter out of the list of `direction`: its operation was dropped.
    ///
    /// - `L009` Its waker is released at once, as those of dropped sleeps and joins are.
    ///
    /// Does nothing for a waiter that is not in the list.
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait);
}
