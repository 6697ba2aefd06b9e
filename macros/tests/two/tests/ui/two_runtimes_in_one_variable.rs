//! A stream of one runtime is not a stream of another.

use anyrt::net::TcpStream;
use anyrt::{native, tokio};

async fn application(native: native::Native, tokio: tokio::Tokio) {
    let mut stream = TcpStream::connect_in("127.0.0.1:80", &native).await;
    stream = TcpStream::connect_in("127.0.0.1:80", &tokio).await;
}

fn main() {}
