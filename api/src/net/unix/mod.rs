//! Unix sockets: the counterpart of `std::os::unix::net`. Unix only.
//!
//! As in std, binding, pairing and connecting a datagram socket wait for nothing and are plain
//! functions; addresses are paths, or any [`SocketAddr`] by the `_addr` forms (abstract names, on
//! Linux). The sockets themselves stand in [`net`](super); here is what belongs to them. Written
//! once over [`AsyncUnixNet`](super::AsyncUnixNet); knows no backend.

pub(super) mod datagram;
pub(super) mod listener;
mod split;
pub(super) mod stream;

pub use std::os::unix::net::SocketAddr;

pub use listener::Incoming;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
