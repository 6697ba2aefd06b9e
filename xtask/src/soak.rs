//! `cargo xtask soak`: a runtime under load, and an account of what it holds meanwhile.
//!
//! It builds the program `tests/tests/soak` and runs it, first with defects that it must find. It
//! knows nothing of the load.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::build::{self, Program};
use crate::step;

/// How long, and on what.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Under load for so many minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// A look: twenty seconds, and one planted defect
    #[arg(long)]
    quick: bool,
    /// `native`, `tokio` or `smol`
    #[arg(long, default_value = "native")]
    backend: String,
    /// What the load is drawn from, as an earlier run has printed it
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut cargo = step::cargo();
    cargo
        .args(["build", "-p", "anyrt-tests", "--test", NAME])
        .current_dir(root);
    let program = build::program(&mut cargo, NAME)?;
    let plants = if options.quick { &PLANTS[..1] } else { &PLANTS };
    for plant in plants {
        let mut command = soak(&program, options, SHORT);
        step::run(command.args(["--plant", plant]))?;
    }
    let seconds = if options.quick {
        QUICK
    } else {
        options.minutes * 60
    };
    step::run(&mut soak(&program, options, seconds))
}

fn soak(program: &Program, options: &Options, seconds: u64) -> Command {
    let mut command = Command::new(&program.path);
    command.current_dir(&program.folder);
    command.args(["--seconds", &seconds.to_string()]);
    command.args(["--backend", &options.backend]);
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    command
}

/// The test of `anyrt-tests` that is the load.
const NAME: &str = "soak";
/// The defects that it can have, each of which must be found.
const PLANTS: [&str; 4] = ["descriptor", "memory", "thread", "stall"];
/// In so many seconds.
const SHORT: u64 = 9;
const QUICK: u64 = 20;
