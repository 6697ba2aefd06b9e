//! `async` was forgotten.

#[anyrt::main(native)]
fn main() {}
