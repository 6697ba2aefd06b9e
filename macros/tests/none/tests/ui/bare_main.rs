//! No backend is compiled in, and none is named.

#[anyrt::main]
async fn main() {}
