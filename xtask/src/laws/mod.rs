//! `cargo xtask laws`: every backend is held against the laws, and one table shows which holds
//! where.
//!
//! It runs the conformance programs and reads their JSON lines, or reads the records that a run of
//! `cargo test` left behind (`LAWS_REPORT`). It knows nothing of what a law promises but the
//! contract's own sentences. `main.rs` calls it, and `sanitize` the parts that run a program.

mod abort;
#[cfg(test)]
pub(crate) mod example;
mod junit;
mod matrix;
mod page;
pub(crate) mod programs;
pub(crate) mod record;
pub(crate) mod table;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use xtask::contract::{self, Sentence};

use self::matrix::Matrix;
use self::programs::{PROGRAMS, Profile, Program};
use self::record::{Run, Test, Verdict};

/// What to run and what to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this backend (`native`, `tokio-single`, `smol-erased`, ..); several with commas
    #[arg(long = "backend", value_delimiter = ',', value_parser = programs::named)]
    backends: Vec<&'static Program>,

    /// Only the laws of this group (`TM`); several with commas
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    groups: Vec<String>,

    /// Only this law, by its id or a part of its name; several with commas
    #[arg(long = "law", value_name = "LAW", value_delimiter = ',')]
    laws: Vec<String>,

    /// Run everything so often
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u32,

    /// Run everything with runtimes of so many workers; several numbers with commas
    #[arg(long, value_name = "N", value_delimiter = ',')]
    workers: Vec<usize>,

    /// Bounds on times are so much wider, for a slow machine
    #[arg(long, value_name = "FACTOR")]
    time_scale: Option<f64>,

    /// Build with optimizations
    #[arg(long)]
    release: bool,

    /// Build with optimizations and so that a panic ends the process: native, if none is named
    #[arg(long, conflicts_with = "release")]
    panic_abort: bool,

    /// What is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Run nothing: show the records that `cargo test` left in this folder (its `LAWS_REPORT`)
    #[arg(long, value_name = "FOLDER", conflicts_with_all = RUNNING)]
    recorded: Option<PathBuf>,

    /// Run nothing: write docs/laws.md, the README's table and what the suite quotes
    #[arg(long, conflicts_with_all = RUNNING, conflicts_with = "check_docs")]
    write: bool,

    /// Run nothing: fail if one of these files is stale
    #[arg(long, conflicts_with_all = RUNNING)]
    check_docs: bool,
}

/// What makes no sense where nothing runs.
const RUNNING: [&str; 7] = [
    "backends",
    "groups",
    "laws",
    "repeat",
    "workers",
    "time_scale",
    "panic_abort",
];

/// What is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The table, what failed and why, and a line a backend.
    #[default]
    Table,
    /// The same, the table in Markdown.
    Md,
    /// All that is known of each run.
    Json,
    /// JUnit's XML.
    Junit,
}

/// Runs, shows, and is an error if a law failed or a document is stale.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let runs = match &options.recorded {
        Some(folder) => recorded(folder)?,
        None if options.write || options.check_docs => listed(root, options)?,
        None => held(root, options)?,
    };
    let sentences = contract::all(root).map_err(|e| format!("the docs of `api`: {e}"))?;
    if options.recorded.is_some() || !(options.write || options.check_docs) {
        show(options, &runs, &sentences)?;
        judge(&runs)?;
    }
    if options.write || options.check_docs {
        let documents = page::documents(root, &runs, &sentences)?;
        return match options.write {
            true => page::write(root, &documents),
            false => page::check(root, &documents),
        };
    }
    Ok(())
}

/// Runs the programs that are asked for.
fn held(root: &Path, options: &Options) -> Result<Vec<Run>, String> {
    let workers: Vec<_> = match options.workers.is_empty() {
        true => vec![None],
        false => options.workers.iter().copied().map(Some).collect(),
    };
    let built = programs::build(root, &options.programs(), options.profile())?;
    let list = |command: &mut Command| read(options.choose(command).arg("--list"), |_| {});
    let mut runs = Vec::new();
    for _ in 0..options.repeat {
        for workers in &workers {
            for (program, path) in &built {
                let n_laws = list(&mut program.command(root, path))?.tests.len();
                let mut command = program.command(root, path);
                if let Some(workers) = workers {
                    command.env("LAWS_WORKERS", workers.to_string());
                }
                if let Some(scale) = options.time_scale {
                    command.env("LAWS_TIME_SCALE", scale.to_string());
                }
                let mut run = watched(options.choose(&mut command), program, n_laws)?;
                if options.panic_abort {
                    abort::sort_out(&mut run);
                    if options.groups.is_empty() && options.laws.is_empty() {
                        abort::check(&run)?;
                    }
                }
                runs.push(run);
            }
        }
    }
    match runs.iter().all(|run| run.tests.is_empty()) {
        true => Err("no law is meant by that".to_owned()),
        false => Ok(runs),
    }
}

/// Runs a program under a bar, if a person is looking.
pub(crate) fn watched(
    command: &mut Command,
    program: &Program,
    n_laws: usize,
) -> Result<Run, String> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}");
    let bar = ProgressBar::new(n_laws as u64).with_style(style.expect("the template is sound"));
    let run = read(command, |test| {
        bar.set_message(format!("{}: {}", program.key, test.name));
        bar.inc(1);
    });
    bar.finish_and_clear();
    match run? {
        Run { seconds: None, .. } => Err(format!("{} ended before its laws did", program.key)),
        run => Ok(run),
    }
}

