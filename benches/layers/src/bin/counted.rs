//! A loop whose allocations are counted. A program has one allocator, and counting costs
//! instructions, so that it is not the one that runs under callgrind.
//!
//! It knows nothing of what the loop does.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::process::ExitCode;

use anyrt_layers::count::Loop;
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    if let Err(error) = Loop::parse().run() {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let stats = MEMORY.stats();
    println!("{}", stats.allocations + stats.reallocations);
    ExitCode::SUCCESS
}
