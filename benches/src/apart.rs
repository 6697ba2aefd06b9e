//! Cells in a process of their own: what the process as a whole does is then one contender's.
//!
//! The program starts itself, or its twin that counts allocations, and reads the values that come
//! back. It knows nothing of what is measured. `run.rs` calls it.

use std::{
    env, io,
    process::{Command, Stdio},
};

use crate::{
    figure::Value,
    scenarios::{self, Cell, Place, Scenario, Setup},
};

/// Runs a cell where its scenario says.
///
/// # Errors
///
/// The cell's, and what keeps a process from starting.
pub fn run(scenario: &Scenario, cell: &Cell, setup: &Setup) -> io::Result<Vec<Value>> {
    let program = env::current_exe()?;
    let program = match scenario.place {
        Place::Inside => return (cell.run)(setup),
        Place::Apart | Place::Network => program,
        Place::Counted => program.with_file_name(COUNTED),
    };
    if !program.is_file() {
        let text = format!("{COUNTED} is not there; `cargo build --release -p anyrt-benches`");
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    let workers = setup.workers.to_string();
    let output = Command::new(program)
        .args(["once", scenario.name, cell.contender])
        .args(["--workers", &workers])
        .args(setup.quick.then_some("--quick"))
        .stdin(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout)?),
        false => {
            let text = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(text.trim().to_owned()))
        }
    }
}

/// What such a process is told.
#[derive(Debug, clap::Args)]
pub struct Once {
    /// The scenario's name.
    scenario: String,
    /// The contender's.
    contender: String,
    /// Threads that run tasks.
    #[arg(long)]
    workers: usize,
    /// Less of everything.
    #[arg(long)]
    quick: bool,
}

impl Once {
    /// Runs the cell and writes its values to the standard output.
    ///
    /// # Errors
    ///
    /// That there is no such cell, or its own.
    pub fn answer(&self) -> io::Result<()> {
        let all = scenarios::all();
        let scenario = all.iter().find(|one| one.name == self.scenario);
        let mut cells = scenario.iter().flat_map(|scenario| &scenario.cells);
        let cell = cells.find(|cell| cell.contender == self.contender);
        let cell = cell.ok_or_else(|| io::Error::other("there is no such cell"))?;
        let setup = Setup {
            workers: self.workers,
            quick: self.quick,
        };
        let values = (cell.run)(&setup)?;
        serde_json::to_writer(io::stdout(), &values)?;
        Ok(())
    }
}

/// The program that counts allocations; it stands beside this one.
const COUNTED: &str = "anyrt-benches-counted";