/// What every program says of its laws without running one.
fn listed(root: &Path, options: &Options) -> Result<Vec<Run>, String> {
    let built = programs::build(root, &options.programs(), options.profile())?;
    let list = |(program, path): &(&Program, PathBuf)| {
        let mut command = program.command(root, path);
        read(command.args(["--format", "json", "--list"]), |_| {})
    };
    built.iter().map(list).collect()
}

/// What the programs of a run of `cargo test` have left: of each the whole of its laws.
fn recorded(folder: &Path) -> Result<Vec<Run>, String> {
    let record = |program: &Program| {
        let path = folder
            .join(program.title.replace([' ', ','], "-"))
            .with_extension("jsonl");
        let error = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let file = File::open(&path).map_err(|e| error(&e))?;
        let run = Run::read(BufReader::new(file), |_| {}).map_err(|e| error(&e))?;
        match run.seconds {
            Some(_) => Ok(run),
            None => Err(error(&"it ends before the run did")),
        }
    };
    PROGRAMS.iter().map(record).collect()
}

/// Runs a program and reads what it writes; `each` hears of every law.
pub(crate) fn read(command: &mut Command, each: impl FnMut(&Test)) -> Result<Run, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let error = |e: &dyn std::fmt::Display| format!("{name}: {e}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| error(&e))?;
    let output = child.stdout.take().expect("the output is piped");
    let run = Run::read(BufReader::new(output), each);
    let status = child.wait().map_err(|e| error(&e))?;
    run.map_err(|e| error(&format!("{e} ({status})")))
}

fn show(options: &Options, runs: &[Run], sentences: &[Sentence]) -> Result<(), String> {
    match options.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(runs).map_err(|e| e.to_string())?;
            println!("{text}");
        }
        Format::Junit => println!("{}", junit::report(runs)?),
        Format::Table | Format::Md => {
            let markdown = options.format == Format::Md;
            println!("{}", table::laws(&Matrix::of(runs), sentences, markdown));
            println!("{}", table::notes(runs));
            println!("{}", table::sums(runs));
            println!("one law alone: cargo xtask laws --backend native --law L015");
        }
    }
    Ok(())
}

/// An error if a law failed.
fn judge(runs: &[Run]) -> Result<(), String> {
    let n_failed: usize = runs.iter().map(|run| run.count(Verdict::is_failure)).sum();
    match n_failed {
        0 => Ok(()),
        1 => Err("1 law failed".to_owned()),
        _ => Err(format!("{n_failed} laws failed")),
    }
}

impl Options {
    fn programs(&self) -> Vec<&'static Program> {
        let is_meant = |program: &&Program| match self.backends.is_empty() {
            true => !self.panic_abort || program.key == "native",
            false => self.backends.contains(program),
        };
        PROGRAMS.iter().filter(is_meant).collect()
    }

    fn profile(&self) -> Profile {
        match (self.panic_abort, self.release) {
            (true, _) => Profile::PanicAbort,
            (false, true) => Profile::Release,
            (false, false) => Profile::Dev,
        }
    }

    /// Adds the laws that are asked for to a program's arguments.
    fn choose<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.args(["--format", "json"]);
        for group in &self.groups {
            command.args(["--group", group]);
        }
        command.args(&self.laws)
    }
}

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
    fn what_is_asked_for_reaches_the_programs() {
        let options = parsed("laws --backend tokio,mem --group tm --law L069,drop --repeat 2");
        let options = options.expect("it is a sound line");
        let keys: Vec<_> = options
            .programs()
            .iter()
            .map(|program| program.key)
            .collect();
        assert_eq!(keys, ["tokio", "mem"]);
        let mut command = Command::new("conformance");
        let arguments = options.choose(&mut command).get_args();
        let arguments: Vec<_> = arguments.map(|a| a.to_string_lossy()).collect();
        assert_eq!(
            arguments,
            ["--format", "json", "--group", "tm", "L069", "drop"]
        );
        assert_eq!(
            parsed("laws")
                .expect("nothing is asked for")
                .programs()
                .len(),
            8
        );
    }

    #[test]
    fn documents_are_of_all_backends() {
        assert!(parsed("laws --write --backend tokio").is_err());
        assert!(parsed("laws --check-docs --recorded target").is_ok());
        assert!(parsed("laws --recorded target --law L015").is_err());
        assert!(parsed("laws --write --panic-abort").is_err());
    }

    #[test]
    fn a_panic_ends_the_process_of_native_unless_another_is_named() {
        let keys = |line| {
            let programs = parsed(line).expect("it is a sound line").programs();
            programs.iter().map(|p| p.key).collect::<Vec<_>>()
        };
        assert_eq!(keys("laws --panic-abort"), ["native"]);
        assert_eq!(keys("laws --panic-abort --backend smol"), ["smol"]);
    }

    #[test]
    fn a_failed_law_is_an_error() {
        assert_eq!(judge(&example::example()), Err("1 law failed".to_owned()));
        assert_eq!(judge(&example::example()[1..]), Ok(()));
    }
}
