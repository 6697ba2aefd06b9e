//! Objects of the operating system: [`OsHandles`], an optional capability.
//!
//! The only part of the contract that a backend without an operating system cannot have.

mod handles;

pub use handles::OsHandles;
#[cfg(unix)]
pub use handles::OsUnixHandles;
