//! The laws below a sanitizer.
//!
//! Some measure what the sanitizer itself does: memory, threads, wake-ups. They run, what they say
//! is shown, and it does not count, unless it is a report. `mod.rs` calls it.

use std::path::Path;

use super::{Options, Place, Sanitizer};
use crate::build::Program;
use crate::laws::record::{Run, Test, Verdict};
use crate::laws::{programs, read, table, watched};

/// Runs the laws and shows what came of them; an error if one fails for what is not the
/// sanitizer's own doing.
pub(super) fn run(
    root: &Path,
    place: &Place,
    sanitizer: &Sanitizer,
    built: &Program,
    options: &Options,
) -> Result<(), String> {
    let native = programs::named("native")?;
    let command = || {
        let mut command = native.command(root, &built.path);
        let own = place.command(sanitizer, built, options);
        let set = own.get_envs();
        command.envs(set.filter_map(|(name, value)| Some((name, value?))));
        command.args(["--format", "json"]);
        if options.quick {
            command.args(["--group", QUICK]);
        }
        command.args(&options.filters);
        command
    };
    let n_laws = read(command().arg("--list"), |_| {})?.tests.len();
    println!("==> {n_laws} laws");
    let mut run = watched(&mut command(), native, n_laws)?;
    for test in &mut run.tests {
        test.again = Some(format!("cargo xtask {} {}", sanitizer.key, test.name));
    }
    let own_doing = set_aside(&mut run, sanitizer);
    let n_failed = run.count(Verdict::is_failure);
    let runs = [run];
    println!("{}", table::notes(&runs));
    for (test, why) in &own_doing {
        println!("{}: {why}", test.name);
        println!("    {}", test.observed.as_deref().unwrap_or("it held"));
    }
    println!("{}", table::sums(&runs));
    match n_failed {
        0 => Ok(()),
        1 => Err("1 law failed".to_owned()),
        _ => Err(format!("{n_failed} laws failed")),
    }
}

/// Takes those laws out of a run that the sanitizer keeps from holding, each with the reason. One
/// that did not come to its end stays, for that is nothing that it measured.
fn set_aside(run: &mut Run, sanitizer: &Sanitizer) -> Vec<(Test, &'static str)> {
    let mut aside = Vec::new();
    run.tests.retain(|test| {
        let known = sanitizer.own_doing.iter();
        let mut known = known.filter(|(law, _)| *law == test.name);
        let has_ended = !matches!(test.verdict, Verdict::Hang | Verdict::Abort);
        match known.next().filter(|_| has_ended) {
            Some((_, why)) => aside.push((test.clone(), *why)),
            None => return true,
        }
        false
    });
    aside
}

/// The program of the laws, as cargo calls it.
pub(super) const PROGRAM: &str = "conformance";
/// The groups of the short form: wakers, tasks, blocking closures, and runtimes that meet.
const QUICK: &str = "W,SP,BL,MX";

#[cfg(test)]
mod tests {
    use super::super::THREAD;
    use super::*;
    use crate::laws::example::example;

    /// What is left of a run in which a law of the list came to this, and what was set aside.
    fn sorted(verdict: Verdict) -> (usize, usize) {
        let mut run = example().remove(0);
        let n_tests = run.tests.len();
        run.tests[0].name = THREAD.own_doing[0].0.to_owned();
        run.tests[0].verdict = verdict;
        let aside = set_aside(&mut run, &THREAD).len();
        (n_tests - run.tests.len(), aside)
    }

    #[test]
    fn what_the_sanitizer_does_itself_is_no_failure() {
        assert_eq!(sorted(Verdict::Broken), (1, 1));
        assert_eq!(sorted(Verdict::Slow), (1, 1));
        assert_eq!(sorted(Verdict::Held), (1, 1));
    }

    #[test]
    fn a_report_is_never_set_aside() {
        assert_eq!(sorted(Verdict::Abort), (0, 0));
        assert_eq!(sorted(Verdict::Hang), (0, 0));
    }
}
