//! A port alone is no address.

use anyrt_api::net::TcpListener;

async fn library<R: anyrt_api::Runtime>(rt: &R) {
    let _ = TcpListener::bind_in(8080, rt).await;
}

fn main() {}
