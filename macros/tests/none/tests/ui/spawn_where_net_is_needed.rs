//! A runtime that can spawn is not one that can connect.

use anyrt_api::Spawn;
use anyrt_api::net::TcpStream;

async fn library<R: Spawn>(rt: &R) {
    let _ = TcpStream::connect_in("127.0.0.1:80", rt).await;
}

fn main() {}
