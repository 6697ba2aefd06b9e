//! The commands of a maintainer.
fn main() {}
