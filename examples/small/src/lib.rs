//! The library part of the examples: a crawler, and pages for it to crawl.
//!
//! It depends on `anyrt-api` alone and is generic over the runtime. The programs beside it, in
//! `bin/`, are where a runtime is named.
#![forbid(unsafe_code)]

pub mod crawl;
pub mod pages;

/// The examples of the workspace's README, which have to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
