//! `cargo xtask bench`: a whole run of the benchmarks, and the pages that show it.
//!
//! It builds `anyrt-benches`, which measures, and makes the report of what was recorded; this puts
//! the report where readers find it. It knows nothing of what is measured. `main.rs` calls it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde::Deserialize;

use crate::{build, region, step};

/// What to measure and what to write.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A look: fewer rounds of less
    #[arg(long)]
    quick: bool,

    /// Run each contender so often [default: 5, or 2 for a look]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,

    /// Measure nothing: take what a run has recorded, its `figures.jsonl` or the folder that has it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "rounds"])]
    recorded: Option<PathBuf>,

    /// Write docs/benchmarks/ and the table in README.md
    #[arg(long, conflicts_with = "quick")]
    write: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    // Both programs: one of them counts allocations, and the other one starts it.
    let mut cargo = step::cargo();
    cargo.args(["build", "--release", "--package", PACKAGE]);
    let program = build::program(cargo.current_dir(root), PACKAGE)?.path;
    let folder = folder(root);
    let record = match &options.recorded {
        Some(record) => record.clone(),
        None => {
            step::run(
                Command::new(&program)
                    .args(["all", "--out"])
                    .arg(&folder)
                    .args(options.quick.then_some("--quick"))
                    .args(options.rounds.map(|rounds| format!("--rounds={rounds}"))),
            )?;
            folder.clone()
        }
    };
    step::run(
        Command::new(&program)
            .arg("report")
            .arg(&record)
            .arg("--out")
            .arg(&folder)
            // What does not stand for the whole is written nowhere.
            .args(options.write.then_some("--whole")),
    )?;
    match options.write {
        true => write(root, &record, &folder),
        false => Ok(()),
    }
}

/// Where the last run and its report are.
pub(crate) fn folder(root: &Path) -> PathBuf {
    step::target_folder(root).join("bench")
}

/// Puts the report of `record`, which is in `folder`, where readers find it.
fn write(root: &Path, record: &Path, folder: &Path) -> Result<(), String> {
    let record = match record.is_dir() {
        true => record.join(RECORD),
        false => record.to_owned(),
    };
    let figures = read(&record)?;
    let table = read(&folder.join("headlines.md"))?;
    let page = read(&root.join(PAGE))?;
    let new = region::replaced(&page, BEGIN, END, &inside(&figures, &table)?);
    let new = new.ok_or_else(|| format!("{PAGE} has no place for it: `{BEGIN}` .. `{END}`"))?;
    let docs = root.join(DOCS);
    fs::create_dir_all(&docs).map_err(|e| format!("{DOCS}: {e}"))?;
    put(&docs.join(RECORD), &figures)?;
    for name in ["report.md", "overview.svg"] {
        put(&docs.join(name), &read(&folder.join(name))?)?;
    }
    put(&root.join(PAGE), &new)?;
    println!("wrote {DOCS}/ and {PAGE}");
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// The first line of a record, as far as README.md quotes it.
#[derive(Debug, Deserialize)]
struct Head {
    date: String,
    kernel: String,
    processor: String,
    workers: usize,
    rounds: usize,
}

/// What stands in README.md: on what it was measured, the table, the plot.
fn inside(figures: &str, table: &str) -> Result<String, String> {
    let head = figures.lines().next().unwrap_or_default();
    let head: Head = serde_json::from_str(head).map_err(|e| format!("{RECORD}, line 1: {e}"))?;
    let (date, _) = head.date.split_once('T').unwrap_or((&head.date, ""));
    let Head {
        kernel,
        processor,
        workers,
        rounds,
        ..
    } = &head;
    Ok(format!(
        "\nMeasured on {date} with `cargo xtask bench --write`: {workers} workers, {processor}, \
         Linux {kernel}, the median of {rounds} rounds.\n\
         `native`, `tokio` and `smol` are the backends; less than 1x is a loss.\n\n\
         {table}\n\
         ![native beside the best raw runtime]({DOCS}/overview.svg)\n\n\
         [All figures]({DOCS}/report.md), and [each round of them]({DOCS}/{RECORD}).\n\n"
    ))
}

/// The package, and its program.
const PACKAGE: &str = "anyrt-benches";
/// What a run leaves.
const RECORD: &str = "figures.jsonl";
const DOCS: &str = "docs/benchmarks";

const PAGE: &str = "README.md";
const BEGIN: &str = "<!-- bench: written by `cargo xtask bench --write` -->";
const END: &str = "<!-- end of bench -->";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    const FIGURES: &str = concat!(
        r#"{"date":"2026-01-02T03:04:05Z","command":"c","kernel":"6.1","processor":"P","#,
        r#""workers":2,"rounds":5,"quick":false,"allocator":"the system's"}"#,
        "\n{}\n"
    );

    #[test]
    fn the_page_is_of_no_look() {
        let parsed = |line: &str| Line::try_parse_from(line.split(' '));
        assert!(parsed("bench --write").is_ok());
        let taken = parsed("bench --write --recorded figures.jsonl").expect("it can be taken");
        assert_eq!(taken.options.recorded, Some(PathBuf::from(RECORD)));
        for wrong in [
            "--write --quick",
            "--recorded a --quick",
            "--recorded a --rounds 3",
        ] {
            assert!(parsed(&format!("bench {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_report_goes_where_readers_find_it() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("made");
        fs::create_dir(&folder).expect("a folder");
        let page = format!("# anyrt\n\n{BEGIN}\nold\n{END}\n\nafter\n");
        put(&root.path().join(PAGE), &page).expect("it is written");
        for name in [RECORD, "report.md", "overview.svg", "headlines.md"] {
            let text = if name == RECORD { FIGURES } else { name };
            put(&folder.join(name), text).expect("it is written");
        }
        write(root.path(), &folder, &folder).expect("all is there");
        let docs = root.path().join(DOCS);
        assert_eq!(read(&docs.join(RECORD)).as_deref(), Ok(FIGURES));
        assert_eq!(read(&docs.join("report.md")).as_deref(), Ok("report.md"));
        let page = read(&root.path().join(PAGE)).expect("it is there");
        for part in [
            "Measured on 2026-01-02 with",
            "2 workers, P, Linux 6.1",
            "headlines.md",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(
            !page.contains("old") && page.ends_with("\n\nafter\n"),
            "{page}"
        );
    }

    #[test]
    fn the_page_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = read(&root.join(PAGE)).expect("there is one");
        let new = region::replaced(&page, BEGIN, END, "").expect("the marks are there");
        assert!(new.starts_with("# anyrt"), "{new}");
    }
}
