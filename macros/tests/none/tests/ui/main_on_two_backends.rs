//! A program runs on one.

#[anyrt::main(native, tokio)]
async fn main() {}
