//! `cargo xtask inject`: system calls are made to fail, one case after the other.
//!
//! It builds the program of the cases, `tests/tests/injected`, and runs it. It knows nothing of
//! what they are.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::{build, step};

/// What is run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only cases of such a name (`preadv2`, `native`)
    filter: Option<String>,
    /// Only the names of the cases
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let strace = Command::new("strace").arg("--version").output();
    if !strace.is_ok_and(|output| output.status.success()) {
        return Err("strace is needed: it is what makes calls fail (`apt install strace`)".into());
    }
    let mut cargo = step::cargo();
    cargo
        .args(["build", "-p", "anyrt-tests", "--test", NAME])
        .current_dir(root);
    let program = build::program(&mut cargo, NAME)?;
    let mut command = Command::new(program.path);
    command.current_dir(program.folder);
    command.args(&options.filter);
    if options.list {
        command.arg("--list");
    }
    step::run(&mut command)
}

/// The test of `anyrt-tests` that has the cases.
const NAME: &str = "injected";
