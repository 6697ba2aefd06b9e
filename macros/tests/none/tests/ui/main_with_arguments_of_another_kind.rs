//! The name of a backend is no string.

#[anyrt::main("native")]
async fn main() {}
