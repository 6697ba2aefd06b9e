//! Collects what came of the laws, and has it written: on the screen as it was asked for, and as
//! JSON lines into a file of the folder that `LAWS_REPORT` names.
//!
//! Knows nothing of processes, and leaves the words to [`text`] and [`json`].

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::arguments::{Arguments, Format};
use super::child::Stopwatch;
use super::failure::Failure;
use super::outcome::{Judged, Sums};
use super::{json, text};
use crate::{Backend, Law, lab};

/// Collects results and writes each at once.
#[derive(Debug)]
pub(super) struct Report {
    title: String,
    format: Format,
    with_seconds: bool,
    clock: Stopwatch,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    done: Vec<Judged>,
    failures: Vec<(&'static str, Failure)>,
    sums: Sums,
    record: Option<File>,
}

impl Report {
    /// # Errors
    ///
    /// If a record was asked for and cannot be made.
    pub(super) fn start<B: Backend>(
        laws: usize,
        filtered: usize,
        arguments: &Arguments,
    ) -> io::Result<Self> {
        let title = B::title();
        let sums = Sums {
            filtered,
            ..Sums::default()
        };
        let state = State {
            done: Vec::new(),
            failures: Vec::new(),
            sums,
            record: record(&title)?,
        };
        let report = Report {
            title,
            format: arguments.format(),
            with_seconds: arguments.nocapture,
            clock: Stopwatch::start(),
            state: Mutex::new(state),
        };
        if report.format != Format::Json {
            text::print_head(&report.title, laws);
        }
        report.with_state(|state| {
            let lines = json::started(&report.title, laws);
            lines.iter().for_each(|line| report.write(state, line));
        });
        Ok(report)
    }

    /// Writes what came of one law.
    pub(super) fn law_done(&self, judged: Judged) {
        let failure = Failure::of(&judged);
        self.with_state(|state| {
            match self.format {
                Format::Pretty => text::print_law(&judged, failure.as_ref(), self.with_seconds),
                Format::Terse => text::print_letter(&judged),
                Format::Json => {}
            }
            self.write(state, &json::judged(&judged, failure.as_ref()));
            state.sums.add(&judged);
            state
                .failures
                .extend(failure.map(|failure| (judged.name, failure)));
            state.done.push(judged);
        });
    }

    /// Writes what failed, what was left out and why, and the sums.
    pub(super) fn finish(
        self,
        is_whole: bool,
        untested: &[(&'static str, &'static str)],
    ) -> ExitCode {
        let seconds = self.clock.elapsed().as_secs_f64();
        let untested = if is_whole { untested } else { &[] };
        self.with_state(|state| {
            state.sums.untested = untested.len();
            state.done.sort_by_key(|judged| judged.name);
            state.failures.sort_by_key(|(name, _)| *name);
            let is_empty = is_whole && state.sums.ran() == 0;
            let ok = state.sums.failed == 0 && !is_empty;
            if self.format != Format::Json {
                let failures: Vec<_> = state.failures.iter().map(|(n, f)| (*n, f)).collect();
                text::print_failures(&self.title, &failures);
                text::print_deviations(&state.done);
                text::print_skipped(&self.title, &state.done);
                text::print_unshown(&state.done);
                text::print_untested(untested);
                if is_empty {
                    println!("\nno law ran: that is a failure");
                }
                text::print_sums(&self.title, state.sums, ok, seconds);
            }
            for (name, why) in untested {
                self.write(state, &json::untested(name, why));
            }
            self.write(state, &json::finished(state.sums, ok, seconds));
            match ok {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(FAILED),
            }
        })
    }

    /// Writes a line of JSON where one is asked for.
    fn write(&self, state: &mut State, line: &str) {
        if self.format == Format::Json {
            println!("{line}");
        }
        if let Some(record) = &mut state.record {
            writeln!(record, "{line}").expect("the record can be written");
        }
    }

    fn with_state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `--list`: the names, as libtest writes them, or all that is known, as JSON.
pub(super) fn list<B: Backend>(
    laws: &[Law<B>],
    format: Format,
    untested: &[(&'static str, &'static str)],
) {
    if format != Format::Json {
        laws.iter().for_each(|law| println!("{}: test", law.name()));
        return;
    }
    let lines = json::started(&B::title(), laws.len());
    lines.iter().for_each(|line| println!("{line}"));
    for law in laws {
        println!("{}", json::listed(&Judged::expected(law)));
    }
    for (name, why) in untested {
        println!("{}", json::untested(name, why));
    }
}

/// The file for the record of this run, if the environment names a folder.
fn record(title: &str) -> io::Result<Option<File>> {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return Ok(None);
    };
    fs::create_dir_all(&folder)?;
    let mut name: String = title
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    for workers in lab::worker_counts().unwrap_or_default() {
        name.push_str(&format!("-{workers}"));
    }
    File::create(folder.join(name).with_extension("jsonl")).map(Some)
}

/// Where records go.
const FOLDER: &str = "LAWS_REPORT";
/// libtest's exit code for a failed run.
const FAILED: u8 = 101;
