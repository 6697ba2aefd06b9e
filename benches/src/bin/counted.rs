//! Cells whose allocations are counted: the program that `memory` scenarios run in.
//!
//! A program has one allocator, and counting costs time, so that it is not the one that measures
//! times. It knows nothing of what a cell does.
#![forbid(unsafe_code)]

use std::{alloc::System, process::ExitCode};

use anyrt_benches::apart::Once;
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One scenario on one contender, as `anyrt-benches` asks for it.
#[derive(Debug, Parser)]
enum Command {
    /// Runs it and writes its values
    Once(Once),
}

fn main() -> ExitCode {
    let Command::Once(once) = Command::parse();
    match once.answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
