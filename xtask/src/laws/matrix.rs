//! Laws by backends: what all runs together say of each.
//!
//! It counts, and leaves words and marks to those that show it.

use std::collections::BTreeMap;

use super::programs::{PROGRAMS, Program};
use super::record::{Group, Run, Test, Verdict};

/// A row a law, a column a backend.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) columns: Vec<&'static Program>,
    pub(crate) groups: Vec<Group>,
    /// By the law's id.
    pub(crate) rows: BTreeMap<String, Row>,
}

/// One law.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) group: String,
    /// True if a function of it measures a time.
    pub(crate) is_stochastic: bool,
    /// The capabilities that its functions need, each with how many do.
    pub(crate) needs: BTreeMap<String, usize>,
    /// How many functions show it.
    pub(crate) n_tests: usize,
    /// Why none does.
    pub(crate) untested: Option<String>,
    /// In the order of the columns.
    pub(crate) cells: Vec<Cell>,
}

/// One law on one backend: how many of its runs ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) held: usize,
    pub(crate) deviates: usize,
    pub(crate) skipped: usize,
    /// What the machine could not show.
    pub(crate) unshown: usize,
    pub(crate) failed: usize,
}

impl Matrix {
    pub(crate) fn of(runs: &[Run]) -> Self {
        let has_run = |program: &&Program| runs.iter().any(|run| run.backend == program.key);
        let columns: Vec<_> = PROGRAMS.iter().filter(has_run).collect();
        let groups = runs.first().map_or(Vec::new(), |run| run.groups.clone());
        let mut matrix = Matrix {
            columns,
            groups,
            rows: BTreeMap::new(),
        };
        for run in runs {
            matrix.add(run);
        }
        matrix
    }

    /// The rows of a group.
    pub(crate) fn rows_of(&self, group: &Group) -> impl Iterator<Item = (&String, &Row)> {
        let rows = self.rows.iter();
        rows.filter(|(_, row)| row.group == group.name)
    }

    fn add(&mut self, run: &Run) {
        let is_it = |program: &&Program| program.key == run.backend;
        let column = self.columns.iter().position(is_it);
        let column = column.expect("every run has its column");
        for untested in &run.untested {
            let row = self.row(&untested.law, &untested.group);
            row.untested = Some(untested.reason.clone());
        }
        let mut n_tests: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
        for test in &run.tests {
            n_tests.entry(&test.law).or_default().push(test);
            let row = self.row(&test.law, &test.group);
            row.cells[column].count(test.verdict);
        }
        // What a law is does not depend on the run: each says the same of those that it has.
        for (law, tests) in n_tests {
            let row = self.rows.get_mut(law).expect("it was just counted");
            if tests.len() > row.n_tests {
                row.describe(&tests);
            }
        }
    }

    fn row(&mut self, law: &str, group: &str) -> &mut Row {
        let n_columns = self.columns.len();
        self.rows.entry(law.to_owned()).or_insert_with(|| Row {
            group: group.to_owned(),
            cells: vec![Cell::default(); n_columns],
            ..Row::default()
        })
    }
}

impl Row {
    fn describe(&mut self, tests: &[&Test]) {
        self.n_tests = tests.len();
        self.is_stochastic = tests.iter().any(|test| test.class == "stochastic");
        self.needs = BTreeMap::new();
        for need in tests.iter().flat_map(|test| &test.needs) {
            *self.needs.entry(need.clone()).or_default() += 1;
        }
    }
}

impl Cell {
    /// How many runs of functions there were.
    pub(crate) fn total(&self) -> usize {
        self.held + self.deviates + self.skipped + self.unshown + self.failed
    }

    fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Held => &mut self.held,
            Verdict::Deviates => &mut self.deviates,
            Verdict::Skipped => &mut self.skipped,
            Verdict::Unshown => &mut self.unshown,
            _ => &mut self.failed,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::example;
    use super::*;

    #[test]
    fn the_functions_of_a_law_are_one_row() {
        let matrix = Matrix::of(&example());
        let keys: Vec<_> = matrix.columns.iter().map(|program| program.key).collect();
        assert_eq!(keys, ["native", "mem"]);
        let row = &matrix.rows["L029"];
        assert_eq!((row.n_tests, row.needs["Threads"]), (2, 1));
        assert_eq!((row.cells[0].held, row.cells[0].total()), (2, 2));
        assert_eq!((row.cells[1].held, row.cells[1].skipped), (1, 1));
        assert_eq!(matrix.rows["L015"].cells[0].failed, 1);
        assert!(matrix.rows["L069"].is_stochastic);
        assert!(matrix.rows["L099"].untested.is_some());
        let groups = matrix
            .groups
            .iter()
            .map(|group| matrix.rows_of(group).count());
        assert_eq!(groups.collect::<Vec<_>>(), [2, 1, 1]);
    }
}
