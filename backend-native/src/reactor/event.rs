//! What a poller and the reactor share: a token, and what became ready.
//!
//! It knows nothing of either: the poller under `sys/` makes events, the reactor looks them up.

use std::ops::{BitOr, BitOrAssign};

/// Names a registration: an index and a generation, never a pointer. So an event that was on its
/// way when a descriptor was closed and its number used again reaches nobody (law `L097`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl Token {
    /// Not a registration: the poller's own business. The reactor gives no such index away.
    pub(crate) const RESERVED: u32 = u32::MAX;

    pub(crate) fn to_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    pub(crate) fn from_u64(token: u64) -> Self {
        Self {
            index: token as u32,
            generation: (token >> 32) as u32,
        }
    }
}

/// A set of things that may have become possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready(u8);

impl Ready {
    pub(crate) const READ: Self = Self(1);
    pub(crate) const WRITE: Self = Self(1 << 1);
    /// No byte will come after those that are there.
    pub(crate) const READ_CLOSED: Self = Self(1 << 2);
    /// No byte will be taken any more.
    pub(crate) const WRITE_CLOSED: Self = Self(1 << 3);

    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// One registration became ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) token: Token,
    pub(crate) ready: Ready,
}
