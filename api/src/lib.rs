//! The contract of anyrt: async Rust written once, bound to a runtime by the binary.
