//! tokio's sockets as the contract wants them: by reference, from any number of tasks.
//!
//! Knows nothing of tasks or timers.

#[cfg(unix)]
mod os;
mod refusal;
mod stream;
mod tcp;
mod udp;
#[cfg(unix)]
pub(crate) mod unix;

pub use stream::Stream;
pub use tcp::{TcpListener, TcpStream};
pub(crate) use tcp::{connect, listen};
pub use udp::UdpSocket;
pub(crate) use udp::bind;
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixStream};
