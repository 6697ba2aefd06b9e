//! The laws below a sanitizer.
//!
//! Some measure what the sanitizer itself does: memory, threads, wake-ups. They run, what they say
//! is shown, and it does not count, unless it is a report. `mod.rs` calls it.

use std::path::Path;
use std::process::Command;

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
    let pass = Pass {
        program: programs::named("native")?,
        command: place.command(sanitizer, built, options),
        options,
    };
    let unwatched = sanitizer.unwatched.iter();
    let unwatched: Vec<_> = unwatched.filter(|(law, _)| options.is_meant(law)).collect();
    let skip = unwatched.iter().flat_map(|(law, _)| ["--skip", law]);
    let chosen = options.filters.iter().map(String::as_str);
    let mut run = pass.run(root, &chosen.chain(skip).collect::<Vec<_>>(), &[])?;
    if !unwatched.is_empty() {
        let names = unwatched.iter().map(|(law, _)| *law);
        let names: Vec<_> = ["--exact"].into_iter().chain(names).collect();
        println!("    and without a search for lost memory:");
        let rest = pass.run(root, &names, sanitizer.unwatching)?;
        for (law, why) in unwatched {
            println!("    {law}: {why}");
        }
        run.seconds = run.seconds.zip(rest.seconds).map(|(a, b)| a + b);
        run.tests.extend(rest.tests);
    }
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

/// How the program of the laws is run.
#[derive(Debug)]
struct Pass<'a> {
    program: &'static programs::Program,
    /// Not run itself: its environment is.
    command: Command,
    options: &'a Options,
}

impl Pass<'_> {
    /// Runs the laws that `arguments` choose, below a sanitizer that heeds `variables` too.
    fn run(
        &self,
        root: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Run, String> {
        let command = || {
            let path = Path::new(self.command.get_program());
            let mut command = self.program.command(root, path);
            for (name, value) in self.command.get_envs() {
                let more = variables.iter().find(|(more, _)| name == *more);
                let mut value = value.unwrap_or_default().to_owned();
                more.iter().for_each(|(_, more)| value.push(more));
                command.env(name, value);
            }
            command.args(["--format", "json"]).args(arguments);
            if self.options.quick {
                command.args(["--group", QUICK]);
            }
            command
        };
        let n_laws = read(command().arg("--list"), |_| {})?.tests.len();
        println!("==> {n_laws} laws");
        watched(&mut command(), self.program, n_laws)
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
