//! What the commands of xtask and the rules of tidy both read: the contract's sentences.
#![forbid(unsafe_code)]

pub mod contract;
