//! What a person reads of the runs: the table, what failed and deviates, and a line a backend.
//!
//! It knows nothing of how the runs came about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};

use super::matrix::{Cell, Matrix, Row};
use super::record::{Measured, Run, Test, Verdict, deviating};
use xtask::contract::Sentence;

/// Law by backend, `promises` cut so that the table fits a wide screen.
pub(crate) fn laws(matrix: &Matrix, promises: &[Sentence], markdown: bool) -> Table {
    let mut table = Table::new();
    table.load_style(if markdown {
        ASCII_MARKDOWN
    } else {
        UTF8_FULL_CONDENSED
    });
    let break_at = if markdown { "-" } else { "\n" };
    let heads = matrix.columns.iter().map(|p| p.key.replace('-', break_at));
    let heads = ["law".to_owned(), "promise".to_owned()]
        .into_iter()
        .chain(heads);
    table.set_header(heads);
    for (law, row) in matrix.groups.iter().flat_map(|group| matrix.rows_of(group)) {
        let promise = promises.iter().find(|sentence| sentence.law() == *law);
        let promise = promise.map_or("", |sentence| sentence.text.as_str());
        let cells = row.cells.iter().map(|cell| mark(row, cell));
        let row = [law.clone(), cut(promise)].into_iter().chain(cells);
        table.add_row(row);
    }
    table
}

/// What the table has no room for: failures, deviations, what was skipped, and the values that came
/// nearest to their bounds.
pub(crate) fn notes(runs: &[Run]) -> String {
    let mut text = String::new();
    for (run, test) in all(runs).filter(|(_, test)| test.verdict.is_failure()) {
        failure(&mut text, run, test);
    }
    deviations(&mut text, runs);
    skipped(&mut text, runs);
    unshown(&mut text, runs);
    untested(&mut text, runs);
    nearest(&mut text, runs);
    text
}

/// A line a run.
pub(crate) fn sums(runs: &[Run]) -> String {
    let mut text = String::new();
    for run in runs {
        let count = |verdict| run.count(|of| of == verdict);
        let _ = writeln!(
            text,
            "{:<22} {:>3} held, {} failed, {} deviations, {} skipped by capability, \
             {} not shown here, {} untested; {:.1} s",
            label(run),
            count(Verdict::Held),
            run.count(Verdict::is_failure),
            count(Verdict::Deviates),
            count(Verdict::Skipped),
            count(Verdict::Unshown),
            run.untested.len(),
            run.seconds.unwrap_or_default(),
        );
    }
    text
}

/// The backend of a run, and what was unusual.
fn label(run: &Run) -> String {
    match &run.workers {
        Some(workers) => format!("{} (workers {workers:?})", run.backend),
        None => run.backend.to_owned(),
    }
}

fn all(runs: &[Run]) -> impl Iterator<Item = (&Run, &Test)> {
    runs.iter()
        .flat_map(|run| run.tests.iter().map(move |test| (run, test)))
}

/// What a cell of the table says.
fn mark(row: &Row, cell: &Cell) -> String {
    let total = cell.total();
    let of = |n: usize| match n == total {
        true => String::new(),
        false => format!(" {n}/{total}"),
    };
    match cell {
        Cell { failed: 1.., .. } => format!("FAIL{}", of(cell.failed)),
        Cell { deviates: 1.., .. } => format!("deviates{}", of(cell.deviates)),
        Cell { held: 1.., .. } => format!("ok{}", of(cell.held)),
        Cell { unshown: 1.., .. } => "unshown".to_owned(),
        Cell { skipped: 1.., .. } => "-".to_owned(),
        _ if row.untested.is_some() => "untested".to_owned(),
        _ => String::new(),
    }
}

/// As much of a sentence as a column holds.
fn cut(text: &str) -> String {
    if text.chars().count() <= PROMISE_MAX {
        return text.to_owned();
    }
    let short: String = text.chars().take(PROMISE_MAX - 2).collect();
    format!("{}..", short.trim_end())
}

fn failure(text: &mut String, run: &Run, test: &Test) {
    let verdict = format!("{:?}", test.verdict).to_lowercase();
    let observed = test.observed.as_deref().unwrap_or("nothing");
    let observed = observed.replace('\n', "\n            ");
    let _ = writeln!(
        text,
        "\n{} on {}: {verdict}, {}",
        test.law,
        label(run),
        test.name
    );
    let _ = writeln!(
        text,
        "  promised  {}",
        test.promised.as_deref().unwrap_or("")
    );
    let _ = writeln!(text, "  observed  {observed}");
    let _ = writeln!(text, "  again     {}", test.again.as_deref().unwrap_or(""));
    if let Some(output) = test.stdout.as_deref().filter(|output| !output.is_empty()) {
        let _ = writeln!(text, "\n{output}");
    }
}

/// The texts of these tests, each with the backends that say it.
fn by_text<'a>(
    tests: impl Iterator<Item = (&'a Run, &'a Test)>,
    text_of: impl Fn(&Test) -> String,
) -> BTreeMap<String, Vec<&'static str>> {
    let mut texts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (run, test) in tests {
        let backends = texts.entry(text_of(test)).or_default();
        if !backends.contains(&run.backend) {
            backends.push(run.backend);
        }
    }
    texts
}

fn deviations(text: &mut String, runs: &[Run]) {
    for (i, ((test, deviation), backends)) in deviating(runs).iter().enumerate() {
        if i == 0 {
            let _ = writeln!(text, "\ndeviations:");
        }
        let _ = writeln!(text, "  {test} on {}", backends.join(", "));
        let _ = writeln!(text, "      why  {}", deviation.why);
        let _ = writeln!(text, "      do   {}", deviation.advice);
    }
}

