//! What the runs leave in the documentation: `docs/laws.md`, the table of the README, and the
//! promises that the suite quotes. Written by `--write`, held against the files by `--check-docs`.
//!
//! No time and no measured value stands there, nor what one machine could not show: what does is
//! the same after every run in which no law failed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::matrix::{Cell, Matrix, Row};
use super::record::{Run, Verdict, deviating};
use crate::region;
use xtask::contract::{self, Sentence};

/// A file, and what is to stand in it.
#[derive(Debug)]
pub(crate) struct Document {
    path: &'static str,
    text: String,
}

/// The documents that these runs, or lists, of all programs give.
pub(crate) fn documents(
    root: &Path,
    runs: &[Run],
    sentences: &[Sentence],
) -> Result<Vec<Document>, String> {
    let runs = &as_listed(runs);
    let readme = read(root, README)?;
    let readme = region::replaced(&readme, BEGIN, END, &results(runs))
        .ok_or_else(|| format!("{README} has no place for the table: `{BEGIN}` .. `{END}`"))?;
    Ok(vec![
        Document {
            path: PAGE,
            text: laws(&Matrix::of(runs), runs, sentences)?,
        },
        Document {
            path: README,
            text: readme,
        },
        Document {
            path: PROMISES,
            text: contract::promises(sentences),
        },
    ])
}

/// The runs without what is the machine's: there the backend's list is all that there is to say.
fn as_listed(runs: &[Run]) -> Vec<Run> {
    let mut runs = runs.to_vec();
    let tests = runs.iter_mut().flat_map(|run| &mut run.tests);
    for test in tests.filter(|test| test.verdict == Verdict::Unshown) {
        test.verdict = match test.deviation {
            Some(_) => Verdict::Deviates,
            None => Verdict::Held,
        };
    }
    runs
}

/// Writes those that are not as they are to be.
pub(crate) fn write(root: &Path, documents: &[Document]) -> Result<(), String> {
    for document in documents.iter().filter(|document| is_stale(root, document)) {
        let path = root.join(document.path);
        fs::write(&path, &document.text).map_err(|e| format!("{}: {e}", document.path))?;
        println!("wrote {}", document.path);
    }
    Ok(())
}

/// An error if one is not as it is to be.
pub(crate) fn check(root: &Path, documents: &[Document]) -> Result<(), String> {
    let stale = documents.iter().filter(|document| is_stale(root, document));
    let stale: Vec<_> = stale.map(|document| document.path).collect();
    match stale.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "stale: {}; `cargo xtask laws --write` writes them",
            stale.join(", ")
        )),
    }
}

fn is_stale(root: &Path, document: &Document) -> bool {
    read(root, document.path).as_ref() != Ok(&document.text)
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"))
}

/// `docs/laws.md`.
fn laws(matrix: &Matrix, runs: &[Run], sentences: &[Sentence]) -> Result<String, String> {
    let n_tests: usize = matrix.rows.values().map(|row| row.n_tests).sum();
    let mut text = format!(
        "{HEAD}\n{} promises in {} groups, shown by {n_tests} tests; {} cannot be shown.\n{LEGEND}",
        matrix.rows.len(),
        matrix
            .groups
            .iter()
            .filter(|g| matrix.rows_of(g).count() > 0)
            .count(),
        matrix
            .rows
            .values()
            .filter(|row| row.untested.is_some())
            .count(),
    );
    for group in &matrix.groups {
        if matrix.rows_of(group).count() == 0 {
            continue;
        }
        let _ = writeln!(text, "\n## {}: {}\n", group.name, group.title);
        let heads: Vec<_> = matrix.columns.iter().map(|program| program.key).collect();
        let _ = writeln!(
            text,
            "| law | promise | class | needs | {} |",
            heads.join(" | ")
        );
        let _ = writeln!(text, "|---|---|---|---|{}", "---|".repeat(heads.len()));
        for (law, row) in matrix.rows_of(group) {
            let sentence = sentences.iter().find(|sentence| sentence.law() == *law);
            let sentence = sentence.ok_or_else(|| format!("{law} has no sentence in `api`"))?;
            let marks: Vec<_> = row.cells.iter().map(|cell| mark(row, cell)).collect();
            let (class, needs) = (class(row), needs(row));
            let cells = sentence.cells();
            let _ = writeln!(text, "{cells} {class} | {needs} | {} |", marks.join(" | "));
        }
    }
    text.push_str("\n## Deviations\n\n");
    text.push_str(&deviations(runs));
    text.push_str(OPTIMIZED);
    text.push_str("\n## Untested\n\n");
    for (law, row) in &matrix.rows {
        if let Some(why) = &row.untested {
            let _ = writeln!(text, "- {law}: {why}.");
        }
    }
    Ok(text)
}

fn class(row: &Row) -> &'static str {
    match row {
        Row {
            untested: Some(_), ..
        } => "untested",
        Row {
            is_stochastic: true,
            ..
        } => "stochastic",
        _ => "required",
    }
}

/// The capabilities, and how many of the law's tests need each if not all do.
fn needs(row: &Row) -> String {
    let need = |(name, n): (&String, &usize)| match *n == row.n_tests {
        true => name.clone(),
        false => format!("{name} ({n} of {})", row.n_tests),
    };
    row.needs.iter().map(need).collect::<Vec<_>>().join(", ")
}

