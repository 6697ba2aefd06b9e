//! One backend is compiled in, and none is named.

#[renamed::main]
async fn main() {}
