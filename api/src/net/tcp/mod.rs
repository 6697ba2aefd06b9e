//! TCP: the counterparts of [`std::net::TcpStream`] and [`std::net::TcpListener`].
//!
//! Written once over [`RawTcpStream`](super::RawTcpStream) and its listener; knows no backend.

mod listener;
mod split;
mod stream;
mod traits;

pub use listener::{Incoming, TcpListener};
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use stream::TcpStream;
