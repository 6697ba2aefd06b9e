//! Two backends are compiled in, and none is named.

#[anyrt::main]
async fn main() {}
