//! A Redis-compatible store, written once for every runtime.
