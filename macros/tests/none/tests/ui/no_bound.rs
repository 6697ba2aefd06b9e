//! The bound on the runtime was forgotten.

use anyrt_api::net::TcpStream;

async fn library<R>(rt: &R) {
    let _ = TcpStream::connect_in("127.0.0.1:80", rt).await;
}

fn main() {}
