//! The figures of a run that is over, taken from its record.
//!
//! A record has texts where figures have the names of the scenarios and contenders that there are:
//! what a run of another version measured, and this one does not know, has no figure here.

use crate::{
    figure::{Figure, Series, figures},
    report::{Entry, Run},
    scenarios::{self, Cell, Scenario},
};

/// The figures of everybody whom `wanted` picks.
pub fn recorded(run: &Run, wanted: impl Fn(&str) -> bool) -> Vec<Figure> {
    let of = |scenario: &Scenario| {
        let rows = run.rows.iter().filter(|row| row.scenario == scenario.name);
        let series = rows.flat_map(|row| {
            row.entries.iter().filter_map(|entry| {
                let cell = cell(scenario, entry)?;
                wanted(cell.contender).then(|| Series {
                    metric: row.metric.clone(),
                    contender: cell.contender,
                    role: cell.role,
                    rounds: entry.rounds.clone(),
                })
            })
        });
        figures(scenario.name, &series.collect::<Vec<_>>())
    };
    scenarios::all().iter().flat_map(of).collect()
}

fn cell<'a>(scenario: &'a Scenario, entry: &Entry) -> Option<&'a Cell> {
    let mut cells = scenario.cells.iter();
    cells.find(|cell| cell.contender == entry.contender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_figure_is_that_of_the_run() {
        let run = sample::run();
        let figures = recorded(&run, |name| name != "raw-smol");
        let row = run.row("echo_100", "throughput").expect("it is there");
        let of = |contender: &str| {
            let is_of = |one: &&Figure| {
                one.scenario == row.scenario
                    && one.metric == row.metric.name
                    && one.contender == contender
            };
            figures.iter().find(is_of)
        };
        let native = of("native").expect("it is in the sample");
        assert_eq!(
            native.rounds,
            row.entry("native").expect("there too").rounds
        );
        assert_eq!(native.best_peer, Some("raw-tokio"));
        assert!(of("raw-smol").is_none());
        assert!(of("native, but of another year").is_none());
    }
}
