//! The bound on the runtime was forgotten on a struct.

struct Client<R> {
    stream: anyrt_api::net::TcpStream<R>,
}

fn main() {}
