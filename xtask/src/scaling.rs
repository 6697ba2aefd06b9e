//! `cargo xtask scaling`: which words of native are written for an operation, and how often by
//! another thread than the one before.
//!
//! A build of native that notes each write runs `examples/writes.rs`; this makes the table of
//! docs/scaling.md of what it prints. It knows nothing of what the words are for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::{build, region, step};

/// What is counted.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write the tables into docs/scaling.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut cargo = step::cargo();
    cargo
        .args(["build", "--release", "-p", "anyrt-native"])
        .args(["--example", "writes"])
        .env("RUSTFLAGS", "--cfg anyrt_counted")
        .env(
            "CARGO_TARGET_DIR",
            step::target_folder(root).join("scaling"),
        )
        .current_dir(root);
    let program = build::program(&mut cargo, "writes")?.path;
    let output = Command::new(&program)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}, {said}", program.display(), output.status));
    }
    let tables = tables(&String::from_utf8_lossy(&output.stdout))?;
    print!("{tables}");
    match options.write {
        true => region::write(root, PAGE, [BEGIN, END], &tables),
        false => Ok(()),
    }
}

const PAGE: &str = "docs/scaling.md";
const BEGIN: &str = "<!-- writes: written by `cargo xtask scaling --write` -->";
const END: &str = "<!-- end of writes -->";

/// What is less than this in every column is left out.
const LEAST: f64 = 0.05;

/// Writes an operation, and those of them after another thread's.
type Writes = (f64, f64);

/// By how many workers there are and tasks do it; by the file and kind of the words.
#[derive(Debug, Default)]
struct Operation {
    words: BTreeMap<(String, String), BTreeMap<(u32, u32), Writes>>,
}

/// The lines of the program, each operation a table.
fn tables(lines: &str) -> Result<String, String> {
    let mut order = Vec::new();
    let mut operations = BTreeMap::<&str, Operation>::new();
    let mut columns = Vec::new();
    for line in lines.lines() {
        let (column, name, word, writes) =
            parsed(line).ok_or_else(|| format!("not a line of counts: `{line}`"))?;
        if !order.contains(&name) {
            order.push(name);
        }
        if !columns.contains(&column) {
            columns.push(column);
        }
        let words = &mut operations.entry(name).or_default().words;
        words.entry(word).or_default().insert(column, writes);
    }
    let mut text = String::new();
    for name in order {
        operations[name].table(name, &columns, &mut text);
    }
    Ok(text)
}

type Line<'a> = ((u32, u32), &'a str, (String, String), Writes);

fn parsed(line: &str) -> Option<Line<'_>> {
    let fields: Vec<_> = line.split('\t').collect();
    let [workers, tasks, name, file, kind, n, n_crossed] = fields[..] else {
        return None;
    };
    let column = (workers.parse().ok()?, tasks.parse().ok()?);
    let writes = (n.parse().ok()?, n_crossed.parse().ok()?);
    Some((column, name, (file.to_owned(), kind.to_owned()), writes))
}

impl Operation {
    /// The words that threads take from each other, and a line for all others.
    fn table(&self, name: &str, columns: &[(u32, u32)], text: &mut String) {
        let is_shared = |writes: &BTreeMap<_, Writes>| writes.values().any(|w| w.1 >= LEAST);
        let (shared, own): (Vec<_>, Vec<_>) =
            self.words.iter().partition(|(_, writes)| is_shared(writes));
        let _ = write!(text, "\n| {name} | |");
        for (workers, tasks) in columns {
            let _ = write!(text, " {} |", counted(*workers, *tasks));
        }
        let _ = write!(text, "\n|---|---|{}\n", "---|".repeat(columns.len()));
        for ((file, kind), writes) in &shared {
            let _ = write!(text, "| `{file}` | {kind} |");
            for column in columns {
                let (all, crossed) = writes.get(column).copied().unwrap_or_default();
                let _ = write!(text, " {all:.1} ({crossed:.2}) |");
            }
            text.push('\n');
        }
        let _ = write!(text, "| words of one thread | |");
        for column in columns {
            let each = own.iter().filter_map(|(_, writes)| writes.get(column));
            let _ = write!(text, " {:.1} |", each.map(|writes| writes.0).sum::<f64>());
        }
        text.push('\n');
    }
}

fn counted(workers: u32, tasks: u32) -> String {
    let plural = |n: u32, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    format!("{}, {}", plural(workers, "worker"), plural(tasks, "task"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn words_that_threads_take_from_each_other_have_a_line() {
        let lines = "1\t1\tyield\ta.rs\tstore\t2.000\t0.000\n\
                     1\t1\tyield\tb.rs\tlock\t1.000\t0.000\n\
                     8\t8\tyield\ta.rs\tstore\t3.000\t0.010\n\
                     8\t8\tyield\tb.rs\tlock\t1.500\t0.500\n";
        let table = tables(lines).expect("they are lines of counts");
        let expected = "\n| yield | | 1 worker, 1 task | 8 workers, 8 tasks |\n\
                        |---|---|---|---|\n\
                        | `b.rs` | lock | 1.0 (0.00) | 1.5 (0.50) |\n\
                        | words of one thread | | 2.0 | 3.0 |\n";
        assert_eq!(table, expected);
        assert!(tables("1\t1\tyield\n").is_err());
    }

    #[test]
    fn the_page_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = fs::read_to_string(root.join(PAGE)).expect("there is one");
        let new = region::replaced(&page, BEGIN, END, "").expect("the marks are there");
        assert!(new.starts_with("# "), "{new}");
    }
}
