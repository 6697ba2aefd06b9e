//! `TcpStream` without a parameter is the erased one.

use anyrt_api::Runtime;
use anyrt_api::net::TcpStream;

async fn library<R: Runtime>(rt: &R) {
    let stream: TcpStream = TcpStream::connect_in("127.0.0.1:80", rt).await.unwrap();
}

fn main() {}
