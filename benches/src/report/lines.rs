//! Lines of JSON: first what machine it was, then a line a figure.

use std::io::{self, Write};

use serde::Serialize;

use crate::{figure::Figure, run::Plan};

/// Writes lines, each as soon as it is known.
#[derive(Debug)]
pub struct Lines<W>(W);

/// The first line.
#[derive(Debug, Serialize)]
struct Machine {
    kernel: String,
    processor: String,
    workers: usize,
    rounds: usize,
    quick: bool,
    allocator: &'static str,
}

impl<W: Write> Lines<W> {
    /// Lines without one of the machine, for what does not depend on it.
    pub fn bare(out: W) -> Self {
        Self(out)
    }

    /// Writes the line of the machine.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(out: W, plan: Plan) -> io::Result<Self> {
        let mut lines = Self(out);
        lines.record(&Machine {
            kernel: first_line("/proc/sys/kernel/osrelease", ""),
            processor: first_line("/proc/cpuinfo", "model name"),
            workers: plan.setup.workers,
            rounds: plan.rounds,
            quick: plan.setup.quick,
            allocator: crate::ALLOCATOR,
        })?;
        Ok(lines)
    }

    /// Writes a line a figure.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn figures(&mut self, figures: &[Figure]) -> io::Result<()> {
        figures.iter().try_for_each(|figure| self.record(figure))
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn record(&mut self, record: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, record)?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}

/// What follows `key` in its first line; empty where the system has no such file.
fn first_line(path: &str, key: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    let value = line.map_or("", |line| line.split_once(": ").map_or(line, |(_, v)| v));
    value.trim().to_owned()
}
