//! Instructions and allocations an operation.
//!
//! A time depends on the machine and on who else uses it, a count does not. An operation is looped
//! n times and then twice that often, each in a process of its own, and all threads of it are
//! counted, those of a blocking pool too; the difference is what n of them cost. It knows nothing
//! of what the operations are.
//!
//! Threads that meet do so in turn (`turns.rs`), or a run's counts would not be those of the next.
//! What a thread beside the loop does now and then still is not quite the same. So what is out of
//! its bounds is counted again, and the least counts.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Parser;

use crate::bounds;
use crate::cell::{Cell, Layer, Operation, Stack};
use crate::operations;
use crate::profile::{Lines, Profile};
use crate::programs::Programs;
use crate::turns::Turns;

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
    /// Whether they are the same from run to run, so that a bound of 2 % can be held.
    pub is_steady: bool,
    /// What that is the difference of.
    pub(crate) loops: Loops,
}

/// A loop of n times and one of 2n times, each with the fewest instructions that it was seen with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loops {
    once: Looped,
    twice: Looped,
}

/// What one process has spent.
#[derive(Clone, Debug, Default)]
struct Looped {
    instructions: f64,
    allocations: f64,
    parts: BTreeMap<String, f64>,
}

impl Counted {
    fn new(cell: Cell, is_steady: bool, loops: Loops) -> Self {
        let each = |more: f64, less: f64| (more - less) / cell.n_times() as f64;
        let (once, twice) = (&loops.once, &loops.twice);
        let mut parts = twice.parts.clone();
        for (part, n) in &once.parts {
            *parts.entry(part.clone()).or_default() -= n;
        }
        parts.values_mut().for_each(|n| *n = each(*n, 0.0));
        Counted {
            cell,
            instructions: each(twice.instructions, once.instructions),
            allocations: each(twice.allocations, once.allocations),
            parts,
            is_steady,
            loops,
        }
    }

    /// The same cell, counted twice.
    fn least(self, other: Counted) -> Self {
        let loops = Loops {
            once: self.loops.once.least(other.loops.once),
            twice: self.loops.twice.least(other.loops.twice),
        };
        Counted::new(self.cell, self.is_steady, loops)
    }
}

impl Looped {
    fn least(self, other: Looped) -> Self {
        let allocations = self.allocations.min(other.allocations);
        let least = match other.instructions < self.instructions {
            true => other,
            false => self,
        };
        Looped {
            allocations,
            ..least
        }
    }
}

/// True if valgrind is there.
#[must_use]
pub fn has_valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

/// Counts the cells, and those again, at most twice, of a row in which a bound does not hold: what
/// other threads of a process do meanwhile depends on when they run, and adds instructions.
///
/// # Errors
///
/// That valgrind is not there, or that a looped process failed.
pub fn settled(programs: &Programs, cells: &[Cell]) -> io::Result<Vec<Counted>> {
    const AGAIN: usize = 2;
    let mut counts = count(programs, cells)?;
    for _ in 0..AGAIN {
        let rows = bounds::broken_rows(&counts);
        let is_broken = |cell: &&Cell| rows.contains(&(cell.operation, cell.stack));
        let again: Vec<_> = cells.iter().filter(is_broken).copied().collect();
        for other in count(programs, &again)? {
            let same = |counted: &&mut Counted| counted.cell == other.cell;
            if let Some(counted) = counts.iter_mut().find(same) {
                *counted = counted.clone().least(other);
            }
        }
    }
    Ok(counts)
}

/// Counts the cells, as many at once as there are processors, and gives them back in their order.
fn count(programs: &Programs, cells: &[Cell]) -> io::Result<Vec<Counted>> {
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Vec::new());
    let work = |turns: Turns| -> io::Result<()> {
        let lines = Lines::of(&programs.looped)?;
        while let Some(&cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let counted = one(programs, &lines, &turns, cell)?;
            counts
                .lock()
                .expect("no thread panics with it")
                .push(counted);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = &work;
        let all = Turns::all().into_iter();
        let threads: Vec<_> = all.map(|turns| scope.spawn(move || work(turns))).collect();
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

fn one(programs: &Programs, lines: &Lines, turns: &Turns, cell: Cell) -> io::Result<Counted> {
    let looped = |n_times| {
        let profile = profile(&programs.looped, turns, cell, n_times)?;
        io::Result::Ok(Looped {
            instructions: profile.total() as f64,
            allocations: allocations(&programs.counted, cell, n_times)?,
            parts: lines.parts(&profile).into_iter().collect(),
        })
    };
    let loops = Loops {
        once: looped(cell.n_times())?,
        twice: looped(2 * cell.n_times())?,
    };
    Ok(Counted::new(cell, turns.are_steady(cell), loops))
}

/// The instructions of a process that loops `n_times`.
fn profile(program: &Path, turns: &Turns, cell: Cell, n_times: usize) -> io::Result<Profile> {
    let file = tempfile::NamedTempFile::new()?;
    let mut valgrind = turns.command("valgrind", cell);
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
