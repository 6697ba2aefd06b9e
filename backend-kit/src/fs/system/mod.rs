//! What differs between systems in std's own files, behind one set of functions.
//!
//! The one place of `fs/` that asks which system it is, but for the inline reads.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{
    ino, permissions, read_at, set_dir_mode, set_open_flags, symlink, wait_until_ready, write_at,
};
#[cfg(windows)]
pub(super) use windows::{
    ino, permissions, read_at, set_dir_mode, set_open_flags, symlink, wait_until_ready, write_at,
};

/// What a file that is not ready is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Readable,
    Writable,
}
