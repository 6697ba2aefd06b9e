//! The program that a conformance file runs: [`main`].
//!
//! It takes libtest's command line, runs each law in a child process of itself, and reports as
//! libtest does. Knows nothing of what a law promises.

mod child;
mod inside;
mod report;

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Arguments, FormatSetting};

use child::Stopwatch;
pub(crate) use child::scratch_folder;
pub use child::{Conditions, Verdict, as_child, judge, judge_under};
pub(crate) use inside::{Tool, ends_inside, inside, lines_with, shared_folder};
use report::{Outcome, Report};

use crate::law::id_of;
use crate::laws::{all, untested};
use crate::{Backend, Class, Law};

/// Holds the backend against every law. The whole `main` of a conformance file with
/// `harness = false`.
///
/// Takes libtest's arguments (`--list`, `--exact`, `--skip`, `--test-threads`, filters, ..). A
/// deviation that holds is a failure, and so is a run without filter in which no law ran.
#[must_use]
pub fn main<B: Backend>() -> ExitCode {
    if let Some(code) = as_child::<B>() {
        return code;
    }
    let arguments = Arguments::from_args();
    let (chosen, filtered) = choose::<B>(&arguments);
    if arguments.list {
        report::list(&chosen, arguments.ignored);
        return ExitCode::SUCCESS;
    }
    let terse = arguments.quiet || arguments.format == Some(FormatSetting::Terse);
    let report = Report::new::<B>(chosen.len(), filtered, terse, arguments.nocapture);
    run(chosen, arguments.test_threads.unwrap_or(THREADS), &report);
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.ignored;
    report.finish(is_whole, &untested())
}

/// The laws that the command line asks for, and how many it leaves out.
fn choose<B: Backend>(arguments: &Arguments) -> (Vec<Law<B>>, usize) {
    let laws = all::<B>();
    let total = laws.len();
    let is_meant = |name: &str, filter: &String| match arguments.exact {
        true => name == filter,
        false => name.contains(filter.as_str()),
    };
    let chosen: Vec<_> = laws
        .into_iter()
        .filter(|law| {
            let filter = arguments
                .filter
                .iter()
                .all(|filter| is_meant(law.name(), filter));
            let skip = arguments.skip.iter().any(|skip| is_meant(law.name(), skip));
            let ignored = !arguments.ignored || law.missing().is_some();
            filter && !skip && ignored
        })
        .collect();
    let filtered = total - chosen.len();
    (chosen, filtered)
}

/// Runs the laws, several at once; those that measure time come last, each alone.
fn run<B: Backend>(laws: Vec<Law<B>>, threads: usize, report: &Report) {
    let (timed, plain): (Vec<_>, Vec<_>) = laws
        .into_iter()
        .partition(|law| law.class() == Class::Stochastic);
    let queue = Mutex::new(VecDeque::from(plain));
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(law) = next() {
                    report.law_done(&law, try_one(&law));
                }
            });
        }
    });
    for law in timed {
        report.law_done(&law, try_one(&law));
    }
}

/// What the verdict on one law means for this backend.
fn try_one<B: Backend>(law: &Law<B>) -> Outcome {
    if let Some(missing) = law.missing() {
        return Outcome::Skipped(missing);
    }
    let clock = Stopwatch::start();
    let (verdict, tries) = judge_patiently(law);
    let took = clock.elapsed();
    let deviation = B::DEVIATIONS
        .iter()
        .find(|deviation| deviation.is_about(law.name()));
    match (verdict, deviation) {
        (Verdict::Held { measured }, None) => Outcome::Passed {
            measured,
            took,
            tries,
        },
        (Verdict::Held { .. }, Some(deviation)) => Outcome::Failed(format!(
            "{} holds, but is listed as a deviation ({}): take it off the list",
            id_of(law.name()),
            deviation.why,
        )),
        (Verdict::Unshown { why }, _) => Outcome::Unshown(why),
        (verdict, None) => Outcome::Failed(verdict.describe(law.name())),
        (_, Some(deviation)) => Outcome::Deviates(deviation.why),
    }
}

/// The verdict, and after how many tries. A time meets what else the machine has to do: it is too
/// long if it is so every time, and the report says how often it was tried.
fn judge_patiently<B: Backend>(law: &Law<B>) -> (Verdict, u32) {
    for tries in 1..TRIES {
        match judge(law) {
            Verdict::Slow { .. } => {}
            verdict => return (verdict, tries),
        }
    }
    (judge(law), TRIES)
}

/// How often a law is tried that measures a time beyond its bound.
const TRIES: u32 = 3;

/// Laws that run at once, if the command line does not say: a runtime wants a second core itself.
const THREADS: usize = 2;