fn mark(row: &Row, cell: &Cell) -> String {
    match cell {
        Cell { failed: 1.., .. } => "\u{2717}".to_owned(),
        Cell { deviates: 1.., .. } => "D".to_owned(),
        Cell { held: 0, .. } if row.untested.is_some() => String::new(),
        Cell { held: 0, .. } => "\u{2013}".to_owned(),
        Cell { skipped: 0, .. } => "\u{2713}".to_owned(),
        Cell { held, .. } => format!("\u{2713} {held}/{}", cell.total()),
    }
}

fn deviations(runs: &[Run]) -> String {
    let found = deviating(runs);
    if found.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = String::from("| test | backends | why | what to do |\n|---|---|---|---|\n");
    for ((test, deviation), backends) in found {
        let [why, advice] = [&deviation.why, &deviation.advice].map(|text| cell(text));
        let _ = writeln!(
            text,
            "| `{test}` | {} | {why} | {advice} |",
            backends.join(", ")
        );
    }
    text
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The table of the README.
fn results(runs: &[Run]) -> String {
    let mut text =
        String::from("| backend | law tests held | deviations | skipped |\n|---|---|---|---|\n");
    for run in runs {
        let count = |verdict| run.count(|of| of == verdict);
        let ran = run.tests.len() - count(Verdict::Skipped);
        let _ = writeln!(
            text,
            "| {} | {} of {ran} | {} | {} |",
            run.backend,
            count(Verdict::Held),
            count(Verdict::Deviates),
            count(Verdict::Skipped),
        );
    }
    text
}

const PAGE: &str = "docs/laws.md";
const README: &str = "README.md";
const PROMISES: &str = "compat-tests/src/promises.txt";
const BEGIN: &str = "<!-- results: written by `cargo xtask laws --write` -->";
const END: &str = "<!-- end of results -->";

const HEAD: &str = "\
# The laws

What every backend owes: the promises of the contract, as they stand in the docs of `anyrt-api`, \
and which backend keeps which.
This page is written by `cargo xtask laws --write`; a test fails when it is stale.
";

const LEGEND: &str = "
- **class**: a *required* law decides; a *stochastic* one measures a time against a bound; an \
*untested* promise cannot be shown, for the reason at the end of this page.
- **needs**: what a backend must have besides the required traits, as `anyrt_laws::Capability` \
names it; \"1 of 2\" where not every test of the law does.
- **\u{2713}**: it holds; \"1/2\" where the backend lacks what the other tests need. \
**\u{2013}**: the backend lacks what it needs. **D**: the backend deviates, for the reason at the \
end of this page.

A backend lists what it lacks and where it deviates; a law that fails, and a deviation that holds, \
fail its tests.
So these marks are those of every run that passes. What a machine cannot show (it lacks \
`strace`, say) the run on it lists in capitals.

One law alone: `cargo xtask laws --law L015`, on one backend: `cargo xtask laws --backend native \
--law L015`.
";

/// What the lists of these runs, which have debug assertions, do not say.
const OPTIMIZED: &str = "
Without debug assertions tokio with workers deviates from L102 too, as smol does and with the same \
advice: its worker panics when its poller fails for good, and only with them does that end the \
process.
`cargo xtask laws --release` holds the backends against the laws in such a build.
";

#[cfg(test)]
mod tests {
    use super::super::example::example;
    use super::*;

    fn sentence(id: u16) -> Sentence {
        Sentence {
            id,
            text: "It holds.".to_owned(),
            item: "Spawn".to_owned(),
            line: 1,
        }
    }

    #[test]
    fn the_page_has_every_law_with_its_marks() {
        let runs = example();
        let sentences = [15, 29, 69, 99].map(sentence);
        let text = laws(&Matrix::of(&runs), &runs, &sentences).expect("each has its sentence");
        for part in [
            "4 promises in 3 groups, shown by 4 tests; 1 cannot be shown.",
            "## SP: spawning",
            "| L015 | `Spawn`: It holds. | required |  | \u{2717} | D |",
            "| L029 | `Spawn`: It holds. | required | Threads (1 of 2) | \u{2713} | \u{2713} 1/2 |",
            "| L069 | `Spawn`: It holds. | stochastic |  | \u{2713} | \u{2713} |",
            "| L099 | `Spawn`: It holds. | untested |  |  |  |",
            "| `l015_drop` | mem | one thread | wait |",
            "- L099: nobody can.",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        let error = laws(&Matrix::of(&runs), &runs, &[]).expect_err("none has a sentence");
        assert!(error.contains("no sentence"), "{error}");
    }

    #[test]
    fn what_a_machine_cannot_show_is_as_the_backend_lists_it() {
        let mut runs = example();
        for run in &mut runs {
            run.tests[0].verdict = Verdict::Unshown;
        }
        assert_eq!(as_listed(&runs)[0].tests[0].verdict, Verdict::Held);
        assert_eq!(as_listed(&runs)[1].tests[0].verdict, Verdict::Deviates);
    }

    #[test]
    fn the_readme_keeps_what_stands_around_the_table() {
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter");
        let new = region::replaced(&text, BEGIN, END, &results(&example()));
        let new = new.expect("the marks are there");
        let table = "| native | 3 of 4 | 0 | 0 |\n| mem | 2 of 3 | 1 | 1 |\n";
        assert!(new.contains(table), "{new}");
        assert!(new.starts_with("before\n") && new.ends_with("\nafter") && !new.contains("old"));
    }

    #[test]
    fn a_stale_document_is_an_error() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let document = |text: String| Document { path: README, text };
        let readme = read(root, README).expect("there is one");
        assert_eq!(check(root, &[document(readme.clone())]), Ok(()));
        let error = check(root, &[document(readme + " ")]).expect_err("it is another text");
        assert!(error.contains("README.md"), "{error}");
    }
}
