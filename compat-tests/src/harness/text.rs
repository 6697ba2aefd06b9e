//! What a person reads of a run: libtest's lines, and before its last one what is worth knowing of
//! laws.
//!
//! Knows nothing of processes and of how results are collected.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;
use super::outcome::{Judged, Outcome, Sums};
use crate::law::id_of;
use crate::{bound, lab};

pub(super) fn print_head(title: &str, laws: usize) {
    let plural = if laws == 1 { "" } else { "s" };
    let mut conditions = String::new();
    if bound::scale() > 1.0 {
        conditions.push_str(&format!(", time scale {}", bound::scale()));
    }
    if let Some(workers) = lab::worker_counts() {
        conditions.push_str(&format!(", workers {workers:?}"));
    }
    println!("\nrunning {laws} test{plural} (laws on `{title}`{conditions})");
}

/// The line of one law.
pub(super) fn print_law(judged: &Judged, failure: Option<&Failure>, with_seconds: bool) {
    let mut line = match (&judged.outcome, failure) {
        (_, Some(failure)) => {
            let first = failure.observed.lines().next().unwrap_or_default();
            format!("FAILED ({})\n    {first}", failure.verdict)
        }
        (Outcome::Deviates, _) => format!("ok (deviates: {})", judged.why()),
        (Outcome::Skipped(missing), _) => format!("ignored, needs {missing}"),
        (Outcome::Unshown(why), _) => format!("ignored, NOT SHOWN HERE: {why}"),
        _ => String::from("ok"),
    };
    for measured in judged.measured.iter().filter(|_| failure.is_none()) {
        line.push_str(&format!(", {measured}"));
    }
    if judged.tries > 1 && failure.is_none() {
        line.push_str(&format!(" (at try {})", judged.tries));
    }
    let ran = judged.took > Duration::ZERO;
    if ran && (with_seconds || judged.took > LONG) {
        line.push_str(&format!(" ({:.1} s)", judged.took.as_secs_f64()));
    }
    println!("test {} ... {line}", judged.name);
}

/// The letter of one law.
pub(super) fn print_letter(judged: &Judged) {
    print!(
        "{}",
        match &judged.outcome {
            Outcome::Held => '.',
            Outcome::Deviates => 'd',
            Outcome::Skipped(_) => 'i',
            Outcome::Unshown(_) => '?',
            Outcome::Undeserved | Outcome::Failed(_) => 'F',
        }
    );
}

pub(super) fn print_failures(title: &str, failures: &[(&'static str, &Failure)]) {
    if failures.is_empty() {
        return;
    }
    println!("\nfailures:");
    for (name, failure) in failures {
        println!("\n---- {name} ----");
        println!("{} on `{title}`: {}", id_of(name), failure.verdict);
        println!("{}", failure.to_string().trim_end());
    }
    println!("\nfailures:");
    failures.iter().for_each(|(name, _)| println!("    {name}"));
}

pub(super) fn print_deviations(done: &[Judged]) {
    let deviations = done.iter().filter_map(|judged| match judged.outcome {
        Outcome::Deviates => Some((judged.name, judged.deviation?)),
        _ => None,
    });
    for (i, (name, deviation)) in deviations.enumerate() {
        if i == 0 {
            println!("\ndeviations:");
        }
        println!("    {} ({name})", id_of(name));
        println!("        why  {}", deviation.why);
        println!("        do   {}", deviation.advice);
    }
}

pub(super) fn print_skipped(title: &str, done: &[Judged]) {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for judged in done {
        if let Outcome::Skipped(missing) = judged.outcome {
            let names = by_reason.entry(missing.to_string()).or_default();
            names.push(judged.name);
        }
    }
    for (missing, names) in by_reason {
        println!("\nskipped, since `{title}` has not {missing}:");
        names.iter().for_each(|name| println!("    {name}"));
    }
}

pub(super) fn print_unshown(done: &[Judged]) {
    let unshown = done.iter().filter_map(|judged| match &judged.outcome {
        Outcome::Unshown(why) => Some((judged.name, why)),
        _ => None,
    });
    for (i, (name, why)) in unshown.enumerate() {
        if i == 0 {
            println!("\nNOT SHOWN on this machine:");
        }
        println!("    {} ({name}): {why}", id_of(name));
    }
}

pub(super) fn print_untested(untested: &[(&'static str, &'static str)]) {
    if untested.is_empty() {
        return;
    }
    println!("\nuntested by this suite:");
    for (name, why) in untested {
        println!("    {} ({name}): {why}", id_of(name));
    }
}

/// Our sums in a line, then libtest's.
pub(super) fn print_sums(title: &str, sums: Sums, ok: bool, seconds: f64) {
    let Sums {
        held,
        failed,
        deviations,
        skipped,
        unshown,
        untested,
        filtered,
    } = sums;
    println!(
        "\n{title}: {held} held, {failed} failed, {deviations} deviations, \
         {skipped} skipped by capability, {unshown} not shown here, {untested} untested"
    );
    let verdict = if ok { "ok" } else { "FAILED" };
    let (passed, ignored) = (held + deviations, skipped + unshown);
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; \
         0 measured; {filtered} filtered out; finished in {seconds:.2}s\n"
    );
}

/// A law that takes longer shows its time.
const LONG: Duration = Duration::from_secs(2);
