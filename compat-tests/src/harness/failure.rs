//! How a failure reads: what was promised, what was seen, and how to see it again.
//!
//! Knows nothing of the run around it.

use std::env;
use std::fmt::{self, Write as _};

use super::child::OBSERVED;
use super::outcome::{Judged, Outcome};
use crate::Verdict;
use crate::bound::{self, SCALE};
use crate::lab::WORKERS;
use crate::law::id_of;
use crate::promises::promise;

/// A law that failed, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What came of it, in a word: that of the machine-readable form too.
    pub(super) verdict: &'static str,
    /// The contract's sentence, and what in the contract makes it.
    pub(super) promised: &'static str,
    pub(super) observed: String,
    /// The command that runs this law alone.
    pub(super) again: String,
    /// What else the law's process wrote.
    pub(super) output: String,
}

impl Failure {
    /// `None` if it did not fail.
    pub(super) fn of(judged: &Judged) -> Option<Self> {
        let (verdict, observed, output) = match &judged.outcome {
            Outcome::Held | Outcome::Deviates | Outcome::Skipped(_) | Outcome::Unshown(_) => {
                return None;
            }
            Outcome::Undeserved => {
                let why = judged.why();
                let observed =
                    format!("it holds, and is listed as a deviation: take it off the list ({why})");
                (UNDESERVED, observed, "")
            }
            Outcome::Failed(verdict) => {
                let observed = observed(verdict, judged.tries);
                (verdict.word(), observed, verdict.output())
            }
        };
        Some(Failure {
            verdict,
            promised: promise(&id_of(judged.name)),
            observed,
            again: again(judged.name),
            output: rest_of(output),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.observed.lines();
        writeln!(f, "  promised  {}", self.promised)?;
        writeln!(f, "  observed  {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(f, "            {line}"))?;
        writeln!(f, "  again     {}", self.again)?;
        match self.output.is_empty() {
            true => Ok(()),
            false => write!(f, "\n{}", self.output),
        }
    }
}

/// What the law saw: its panic's message, or how its process ended.
fn observed(verdict: &Verdict, tries: u32) -> String {
    let said: Vec<_> = verdict
        .output()
        .lines()
        .filter_map(|line| line.strip_prefix(OBSERVED))
        .collect();
    let said = said.join("\n");
    match verdict {
        Verdict::Hang { limit, .. } => format!("it did not end: killed after {limit:.0?}"),
        Verdict::Abort { status, .. } => format!("its process ended without a verdict: {status}"),
        Verdict::Slow { .. } => format!("{said}\nat each of {tries} tries"),
        Verdict::Held { .. } | Verdict::Unshown { .. } | Verdict::Broken { .. } => said,
    }
}

/// The output without what stands in the report already, its measurements in words.
fn rest_of(output: &str) -> String {
    let mut rest = String::new();
    for line in output.lines().filter(|line| !line.starts_with(OBSERVED)) {
        let _ = match bound::parse(line) {
            Some(measured) => writeln!(rest, "{measured}"),
            // std's advice is `1`, which laws do not get.
            None => writeln!(rest, "{}", line.replace("`RUST_BACKTRACE=1`", BACKTRACE)),
        };
    }
    rest
}

/// How to run this law alone, as it ran here. Under cargo it is a command of cargo.
fn again(name: &str) -> String {
    let mut command = String::new();
    for set in [SCALE, WORKERS, SEED] {
        if let Ok(value) = env::var(set) {
            let _ = write!(command, "{set}={value} ");
        }
    }
    let program = env::current_exe().unwrap_or_default();
    let file = program.file_stem().unwrap_or_default().to_string_lossy();
    // The name of the test, and a hash behind it.
    let target = file.rsplit_once('-').map(|(target, _hash)| target);
    let _ = match (env::var("CARGO_PKG_NAME"), target) {
        (Ok(package), Some(target)) => {
            let release = match cfg!(debug_assertions) {
                true => "",
                false => "--release ",
            };
            command.push_str("cargo test ");
            write!(command, "{release}-p {package} --test {target} --")
        }
        _ => write!(command, "{}", program.display()),
    };
    let _ = write!(command, " --exact {name}");
    command
}

/// What a law that draws draws from, if it is set.
const SEED: &str = "LAWS_SEED";
/// What brings a backtrace.
const BACKTRACE: &str = "`RUST_BACKTRACE=full`";
/// The verdict on a deviation that is none.
const UNDESERVED: &str = "undeserved";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_what_was_observed() {
        let output = format!("noise\n{OBSERVED}it ran\n{OBSERVED}  left: 1\n");
        let verdict = Verdict::Broken {
            output: output.clone(),
        };
        assert_eq!(observed(&verdict, 1), "it ran\n  left: 1");
        assert_eq!(rest_of(&output), "noise\n");
    }

    #[test]
    fn a_failure_reads_top_down() {
        let failure = Failure {
            verdict: "broken",
            promised: "`JoinHandle`: dropping it detaches",
            observed: "it ran\n  left: 1".into(),
            again: "cargo test".into(),
            output: String::new(),
        };
        let lines = [
            "  promised  `JoinHandle`: dropping it detaches",
            "  observed  it ran",
            "              left: 1",
            "  again     cargo test",
            "",
        ];
        assert_eq!(failure.to_string(), lines.join("\n"));
    }
}
