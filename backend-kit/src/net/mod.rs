//! Sockets and names of the operating system, before and beside any runtime.
//!
//! Knows nothing of reactors: what is made here is registered by the backend that asked for it.

mod lookup;
mod socket;
#[cfg(unix)]
mod unix;

pub use lookup::Lookups;
pub use socket::shutdown;
#[cfg(unix)]
pub use unix::{address, connect};
