//! A name that is no backend's.

#[anyrt::main(monoio)]
async fn main() {}
