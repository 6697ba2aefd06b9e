//! Reads that need no thread: those whose bytes are in the page cache.
//!
//! Each answers at once, or says "ask the pool"; the pool's answer is then the true one. Knows
//! nothing of cursors or waiters. This is the one place where the two forms are told apart.

#[cfg(not(target_os = "linux"))]
mod disabled;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod whole;

#[cfg(not(target_os = "linux"))]
pub(super) use disabled::{Inline, Rest, open, read_whole};
#[cfg(target_os = "linux")]
pub(super) use {
    linux::{Inline, open},
    whole::{Rest, read_whole},
};

/// The most that one inline read copies: a worker is not held up longer than some 20 us.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no inline reads"))]
const MOST: usize = 256 * 1024;

/// What came of an attempt to read a whole file inline.
#[derive(Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no inline reads"))]
pub(super) enum Whole {
    /// All of it.
    Read(Vec<u8>),
    /// It is open; the pool reads it.
    Begun(Rest),
    /// Nothing was done.
    Untouched,
}
