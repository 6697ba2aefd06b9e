//! Instructions and allocations an operation.
//!
//! A time depends on the machine and on who else uses it, a count does not. An operation is looped
//! n times and then twice that often, each in a process of its own, and all threads of it are
//! counted, those of a blocking pool too; the difference is what n of them cost. It knows nothing
//! of what the operations are.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Parser;

use crate::cell::{Cell, Layer, Operation, Stack};
use crate::operations;
use crate::profile::{Lines, Profile};
use crate::programs::Programs;

/// A loop by its name, as a program is asked for it.
#[derive(Debug, Parser)]
pub struct Loop {
    operation: Operation,
    stack: Stack,
    layer: Layer,
    n_times: usize,
}

impl Loop {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// The operation's.
    pub fn run(&self) -> io::Result<()> {
        let cell = Cell {
            operation: self.operation,
            stack: self.stack,
            layer: self.layer,
        };
        operations::run(cell, self.n_times)
    }
}

/// What one operation of a cell costs.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which.
    pub cell: Cell,
    /// Of user space, in all threads.
    pub instructions: f64,
    /// Blocks taken from the allocator, or made larger.
    pub allocations: f64,
    /// The instructions by whose they are.
    pub parts: BTreeMap<String, f64>,
}

/// True if valgrind is there.
#[must_use]
pub fn has_valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

/// Counts the cells, as many at once as there are processors, and gives them back in their order.
///
/// # Errors
///
/// That valgrind is not there, or that a looped process failed.
pub fn count(programs: &Programs, cells: &[Cell]) -> io::Result<Vec<Counted>> {
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Vec::new());
    let work = || -> io::Result<()> {
        let lines = Lines::of(&programs.looped)?;
        while let Some(&cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let counted = one(programs, &lines, cell)?;
            counts
                .lock()
                .expect("no thread panics with it")
                .push(counted);
        }
        Ok(())
    };
    let n_threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let done = threads
            .into_iter()
            .map(|thread| thread.join().expect("counting does not panic"));
        done.collect::<io::Result<()>>()
    })?;
    let mut counts = counts.into_inner().expect("no thread panics with it");
    let place = |cell| cells.iter().position(|other| *other == cell);
    counts.sort_by_key(|counted: &Counted| place(counted.cell));
    Ok(counts)
}

fn one(programs: &Programs, lines: &Lines, cell: Cell) -> io::Result<Counted> {
    let n_times = cell.n_times();
    let once = profile(&programs.looped, cell, n_times)?;
    let twice = profile(&programs.looped, cell, 2 * n_times)?;
    let each = |more: f64, less: f64| (more - less) / n_times as f64;
    let mut parts = lines.parts(&twice);
    for (part, n) in lines.parts(&once) {
        *parts.entry(part).or_default() -= n;
    }
    parts.values_mut().for_each(|n| *n = each(*n, 0.0));
    Ok(Counted {
        cell,
        instructions: each(twice.total() as f64, once.total() as f64),
        allocations: each(
            allocations(&programs.counted, cell, 2 * n_times)?,
            allocations(&programs.counted, cell, n_times)?,
        ),
        parts,
    })
}

/// The instructions of a process that loops `n_times`.
fn profile(program: &Path, cell: Cell, n_times: usize) -> io::Result<Profile> {
    let file = tempfile::NamedTempFile::new()?;
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--dump-instr=yes"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", file.path().display()))
        .arg(program)
        .arg("loop")
        .args(cell.arguments())
        .arg(n_times.to_string());
    let output = succeeded(&mut valgrind, cell)?;
    let text = std::fs::read_to_string(file.path())?;
    Profile::parse(&text, program).ok_or_else(|| failure(cell, &output))
}

/// The allocations of a process that loops `n_times`.
fn allocations(program: &Path, cell: Cell, n_times: usize) -> io::Result<f64> {
    let mut command = Command::new(program);
    command.args(cell.arguments()).arg(n_times.to_string());
    let output = succeeded(&mut command, cell)?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().map_err(|_| failure(cell, &output))
}

fn succeeded(command: &mut Command, cell: Cell) -> io::Result<Output> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(output),
        false => Err(failure(cell, &output)),
    }
}

fn failure(cell: Cell, output: &Output) -> io::Error {
    let said = String::from_utf8_lossy(&output.stderr);
    io::Error::other(format!("{cell}: {}, {said}", output.status))
}
