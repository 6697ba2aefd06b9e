//! `cargo xtask goals`: native beside its peers, and whether it reaches what it must, once with the
//! system's allocator and once with mimalloc.
//!
//! It builds `anyrt-benches` and reads its lines. What is measured, and what the goals are, that
//! program knows. `main.rs` calls it.

mod page;
mod record;
mod table;

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use self::record::Run;
use crate::{bench, build, step};

/// What to measure and what to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the rows whose name, or whose scenario's name, contains one of these
    #[arg(value_name = "ROW")]
    rows: Vec<String>,

    /// Run each contender so often [default: 5, or 2 for a look]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,

    /// A look: fewer rounds of less
    #[arg(long)]
    quick: bool,

    /// Only with this allocator
    #[arg(long, value_name = "NAME", value_parser = record::named)]
    allocator: Option<&'static Allocator>,

    /// Build, and measure nothing
    #[arg(long, conflicts_with_all = ["built", "recorded", "write"])]
    build: bool,

    /// Build nothing: measure what was built last
    #[arg(long, conflicts_with = "recorded")]
    built: bool,

    /// Take what `cargo xtask bench` measured last for the system's allocator; measure the rest
    #[arg(long, conflicts_with_all = ["quick", "recorded"])]
    benched: bool,

    /// Measure nothing: show what the last run measured
    #[arg(long, conflicts_with_all = ["rows", "rounds", "quick"])]
    recorded: bool,

    /// Write the tables into docs/performance.md
    #[arg(long, conflicts_with_all = ["rows", "quick", "allocator"])]
    write: bool,
}

/// Whose memory a program takes.
#[derive(Debug, PartialEq)]
pub(crate) struct Allocator {
    /// Its name, on the command line and as a folder.
    key: &'static str,
    title: &'static str,
    /// The feature of `anyrt-benches` that brings it.
    feature: Option<&'static str>,
}

const ALLOCATORS: [Allocator; 2] = [
    Allocator {
        key: "system",
        title: "the system's allocator",
        feature: None,
    },
    Allocator {
        key: "mimalloc",
        title: "mimalloc",
        feature: Some("mimalloc"),
    },
];

/// Measures, shows, and is an error if more falls short than may.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let is_meant = |one: &&Allocator| options.allocator.is_none_or(|wanted| wanted == *one);
    let allocators: Vec<_> = ALLOCATORS.iter().filter(is_meant).collect();
    let folders: Vec<_> = allocators.iter().map(|one| one.folder(root)).collect();
    let each = || allocators.iter().zip(&folders);
    // All builds first, so that none runs between two measurements.
    if !options.built && !options.recorded {
        each().try_for_each(|(allocator, folder)| allocator.build(root, folder))?;
    }
    if options.build {
        return Ok(());
    }
    if !options.recorded {
        let benched = options.benched.then(|| bench::folder(root));
        each().try_for_each(|(allocator, folder)| {
            let record = benched.as_deref().filter(|_| allocator.feature.is_none());
            allocator.measure(folder, options, record)
        })?;
    }
    let runs: Vec<Run> = each()
        .map(|(allocator, folder)| Run::read(allocator, &folder.join(RECORD)))
        .collect::<Result<_, _>>()?;
    for run in &runs {
        println!("{}\n{}", table::head(run), table::goals(run, false));
    }
    println!("{}", table::sums(&runs));
    if options.write {
        page::write(root, &runs)?;
    }
    table::judge(&runs)
}

impl Allocator {
    /// Where its programs and its record stand.
    fn folder(&self, root: &Path) -> PathBuf {
        step::target_folder(root).join("goals").join(self.key)
    }

    /// Builds the programs and keeps them apart: the next build has the same names.
    fn build(&self, root: &Path, folder: &Path) -> Result<(), String> {
        println!("==> build the benchmarks with {}", self.title);
        let mut command = step::cargo();
        command.args(["build", "--release", "--quiet", "--package", PACKAGE]);
        command.args(self.feature.iter().flat_map(|name| ["--features", *name]));
        let programs = build::programs(command.current_dir(root))?;
        let error = |e: std::io::Error| format!("{}: {e}", folder.display());
        fs::create_dir_all(folder).map_err(error)?;
        for program in programs {
            // Not written over: a copy of it may be running.
            let (new, path) = (folder.join("new"), folder.join(&program.name));
            fs::copy(&program.path, &new).map_err(error)?;
            fs::rename(&new, &path).map_err(error)?;
        }
        Ok(())
    }

    /// Runs the program, which measures or takes `record`, and keeps its lines.
    fn measure(
        &self,
        folder: &Path,
        options: &Options,
        record: Option<&Path>,
    ) -> Result<(), String> {
        let mut command = Command::new(folder.join(PACKAGE));
        command.arg("goals");
        if let Some(record) = record {
            println!("==> take what was measured with {}", self.title);
            command.arg("--recorded").arg(record);
        } else {
            println!("==> measure with {}", self.title);
            command.args(options.quick.then_some("--quick"));
            command.args(options.rounds.map(|rounds| format!("--rounds={rounds}")));
        }
        command.arg("--").args(&options.rows);
        let error = |e: &dyn std::fmt::Display| format!("{PACKAGE} goals: {e}");
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| error(&e))?;
        let output = child.stdout.take().expect("the output is piped");
        let mut lines = Vec::new();
        std::io::copy(&mut BufReader::new(output), &mut lines).map_err(|e| error(&e))?;
        let status = child.wait().map_err(|e| error(&e))?;
        if !status.success() {
            return Err(error(&status));
        }
        let path = folder.join(RECORD);
        fs::write(&path, lines).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// The package, and its program.
const PACKAGE: &str = "anyrt-benches";
/// What a run leaves.
const RECORD: &str = "goals.jsonl";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(line: &str) -> Result<Options, clap::Error> {
        Ok(Line::try_parse_from(line.split(' '))?.options)
    }

    #[test]
    fn the_page_is_of_a_whole_run() {
        assert!(parsed("goals --write").is_ok());
        assert!(parsed("goals --write --recorded").is_ok());
        assert!(parsed("goals --write --benched").is_ok());
        for less in ["spawn", "--quick", "--allocator mimalloc"] {
            assert!(parsed(&format!("goals --write {less}")).is_err(), "{less}");
        }
    }

    #[test]
    fn an_allocator_that_is_not_there_is_an_error() {
        let options = parsed("goals --allocator mimalloc").expect("it is there");
        assert_eq!(options.allocator.map(|one| one.key), Some("mimalloc"));
        let error = parsed("goals --allocator jemalloc").expect_err("it is not");
        assert!(error.to_string().contains("system"), "{error}");
    }
}
