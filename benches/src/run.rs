//! Rounds: the contenders of each scenario one after the other, scenario by scenario, again and
//! again.
//!
//! A machine is now faster and now slower. So a round runs every contender once, the next begins
//! with another, and what is compared is compared within a round. It knows nothing of what a cell
//! does.

use std::io;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    apart,
    figure::{self, Figure, Role, Series, Value},
    scenarios::{Cell, Scenario, Setup},
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
/// A round goes through all scenarios before the next begins: what a machine does to one that is
/// measured for a minute and to one measured a quarter of an hour later is then in the spread of
/// each, and a later run has to differ by more to be another.
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
    let mut courses: Vec<_> = scenarios
        .iter()
        .map(|scenario| Course::new(scenario, &wanted))
        .collect();
    let n_cells: usize = courses.iter().map(|course| course.cells.len()).sum();
    let bar = bar(n_cells * plan.rounds);
    for round in 1..=plan.rounds {
        for course in &mut courses {
            course.round(&plan.setup, &bar);
            if round == plan.rounds {
                report(&course.figures(&bar))?;
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// A scenario and what its rounds have shown so far.
struct Course<'a> {
    scenario: &'a Scenario,
    /// In the order of the next round.
    cells: Vec<&'a Cell>,
    all: Vec<Series>,
    failed: Vec<(&'static str, io::Error)>,
}

impl<'a> Course<'a> {
    fn new(scenario: &'a Scenario, wanted: impl Fn(&str) -> bool) -> Self {
        let cells = scenario.cells.iter();
        Self {
            scenario,
            cells: cells.filter(|cell| wanted(cell.contender)).collect(),
            all: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Runs each contender once; the next round begins with the next one.
    fn round(&mut self, setup: &Setup, bar: &ProgressBar) {
        for cell in &self.cells {
            bar.set_message(format!("{} on {}", self.scenario.name, cell.contender));
            match apart::run(self.scenario, cell, setup) {
                Ok(values) => take(&mut self.all, cell.contender, cell.role, values),
                Err(error) => self.failed.push((cell.contender, error)),
            }
            bar.inc(1);
        }
        if !self.cells.is_empty() {
            self.cells.rotate_left(1);
        }
    }

    /// The figures of those that ran in every round.
    fn figures(&mut self, bar: &ProgressBar) -> Vec<Figure> {
        let name = self.scenario.name;
        self.failed.sort_by_key(|(contender, _)| *contender);
        self.failed.dedup_by_key(|(contender, _)| *contender);
        for (contender, error) in &self.failed {
            bar.suspend(|| eprintln!("{name} without {contender}: {error}"));
            self.all.retain(|series| series.contender != *contender);
        }
        let place = |series: &Series| {
            let mut cells = self.scenario.cells.iter();
            cells.position(|cell| cell.contender == series.contender)
        };
        self.all.sort_by_key(place);
        figure::figures(name, &self.all)
    }
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
