//! The program that a conformance file runs: [`main`].
//!
//! It takes libtest's command line, runs each law in a child process of itself, and reports as
//! libtest does. Knows nothing of what a law promises.

mod arguments;
mod child;
mod failure;
mod inside;
mod json;
mod outcome;
mod report;
mod text;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Parser;

use arguments::Arguments;
use child::Stopwatch;
pub(crate) use child::scratch_folder;
pub use child::{Conditions, Verdict, as_child, judge, judge_under};
pub(crate) use inside::{Tool, ends_inside, inside, lines_with, shared_folder};
use outcome::Judged;
use report::Report;

use crate::laws::{all, untested};
use crate::{Backend, Class, Deviation, Law};

/// Holds the backend against every law. The whole `main` of a conformance file with
/// `harness = false`.
///
/// Takes libtest's arguments (`--list`, `--exact`, `--skip`, `--test-threads`, filters, ..), and
/// `--group`. A deviation that holds is a failure, and so is a run without filter in which no law
/// ran.
///
/// # Panics
///
/// If the environment sets what laws heed (`LAWS_TIME_SCALE`, `LAWS_WORKERS`) to what is none, or
/// names a folder for records (`LAWS_REPORT`) that cannot be written to. If a deviation is about no
/// law, or lacks its reason or its advice.
#[must_use]
pub fn main<B: Backend>() -> ExitCode {
    if let Some(code) = as_child::<B>() {
        return code;
    }
    let arguments = Arguments::parse();
    let laws = all::<B>();
    check_deviations(&laws);
    let (chosen, filtered) = arguments.choose(laws);
    if arguments.list {
        report::list(&chosen, arguments.format(), &untested());
        return ExitCode::SUCCESS;
    }
    let report = Report::start::<B>(chosen.len(), filtered, &arguments)
        .unwrap_or_else(|error| panic!("the record of this run cannot be made: {error}"));
    run(chosen, arguments.threads().unwrap_or_else(threads), &report);
    report.finish(arguments.is_whole(), &untested())
}

/// A list of deviations is what its readers rely on: each says of a law why, and what to do.
fn check_deviations<B: Backend>(laws: &[Law<B>]) {
    let fault = |deviation: &Deviation| deviation.fault(laws.iter().map(Law::name));
    if let Some(fault) = B::DEVIATIONS.iter().find_map(fault) {
        panic!("the list of deviations of `{}`: {fault}", B::title());
    }
}

/// Runs the laws, several at once, those first that may take long; those that measure time come
/// last, each alone.
fn run<B: Backend>(laws: Vec<Law<B>>, threads: usize, report: &Report) {
    let (timed, mut plain): (Vec<_>, Vec<_>) = laws
        .into_iter()
        .partition(|law| law.class() == Class::Stochastic);
    plain.sort_by_key(|law| Reverse(law.time_limit()));
    let queue = Mutex::new(VecDeque::from(plain));
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(law) = next() {
                    report.law_done(try_one(&law));
                }
            });
        }
    });
    for law in timed {
        report.law_done(try_one(&law));
    }
}

/// The verdict on one law, and what it means for this backend. A time meets what else the machine
/// has to do: it is too long if it is so every time, and the report says how often it was tried.
fn try_one<B: Backend>(law: &Law<B>) -> Judged {
    if law.missing().is_some() {
        return Judged::expected(law);
    }
    let conditions = Conditions {
        // Known to hang, perhaps: then it is waited for, and no scale makes that longer.
        limit: law.deviation().map(|_| law.time_limit()),
        ..Conditions::default()
    };
    let clock = Stopwatch::start();
    let mut tries = 1;
    let verdict = loop {
        match judge_under(law, &conditions) {
            Verdict::Slow { .. } if tries < TRIES => tries += 1,
            verdict => break verdict,
        }
    };
    Judged::after(law, verdict, clock.elapsed(), tries)
}

/// How many laws run at once, if the command line does not say: two a core, for most do little but
/// wait.
fn threads() -> usize {
    thread::available_parallelism().map_or(2, |cores| cores.get() * 2)
}

/// How often a law is tried that measures a time beyond its bound.
const TRIES: u32 = 3;
