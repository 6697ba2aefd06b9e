//! What the demo has to say of each runtime.
//!
//! It knows checks by name and a speed, and not how they came about. [`super::run`] prints it.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::load::Speed;
use crate::choice::Choice;

/// The row of one runtime.
#[derive(Debug)]
pub(super) struct Report {
    choice: Choice,
    n_checks: usize,
    failures: Vec<String>,
    pub(super) speed: Option<Speed>,
}

impl Report {
    pub(super) fn new(choice: Choice) -> Self {
        Self {
            choice,
            n_checks: 0,
            failures: Vec::new(),
            speed: None,
        }
    }

    /// Counts one check.
    pub(super) fn take(&mut self, name: &str, outcome: Result<(), String>) {
        self.n_checks += 1;
        if let Err(why) = outcome {
            self.failures
                .push(format!("{}: {name}: {why}", self.choice));
        }
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = &String> {
        self.failures.iter()
    }

    pub(super) fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// One row a runtime.
pub(super) fn table(reports: &[Report], pipeline: u16) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let p99 = format!("p99 latency of {pipeline} in a pipeline");
    table.set_header(["runtime", "checks passed", "operations/s", p99.as_str()]);
    for report in reports {
        let n_passed = report.n_checks - report.failures.len();
        let (operations, p99) = match report.speed {
            Some(speed) => (
                format!("{:.0}", speed.operations_per_second),
                format!("{:.2} ms", speed.p99.as_secs_f64() * 1000.0),
            ),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let checks = format!("{n_passed} of {}", report.n_checks);
        table.add_row([report.choice.to_string(), checks, operations, p99]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
