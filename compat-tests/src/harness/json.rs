//! The machine-readable form of a run: one JSON object a line.
//!
//! The keys that libtest's own JSON has mean the same here (`type`, `event`, `name`, `exec_time`,
//! `stdout`, and the sums of a suite), so that what reads that reads this. The others are ours;
//! they may become more. Knows nothing of what laws promise.

use serde::Serialize;

use super::failure::Failure;
use super::outcome::{Judged, Outcome, Sums};
use crate::bound::{self, Measured};
use crate::law::id_of;
use crate::{Capability, Class, Deviation, GROUPS, Group, lab};

/// The first line: which backend, and under what conditions.
#[derive(Debug, Serialize)]
struct Started<'a> {
    r#type: &'static str,
    event: &'static str,
    test_count: usize,
    backend: &'a str,
    /// How much wider than usual the bounds on times are.
    time_scale: f64,
    /// The numbers of workers that were asked for, if they were.
    workers: Option<Vec<usize>>,
    /// True if the program was compiled without debug assertions.
    optimized: bool,
}

/// The line of a group of the catalogue.
#[derive(Debug, Serialize)]
struct GroupLine {
    r#type: &'static str,
    name: &'static str,
    title: &'static str,
}

/// The line of a law, run or listed.
#[derive(Debug, Serialize)]
struct Test<'a> {
    r#type: &'static str,
    event: &'static str,
    name: &'static str,
    law: String,
    group: &'static str,
    class: Class,
    needs: &'a [Capability],
    /// `held`, `deviates`, `skipped`, `unshown`; or that it failed: `broken`, `slow`, `hang`,
    /// `abort`, `undeserved`. Of a law that is listed: what it will be if all is well.
    verdict: &'static str,
    /// What the backend's list says of it, whatever came of it: `law`, `why`, `advice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    deviation: Option<&'static Deviation>,
    /// What the backend or the machine has not got.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    measured: &'a [Measured],
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_time: Option<f64>,
    #[serde(flatten)]
    failure: Option<Failed<'a>>,
}

/// What the line of a failed law has besides.
#[derive(Debug, Serialize)]
struct Failed<'a> {
    promised: &'static str,
    observed: &'a str,
    again: &'a str,
    stdout: &'a str,
}

/// The line of a promise that no law shows.
#[derive(Debug, Serialize)]
struct Untested {
    r#type: &'static str,
    name: &'static str,
    law: String,
    group: Option<&'static str>,
    reason: &'static str,
}

/// The last line: libtest's sums, and ours.
#[derive(Debug, Serialize)]
struct Finished {
    r#type: &'static str,
    event: &'static str,
    passed: usize,
    failed: usize,
    ignored: usize,
    measured: usize,
    filtered_out: usize,
    exec_time: f64,
    held: usize,
    deviations: usize,
    skipped: usize,
    unshown: usize,
    untested: usize,
}

/// The first line, and one for each group.
pub(super) fn started(title: &str, laws: usize) -> Vec<String> {
    let started = Started {
        r#type: "suite",
        event: "started",
        test_count: laws,
        backend: title,
        time_scale: bound::scale(),
        workers: lab::worker_counts(),
        optimized: !cfg!(debug_assertions),
    };
    let groups = GROUPS.iter().map(|group| {
        line(&GroupLine {
            r#type: "group",
            name: group.name(),
            title: group.title(),
        })
    });
    [line(&started)].into_iter().chain(groups).collect()
}

pub(super) fn judged(judged: &Judged, failure: Option<&Failure>) -> String {
    let event = match &judged.outcome {
        _ if failure.is_some() => "failed",
        Outcome::Skipped(_) | Outcome::Unshown(_) => "ignored",
        _ => "ok",
    };
    let ran = !matches!(judged.outcome, Outcome::Skipped(_));
    line(&Test {
        event,
        tries: ran.then_some(judged.tries),
        exec_time: ran.then_some(judged.took.as_secs_f64()),
        failure: failure.map(|failure| Failed {
            promised: failure.promised,
            observed: &failure.observed,
            again: &failure.again,
            stdout: &failure.output,
        }),
        ..test(judged, failure.map(|failure| failure.verdict))
    })
}

/// A law of a list: nothing ran.
pub(super) fn listed(judged: &Judged) -> String {
    line(&test(judged, None))
}

fn test<'a>(judged: &'a Judged, failed: Option<&'static str>) -> Test<'a> {
    let (verdict, reason) = match &judged.outcome {
        Outcome::Deviates => ("deviates", None),
        Outcome::Skipped(missing) => ("skipped", Some(missing.to_string())),
        Outcome::Unshown(why) => ("unshown", Some(why.clone())),
        Outcome::Held | Outcome::Undeserved | Outcome::Failed(_) => ("held", None),
    };
    Test {
        r#type: "test",
        event: "discovered",
        name: judged.name,
        law: id_of(judged.name),
        group: judged.group.name(),
        class: judged.class,
        needs: &judged.needs,
        verdict: failed.unwrap_or(verdict),
        deviation: judged.deviation,
        reason,
        measured: &judged.measured,
        tries: None,
        exec_time: None,
        failure: None,
    }
}

pub(super) fn untested(name: &'static str, reason: &'static str) -> String {
    line(&Untested {
        r#type: "untested",
        name,
        law: id_of(name),
        group: Group::of(name).map(Group::name),
        reason,
    })
}

pub(super) fn finished(sums: Sums, ok: bool, seconds: f64) -> String {
    line(&Finished {
        r#type: "suite",
        event: if ok { "ok" } else { "failed" },
        passed: sums.held + sums.deviations,
        failed: sums.failed,
        ignored: sums.skipped + sums.unshown,
        measured: 0,
        filtered_out: sums.filtered,
        exec_time: seconds,
        held: sums.held,
        deviations: sums.deviations,
        skipped: sums.skipped,
        unshown: sums.unshown,
        untested: sums.untested,
    })
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names, numbers and texts are JSON")
}