fn skipped(text: &mut String, runs: &[Run]) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (run, test) in all(runs).filter(|(_, test)| test.verdict == Verdict::Skipped) {
        let reason = test.reason.as_deref().unwrap_or_default();
        *counts.entry((run.backend, reason)).or_default() += 1;
    }
    for (i, ((backend, reason), n)) in counts.iter().enumerate() {
        if i == 0 {
            let _ = writeln!(text, "\nskipped:");
        }
        let _ = writeln!(text, "  {backend}: {n}, for it has not {reason}");
    }
}

/// What the machine lacks: a green run without these is not the whole of it.
fn unshown(text: &mut String, runs: &[Run]) {
    let unshown = all(runs).filter(|(_, test)| test.verdict == Verdict::Unshown);
    let why = |test: &Test| test.reason.clone().unwrap_or_default();
    let texts = by_text(unshown, |test| format!("{}: {}", test.name, why(test)));
    for (i, (line, backends)) in texts.iter().enumerate() {
        if i == 0 {
            let _ = writeln!(text, "\nNOT SHOWN on this machine:");
        }
        let _ = writeln!(text, "  {} on {}", line, backends.join(", "));
    }
}

fn untested(text: &mut String, runs: &[Run]) {
    let untested = runs.iter().map(|run| &run.untested);
    let Some(untested) = untested.max_by_key(|untested| untested.len()) else {
        return;
    };
    for (i, promise) in untested.iter().enumerate() {
        if i == 0 {
            let _ = writeln!(text, "\nuntested by the suite:");
        }
        let _ = writeln!(text, "  {}: {}", promise.name, promise.reason);
    }
}

/// The measured values that came nearest to their bounds, the nearest first.
fn nearest(text: &mut String, runs: &[Run]) {
    let mut measured = Vec::new();
    // Where a law deviates its value is beyond, and the list says why.
    for (run, test) in all(runs).filter(|(_, test)| test.verdict != Verdict::Deviates) {
        for value in &test.measured {
            if let Some(bound) = value.bound {
                measured.push(((value.worst / bound, bound), run, test, value));
            }
        }
    }
    measured.sort_by(|((a, _), ..), ((b, _), ..)| b.total_cmp(a));
    for (i, ((share, bound), run, test, value)) in measured.iter().take(NEAREST).enumerate() {
        if i == 0 {
            let scale = run.time_scale;
            let _ = writeln!(text, "\nnearest to their bounds (time scale {scale}):");
        }
        let tries = test.tries.filter(|tries| *tries > 1);
        let tries = tries.map_or(String::new(), |tries| format!(", at try {tries}"));
        let _ = writeln!(
            text,
            "  {:>3.0} %  {} on {}: {} {} of {}{tries}",
            100.0 * share,
            test.name,
            label(run),
            value.what,
            quantity(value, value.worst),
            quantity(value, *bound),
        );
    }
}

fn quantity(measured: &Measured, value: f64) -> String {
    match measured.unit.as_str() {
        "seconds" => format!("{:.1} ms", value * 1000.0),
        _ => value.to_string(),
    }
}

/// Columns for a promise.
const PROMISE_MAX: usize = 46;
/// How many measured values are shown.
const NEAREST: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::example::example;
    use super::*;

    #[test]
    fn a_cell_says_what_came_of_all_its_runs() {
        let row = Row::default();
        let cell = |held, deviates, skipped, failed| {
            let cell = Cell {
                held,
                deviates,
                skipped,
                failed,
                unshown: 0,
            };
            mark(&row, &cell)
        };
        assert_eq!(cell(3, 0, 0, 0), "ok");
        assert_eq!(cell(1, 0, 1, 0), "ok 1/2");
        assert_eq!(cell(4, 0, 0, 1), "FAIL 1/5");
        assert_eq!(cell(0, 1, 0, 0), "deviates");
        assert_eq!(cell(0, 0, 2, 0), "-");
        assert_eq!(cell(0, 0, 0, 0), "");
    }

    #[test]
    fn the_table_has_a_row_a_law() {
        let sentence = Sentence {
            id: 15,
            text: "A promise that is longer than what a column of the table holds.".to_owned(),
            item: "Spawn".to_owned(),
            line: 1,
        };
        let table = laws(&Matrix::of(&example()), &[sentence], true).to_string();
        let row = "| L015 | A promise that is longer than what a column.. | FAIL     | deviates |";
        assert!(table.contains(row), "{table}");
        assert!(table.contains("| ok       | ok 1/2   |"), "{table}");
        assert!(table.contains("untested"), "{table}");
    }

    #[test]
    fn the_notes_say_why_and_how_to_see_it_again() {
        let text = notes(&example());
        for part in [
            "L015 on native: broken, l015_drop",
            "observed  it ran\n            left: 1",
            "again     cargo test -- --exact l015_drop",
            "l015_drop on mem\n      why  one thread\n      do   wait",
            "mem: 1, for it has not threads of its own",
            "l099_a: nobody can",
            "80 %  l069_hardly_late on native: late by 4.0 ms of 5.0 ms",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn a_run_is_summed_up_in_a_line() {
        let text = sums(&example());
        let native = text.lines().next().expect("a line a run");
        assert!(native.starts_with("native "), "{native}");
        assert!(
            native.ends_with(
                "3 held, 1 failed, 0 deviations, 0 skipped by capability, 0 not shown here, \
                 1 untested; 1.5 s"
            ),
            "{native}"
        );
    }
}
