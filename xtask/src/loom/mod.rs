//! `cargo xtask loom`: the models of native's lock-free protocols, each way that their steps can
//! interleave; and whether the models would notice if a step were missing.
//!
//! It knows the models by their names and the protocols by the texts in `mutations.rs`. `main.rs`
//! calls it.

mod mutations;
mod package;

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use self::mutations::Mutation;
use self::package::Package;
use crate::step::Stopwatch;

/// What to explore.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The models whose name contains this; with --mutations, the mutations they have to notice
    #[arg(long, value_name = "NAME")]
    model: Option<String>,

    /// Interrupt a thread at most so often in one execution; without it each model says how often
    #[arg(long, value_name = "N")]
    preemptions: Option<usize>,

    /// The short form, for CI: --preemptions 2
    #[arg(long, conflicts_with = "preemptions")]
    quick: bool,

    /// Take out the fences and second looks that the protocols call necessary, one at a time: each
    /// time a model has to fail
    #[arg(long)]
    mutations: bool,
}

/// Explores, and is an error if a model failed, or passed without what it is about.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let clock = Stopwatch::start();
    println!("==> build the models");
    let package = Package::lay(root)?;
    let program = package.build()?;
    println!("    {:.1} s", clock.seconds());
    let mut names = package.models(&program)?;
    names.retain(|name| options.is_meant(name));
    match options.mutations {
        true => mutate(&package, options)?,
        false => explore(&program, names, options)?,
    }
    println!("all of it took {:.0} s", clock.seconds());
    Ok(())
}

/// Runs these models, as many at once as there are processors.
fn explore(program: &Path, names: Vec<String>, options: &Options) -> Result<(), String> {
    if names.is_empty() {
        return Err("no model is meant by that".to_owned());
    }
    let n_models = names.len();
    println!("==> {n_models} models");
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new((VecDeque::from(names), 0));
    let failed = Mutex::new(Vec::new());
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let one = |name: String| {
        let clock = Stopwatch::start();
        let seen = Seen::of(program, &name, options.bound());
        let mut queue = lock();
        queue.1 += 1;
        println!(
            "[{:>2}/{n_models}] {} {name}: {:.1} s",
            queue.1,
            seen.word(),
            clock.seconds()
        );
        if let Seen::Failed(output) = seen {
            println!("{output}");
            failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(name);
        }
    };
    let next = || lock().0.pop_front();
    thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                while let Some(name) = next() {
                    one(name);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("models failed: {}", failed.join(", "))),
    }
}

/// Applies each mutation by itself and runs the models that have to notice it.
fn mutate(package: &Package, options: &Options) -> Result<(), String> {
    let is_meant = |mutation: &&Mutation| mutation.models.iter().any(|name| options.is_meant(name));
    let meant: Vec<_> = mutations::all().filter(is_meant).collect();
    if meant.is_empty() {
        return Err("no mutation is meant by that".to_owned());
    }
    println!("==> {} mutations", meant.len());
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["file", "without", "said by", "model", "what it met"]);
    let mut unnoticed = 0;
    for (i, mutation) in meant.iter().enumerate() {
        let clock = Stopwatch::start();
        let seen = package.mutated(mutation, || {
            let program = package.build()?;
            let run = |name: &&'static str| (*name, Seen::of(&program, name, options.bound()));
            Ok(mutation.models.iter().map(run).collect::<Vec<_>>())
        });
        let seen = seen.map_err(|e| format!("{}, {}: {e}", mutation.file, mutation.what))?;
        let passed = seen
            .iter()
            .any(|(_, seen)| !matches!(seen, Seen::Failed(_)));
        unnoticed += usize::from(passed);
        println!(
            "[{:>2}/{}] {} {}, without {}: {:.1} s",
            i + 1,
            meant.len(),
            if passed { "NOT NOTICED" } else { "noticed" },
            mutation.file,
            mutation.what,
            clock.seconds()
        );
        for (name, seen) in &seen {
            table.add_row([
                mutation.file,
                mutation.what,
                mutation.said,
                name,
                seen.reason(),
            ]);
        }
    }
    println!("{table}");
    match unnoticed {
        0 => Ok(()),
        _ => Err(format!("{unnoticed} mutations were not noticed")),
    }
}

impl Options {
    fn is_meant(&self, name: &str) -> bool {
        self.model.as_ref().is_none_or(|part| name.contains(part))
    }

    /// How often a thread may be interrupted, if that is not the model's to say.
    fn bound(&self) -> Option<usize> {
        self.preemptions.or(self.quick.then_some(QUICK))
    }
}

/// What came of one model.
#[derive(Debug)]
enum Seen {
    Passed,
    /// With what it wrote.
    Failed(String),
    /// No model has that name.
    Absent,
}

impl Seen {
    fn of(program: &Path, model: &str, bound: Option<usize>) -> Self {
        let mut command = Command::new(program);
        // What loom itself would heed must not narrow a run that does not ask for it.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LOOM_") {
                command.env_remove(name);
            }
        }
        if let Some(bound) = bound {
            command.env("LOOM_MAX_PREEMPTIONS", bound.to_string());
        }
        let output = command
            .args([model, "--test-threads", "1"])
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .output();
        match output {
            Ok(output) => Self::from_output(
                output.status.success(),
                &String::from_utf8_lossy(&output.stdout),
                &String::from_utf8_lossy(&output.stderr),
            ),
            Err(error) => Seen::Failed(error.to_string()),
        }
    }

    fn from_output(success: bool, stdout: &str, stderr: &str) -> Self {
        match success {
            true if stdout.contains("test result: ok. 1 passed") => Seen::Passed,
            true => Seen::Absent,
            false => Seen::Failed(format!("{stdout}{stderr}")),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Seen::Passed => "ok",
            Seen::Failed(_) => "FAILED",
            Seen::Absent => "ABSENT",
        }
    }

    /// In a few words, what a mutation led to.
    fn reason(&self) -> &str {
        match self {
            Seen::Passed => "IT PASSED",
            Seen::Absent => "NO SUCH MODEL",
            Seen::Failed(output) => {
                let mut known = REASONS.iter();
                let known = known.find(|(text, _)| output.contains(text));
                known.map_or("a panic", |(_, reason)| reason)
            }
        }
    }
}

/// The short form's bound.
const QUICK: usize = 2;
/// What loom and the models write, and what it means.
const REASONS: [(&str, &str); 5] = [
    ("deadlock", "all threads asleep"),
    ("Causality violation", "a data race"),
    ("Concurrent", "a data race"),
    (
        "exceeded maximum number of branches",
        "threads that spin for ever",
    ),
    ("assertion", "an assertion"),
];
