//! Lines of JSON: first what was planned on what machine, then a line a figure.

use std::io::{self, Write};

use serde::Serialize;

use super::Head;
use crate::figure::Figure;

/// Writes lines, each as soon as it is known.
#[derive(Debug)]
pub struct Lines<W>(W);

impl<W: Write> Lines<W> {
    /// Lines without a head, for what does not depend on the machine.
    pub fn bare(out: W) -> Self {
        Self(out)
    }

    /// Writes the head.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(out: W, head: &Head) -> io::Result<Self> {
        let mut lines = Self(out);
        lines.record(head)?;
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
