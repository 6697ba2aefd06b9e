//! What a run writes: libtest's lines, and before its last one what a reader of laws wants to know.
//!
//! Knows nothing of processes.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Stopwatch;
use crate::law::id_of;
use crate::{Backend, Capability, Law};

/// What one law means for the run.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed {
        measured: Vec<String>,
        took: Duration,
        tries: u32,
    },
    /// It is broken, and the backend says so.
    Deviates(&'static str),
    Skipped(Capability),
    /// The machine cannot show it, and this is why.
    Unshown(String),
    Failed(String),
}

/// Collects outcomes and writes each at once.
#[derive(Debug)]
pub(super) struct Report {
    backend: &'static str,
    filtered: usize,
    terse: bool,
    verbose: bool,
    clock: Stopwatch,
    done: Mutex<Vec<(&'static str, Outcome)>>,
}

impl Report {
    pub(super) fn new<B: Backend>(
        laws: usize,
        filtered: usize,
        terse: bool,
        verbose: bool,
    ) -> Self {
        let plural = if laws == 1 { "" } else { "s" };
        println!("\nrunning {laws} test{plural} (laws on `{}`)", B::NAME);
        Report {
            backend: B::NAME,
            filtered,
            terse,
            verbose,
            clock: Stopwatch::start(),
            done: Mutex::default(),
        }
    }

    /// Writes the line of one law.
    pub(super) fn law_done<B: Backend>(&self, law: &Law<B>, outcome: Outcome) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if self.terse {
            print!("{}", outcome.letter());
        } else {
            println!("test {} ... {}", law.name(), outcome.line(self.verbose));
        }
        done.push((law.name(), outcome));
    }

    /// Writes what failed, what was left out and why, and libtest's last line.
    pub(super) fn finish(self, is_whole: bool, untested: &[(&str, &str)]) -> ExitCode {
        let mut done = self
            .done
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(name, _)| *name);
        let count = |is: fn(&Outcome) -> bool| done.iter().filter(|(_, o)| is(o)).count();
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = count(|o| matches!(o, Outcome::Skipped(_) | Outcome::Unshown(_)));
        let passed = done.len() - failed - skipped;
        print_failures(&done);
        print_deviations(&done);
        print_skipped(self.backend, &done);
        print_unshown(&done);
        if is_whole {
            print_untested(untested);
        }
        let is_empty = is_whole && passed + failed == 0;
        if is_empty {
            println!("\nno law ran: that is a failure");
        }
        let ok = failed == 0 && !is_empty;
        println!(
            "\ntest result: {}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; \
             {} filtered out; finished in {:.2}s\n",
            if ok { "ok" } else { "FAILED" },
            self.filtered,
            self.clock.elapsed().as_secs_f64(),
        );
        if ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FAILED)
        }
    }
}

impl Outcome {
    fn letter(&self) -> char {
        match self {
            Outcome::Passed { .. } => '.',
            Outcome::Deviates(_) => 'd',
            Outcome::Skipped(_) => 'i',
            Outcome::Unshown(_) => '?',
            Outcome::Failed(_) => 'F',
        }
    }

    fn line(&self, verbose: bool) -> String {
        match self {
            Outcome::Passed {
                measured,
                took,
                tries,
            } => {
                let mut line = String::from("ok");
                measured
                    .iter()
                    .for_each(|what| line.push_str(&format!(", {what}")));
                if *tries > 1 {
                    line.push_str(&format!(" (at try {tries})"));
                }
                if verbose || *took > SLOW {
                    line.push_str(&format!(" ({:.1} s)", took.as_secs_f64()));
                }
                line
            }
            Outcome::Deviates(why) => format!("ok (deviates: {why})"),
            Outcome::Skipped(missing) => format!("ignored, needs {missing}"),
            Outcome::Unshown(why) => format!("ignored, NOT SHOWN HERE: {why}"),
            Outcome::Failed(text) => {
                let first = text.lines().next().unwrap_or_default();
                format!("FAILED\n    {first}")
            }
        }
    }
}

/// `--list`, as libtest writes it.
pub(super) fn list<B: Backend>(laws: &[Law<B>], ignored: bool) {
    for law in laws
        .iter()
        .filter(|law| !ignored || law.missing().is_some())
    {
        println!("{}: test", law.name());
    }
}

fn print_failures(done: &[(&str, Outcome)]) {
    let failures: Vec<_> = done
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Failed(text) => Some((name, text)),
            _ => None,
        })
        .collect();
    if failures.is_empty() {
        return;
    }
    println!("\nfailures:");
    for (name, text) in &failures {
        println!("\n---- {name} ----\n{}", text.trim_end());
    }
    println!("\nfailures:");
    failures.iter().for_each(|(name, _)| println!("    {name}"));
}

fn print_deviations(done: &[(&str, Outcome)]) {
    let deviations: Vec<_> = done
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Deviates(why) => Some((name, why)),
            _ => None,
        })
        .collect();
    if deviations.is_empty() {
        return;
    }
    println!("\ndeviations:");
    for (name, why) in deviations {
        println!("    {} ({name}): {why}", id_of(name));
    }
}

fn print_skipped(backend: &str, done: &[(&str, Outcome)]) {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, outcome) in done {
        if let Outcome::Skipped(missing) = outcome {
            by_reason.entry(missing.to_string()).or_default().push(name);
        }
    }
    for (missing, names) in by_reason {
        println!("\nskipped, since `{backend}` has not declared {missing}:");
        names.iter().for_each(|name| println!("    {name}"));
    }
}

fn print_unshown(done: &[(&str, Outcome)]) {
    let unshown: Vec<_> = done
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Unshown(why) => Some((name, why)),
            _ => None,
        })
        .collect();
    if unshown.is_empty() {
        return;
    }
    println!("\nNOT SHOWN on this machine:");
    for (name, why) in unshown {
        println!("    {} ({name}): {why}", id_of(name));
    }
}

fn print_untested(untested: &[(&str, &str)]) {
    if untested.is_empty() {
        return;
    }
    println!("\nuntested by this suite:");
    for (name, why) in untested {
        println!("    {} ({name}): {why}", id_of(name));
    }
}

/// libtest's exit code for a failed run.
const FAILED: u8 = 101;
/// A law that takes longer shows its time.
const SLOW: Duration = Duration::from_secs(2);
