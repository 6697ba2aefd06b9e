//! The store as a program: here, and only here, a runtime is chosen.
//!
//! `kv serve` runs a store on one of three runtimes; `kv demo` shows that they all hold what the
//! store promises. It knows the library's [`kv::Server`] and nothing of its insides.
#![forbid(unsafe_code)]

mod choice;
mod demo;
mod serve;
mod stderr;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A Redis-compatible store, on the runtime that you name.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a store until Ctrl-C.
    Serve(serve::Arguments),
    /// Start a store on each runtime, drive it with a client, kill it, and show what it held.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    stderr::install();
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Demo(arguments) => demo::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("kv: {error}");
        ExitCode::FAILURE
    })
}
