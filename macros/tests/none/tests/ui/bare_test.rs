//! A bare test with no backend: a test without a case could not fail. (The attribute's expansion
//! is compiled for tests alone, so that its macro is called here by hand.)

anyrt::__cases! { "anyrt" [] [] [] [] |_| async {} }

fn main() {}
