//! Objects of the operating system: [`OsHandles`], an optional capability, and what std-shaped
//! types gain by it (`from_std`, `into_std`, `as_fd`).
//!
//! The only part of the contract that a backend without an operating system cannot have.

#[cfg(unix)]
mod fd;
mod handles;
mod sockets;
#[cfg(unix)]
mod unix_sockets;
#[cfg(windows)]
mod windows;

pub use handles::OsHandles;
#[cfg(unix)]
pub use handles::OsUnixHandles;
