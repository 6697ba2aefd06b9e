//! What each layer of anyrt costs, counted: prints the tables as Markdown.
//!
//! It is also the process that is counted, by its hidden command. It knows nothing of either: the
//! modules of this package do both.
#![forbid(unsafe_code)]

use std::io;
use std::process::ExitCode;

use anyrt_layers::cell::{Cell, Operation, Stack};
use anyrt_layers::count::{Loop, settled};
use anyrt_layers::programs::Programs;
use anyrt_layers::{bounds, page};
use clap::{Parser, Subcommand};

/// Counts what each layer costs and prints the tables; fails if a bound does not hold.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Counts one row and prints whose the instructions are, at each layer
    Parts { operation: Operation, stack: Stack },
    /// The loop of one cell
    #[command(hide = true)]
    Loop(Loop),
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        None => tables(),
        Some(Command::Parts { operation, stack }) => parts(operation, stack),
        Some(Command::Loop(looped)) => looped.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tables() -> io::Result<()> {
    let cells: Vec<_> = Cell::all().collect();
    let counts = settled(&Programs::build()?, &cells)?;
    print!("{}", page::all(&counts));
    let unsteady = bounds::unsteady(&counts);
    if !unsteady.is_empty() {
        eprintln!(
            "NOT HELD: the instructions of {}, since threads may not be made to take turns here",
            unsteady.join(", ")
        );
    }
    match bounds::broken(&counts) {
        broken if broken.is_empty() => Ok(()),
        broken => Err(io::Error::other(broken.join("\n"))),
    }
}

fn parts(operation: Operation, stack: Stack) -> io::Result<()> {
    let is_of_row = |cell: &Cell| (cell.operation, cell.stack) == (operation, stack);
    let cells: Vec<_> = Cell::all().filter(is_of_row).collect();
    let counts = settled(&Programs::build()?, &cells)?;
    print!("{}", page::parts(&counts));
    Ok(())
}
