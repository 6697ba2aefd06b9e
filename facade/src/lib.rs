//! Async Rust with the names of std, on the runtime that the binary names.
