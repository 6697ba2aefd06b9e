//! Rounds: each scenario's contenders one after the other, again and again.
//!
//! A machine is now faster and now slower. So a round runs every contender once, the next begins
//! with another, and what is compared is compared within a round. It knows nothing of what a cell
//! does.

use std::io;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    apart,
    figure::{self, Figure, Role, Series, Value},
    scenarios::{Scenario, Setup},
};

/// How much is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each contender is run.
    pub rounds: usize,
    /// What each run is told.
    pub setup: Setup,
}

/// Runs `scenarios` and hands the figures of each to `report` as soon as they are there.
///
/// `wanted` picks contenders by name. A contender that cannot run is left out with its reason.
///
/// # Errors
///
/// Those of `report`.
pub fn all(
    scenarios: &[Scenario],
    plan: Plan,
    wanted: impl Fn(&str) -> bool,
    mut report: impl FnMut(&[Figure]) -> io::Result<()>,
) -> io::Result<()> {
    let n_cells = |scenario: &Scenario| {
        let wanted = scenario.cells.iter().filter(|cell| wanted(cell.contender));
        wanted.count()
    };
    let n_runs: usize = scenarios.iter().map(n_cells).sum::<usize>() * plan.rounds;
    let bar = bar(n_runs);
    for scenario in scenarios {
        report(&one(scenario, plan, &wanted, &bar))?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn one(
    scenario: &Scenario,
    plan: Plan,
    wanted: impl Fn(&str) -> bool,
    bar: &ProgressBar,
) -> Vec<Figure> {
    let mut cells: Vec<_> = scenario
        .cells
        .iter()
        .filter(|cell| wanted(cell.contender))
        .collect();
    let mut all: Vec<Series> = Vec::new();
    let mut failed = Vec::new();
    for _ in 0..plan.rounds {
        for cell in &cells {
            bar.set_message(format!("{} on {}", scenario.name, cell.contender));
            match apart::run(scenario, cell, &plan.setup) {
                Ok(values) => take(&mut all, cell.contender, cell.role, values),
                Err(error) => failed.push((cell.contender, error)),
            }
            bar.inc(1);
        }
        // The next round begins with the next contender.
        cells.rotate_left(1);
    }
    failed.dedup_by_key(|(contender, _)| *contender);
    for (contender, error) in failed {
        bar.suspend(|| eprintln!("{} without {contender}: {error}", scenario.name));
        all.retain(|series| series.contender != contender);
    }
    let order = |series: &Series| {
        let cells = &scenario.cells;
        cells
            .iter()
            .position(|cell| cell.contender == series.contender)
    };
    all.sort_by_key(order);
    figure::figures(scenario.name, &all)
}

fn take(all: &mut Vec<Series>, contender: &'static str, role: Role, values: Vec<Value>) {
    for Value { metric, value } in values {
        let known = all
            .iter_mut()
            .find(|series| series.contender == contender && series.metric == metric);
        match known {
            Some(series) => series.rounds.push(value),
            None => all.push(Series {
                metric,
                contender,
                role,
                rounds: vec![value],
            }),
        }
    }
}

fn bar(n_runs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} left {eta}  {msg}");
    ProgressBar::new(n_runs as u64).with_style(style.expect("the template is a constant"))
}
