//! A runtime of tokio's own, given to a library.

fn application(runtime: tokio::runtime::Runtime) {
    library(&runtime);
    library(runtime.handle());
    anyrt_api::net::TcpListener::bind_in("127.0.0.1:0", runtime.handle());
}

fn library<R: anyrt_api::Runtime>(_rt: &R) {}

fn main() {}
