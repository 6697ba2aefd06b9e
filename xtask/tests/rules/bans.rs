//! What stands nowhere, and what stands in listed files alone.
//!
//! Time, chance and threads have one door each; without that no simulation is possible.

use super::{Finding, Source, Tokens};

/// A call that is banned outside the files of a list.
struct Ban {
    /// The module of std where it is, and the name that is called.
    module: &'static str,
    item: &'static str,
    instead: &'static str,
    /// Paths (or folders, with a `/` at the end) where it may stand, each with the reason.
    allowed: &'static [(&'static str, &'static str)],
}

const BANS: [Ban; 5] = [
    Ban {
        module: "time",
        item: "Instant :: now",
        instead: "ask the runtime: `Timer::now`, `anyrt_api::time::Instant::now`",
        allowed: &[
            ("backend-smol/src/time.rs", "the clock"),
            (
                "api/src/time/instant.rs",
                "outside any runtime, the clock is std's",
            ),
            (
                "backend-kit/src/probe.rs",
                "how long a lent runtime has been silent",
            ),
            ("backend-native/src/timer/mod.rs", "the clock"),
            (
                "backend-tokio/src/single.rs",
                "what is left of the time to shut down",
            ),
            ("backend-tokio/src/time.rs", "the clock"),
            (
                "compat-tests/src/harness/child.rs",
                "the watchdog stands outside the runtime",
            ),
            (
                "examples/backend-mem/src/clock.rs",
                "an origin: std makes an instant no other way",
            ),
            ("xtask/src/step.rs", "how long a step took, for the reader"),
        ],
    },
    Ban {
        module: "time",
        item: "SystemTime :: now",
        instead: "ask the runtime: `Timer::wallclock`",
        allowed: &[
            ("backend-native/src/timer/mod.rs", "the clock"),
            ("backend-smol/src/time.rs", "the clock"),
            ("backend-tokio/src/time.rs", "the clock"),
        ],
    },
    Ban {
        module: "thread",
        item: "sleep",
        instead: "wait on the runtime: `time::sleep`",
        allowed: &[(
            "backend-native/src/executor/monitor/bell/linux.rs",
            "the monitor's own thread, should the system refuse its timer",
        )],
    },
    Ban {
        module: "thread",
        item: "spawn",
        instead: "use a task, or `spawn_blocking`; a thread has a name: `thread::Builder`",
        allowed: &[],
    },
    Ban {
        module: "thread",
        item: "Builder",
        instead: "use a task, or `spawn_blocking`",
        allowed: &[
            ("backend-smol/src/worker.rs", "workers and their spares"),
            (
                "backend-kit/src/probe.rs",
                "watches lent runtimes, which may not answer",
            ),
            (
                "backend-native/src/threads.rs",
                "workers and blocking threads",
            ),
            (
                "backend-tokio/src/single.rs",
                "drives a single-threaded runtime while nobody does",
            ),
            (
                "compat-tests/src/harness/child.rs",
                "the watchdog stands outside the runtime",
            ),
            (
                "compat-tests/src/laws/os/threads.rs",
                "tries whether a thread can be had",
            ),
        ],
    },
];

/// Crates that draw random numbers, and where they may be called.
const CHANCE: [&str; 3] = ["getrandom", "fastrand", "rand"];
const CHANCE_INSTEAD: &str = "ask the runtime: `Entropy::fill_bytes`";
const CHANCE_ALLOWED: &[(&str, &str)] = &[(
    "backend-kit/src/entropy.rs",
    "the system's generator, for every backend",
)];

/// The clock, sleeping, threads and random numbers: in listed files alone. Tests are free.
pub(crate) fn time_chance_and_threads(file: &Source) -> Vec<Finding> {
    if file.is_test_code() {
        return Vec::new();
    }
    let tokens = file.tokens();
    let mut findings = Vec::new();
    for ban in BANS
        .iter()
        .filter(|ban| !is_listed(ban.allowed, &file.path))
    {
        findings.extend(uses_of(tokens, ban).into_iter().map(|at| {
            let name = ban.item.replace(' ', "");
            let advice = format!(
                "`{}::{name}` is not for this file: {}",
                ban.module, ban.instead
            );
            file.finding(tokens.0[at].line, advice)
        }));
    }
    if !is_listed(CHANCE_ALLOWED, &file.path) {
        findings.extend(uses_of_chance(tokens).into_iter().map(|at| {
            let advice = format!("random numbers are not for this file: {CHANCE_INSTEAD}");
            file.finding(tokens.0[at].line, advice)
        }));
    }
    findings
}

/// What is left over from work in progress.
pub(crate) fn leftovers(file: &Source) -> Vec<Finding> {
    let tokens = file.tokens();
    let macros = ["dbg !", "todo !", "unimplemented !"];
    let found = macros
        .iter()
        .flat_map(|name| tokens.find(name))
        .map(|at| tokens.0[at].line);
    let mut findings: Vec<_> = found
        .map(|line| file.finding(line, "left over: finish it, or take it out"))
        .collect();
    let lines = file.text.lines().enumerate();
    let marked = lines.filter(|(_, line)| MARKS.iter().any(|mark| line.contains(mark)));
    findings.extend(marked.map(|(i, _)| file.finding(i + 1, "a mark: mend it, or open an issue")));
    findings
}

/// No file says where somebody's machine keeps things.
pub(crate) fn machine_paths(file: &Source) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| HOMES.iter().any(|home| line.contains(home)));
    found
        .map(|(i, _)| file.finding(i + 1, "the path of one machine"))
        .collect()
}

/// A list says no more than is needed.
pub(crate) fn lists_are_of_use(files: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ban in &BANS {
        let used = |file: &Source| !uses_of(file.tokens(), ban).is_empty();
        findings.extend(unused(ban.allowed, files, used));
    }
    findings.extend(unused(CHANCE_ALLOWED, files, |file| {
        !uses_of_chance(file.tokens()).is_empty()
    }));
    findings
}

/// The entries of `list` under which no file is `used`.
pub(crate) fn unused(
    list: &[(&str, &str)],
    files: &[Source],
    used: impl Fn(&Source) -> bool,
) -> Vec<Finding> {
    let code: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .collect();
    let idle = list.iter().filter(|entry| {
        let mut under = code.iter().filter(|file| is_listed(&[**entry], &file.path));
        !under.any(|file| used(file))
    });
    let advice = |path: &str| format!("`{path}` is listed and does not need to be: take it out");
    idle.map(|(path, _)| Source::new("xtask/tests/rules", "").finding(0, advice(path)))
        .collect()
}

/// True if the list names the file or a folder above it.
pub(crate) fn is_listed(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(entry, _)| match entry.ends_with('/') {
        true => path.starts_with(entry),
        false => path == *entry,
    })
}

/// Where the call stands: behind its module, or imported.
fn uses_of(tokens: &Tokens, ban: &Ban) -> Vec<usize> {
    let imports = tokens.imports_from_std();
    let has_module = imports.contains(&ban.module);
    let name = ban.item.split(' ').next().expect("a ban names something");
    let is_std = |at: usize| at >= 2 && tokens.reads(at - 2, "std ::");
    let in_module = tokens.find(&format!("{} :: {}", ban.module, ban.item));
    let in_module = in_module.into_iter().filter(|at| has_module || is_std(*at));
    let is_imported = has_module && imports.contains(&name);
    let part_of_more = |at: usize| at >= 1 && [".", "::", "fn"].contains(&tokens.text(at - 1));
    let alone = tokens.find(ban.item).into_iter();
    let alone = alone.filter(|at| is_imported && !part_of_more(*at));
    let all = in_module.chain(alone);
    all.filter(|at| !tokens.0[*at].in_tests && !tokens.in_use(*at))
        .collect()
}

fn uses_of_chance(tokens: &Tokens) -> Vec<usize> {
    let calls = CHANCE
        .iter()
        .flat_map(|name| tokens.find(&format!("{name} ::")));
    calls.filter(|at| !tokens.0[*at].in_tests).collect()
}

/// Split, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];
const HOMES: [&str; 4] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        time_chance_and_threads(&Source::new(path, text)).len()
    }

    #[test]
    fn the_clock_is_found_however_it_is_called() {
        assert_eq!(
            found("api/src/a.rs", "fn f() { std::time::Instant::now(); }"),
            1
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::time::Instant;\nfn f() { Instant::now(); }"
            ),
            1
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::time;\nfn f() { time::Instant::now(); }"
            ),
            1
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::time::{Duration, SystemTime};\nfn f() { SystemTime::now(); }"
            ),
            1
        );
    }

    #[test]
    fn the_runtimes_clock_is_another() {
        let ours = "use anyrt_api::time::Instant;\nfn f() { Instant::now(); }";
        assert_eq!(found("examples/kv/src/a.rs", ours), 0);
    }

    #[test]
    fn threads_and_sleep_are_found() {
        assert_eq!(
            found("api/src/a.rs", "fn f() { std::thread::sleep(d); }"),
            1
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::thread;\nfn f() { thread::spawn(g); }"
            ),
            1
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::thread::spawn;\nfn f() { spawn(g); }"
            ),
            1
        );
        assert_eq!(
            found("api/src/a.rs", "use std::thread;\nfn f() { rt.spawn(g); }"),
            0
        );
        assert_eq!(
            found(
                "api/src/a.rs",
                "use std::thread;\nfn f() { thread::Builder::new(); }"
            ),
            1
        );
    }

    #[test]
    fn chance_is_found() {
        assert_eq!(found("api/src/a.rs", "fn f() { getrandom::fill(b); }"), 1);
        assert_eq!(found("api/src/a.rs", "fn f() { rt.fill_bytes(b); }"), 0);
    }

    #[test]
    fn tests_are_free() {
        let call = "fn f() { std::thread::spawn(g); }";
        assert_eq!(found("api/tests/a.rs", call), 0);
        assert_eq!(
            found(
                "api/src/a.rs",
                &format!("#[cfg(test)]\nmod tests {{ {call} }}")
            ),
            0
        );
    }

    #[test]
    fn leftovers_are_found() {
        let found = |text: &str| leftovers(&Source::new("a.rs", text)).len();
        assert_eq!(found("fn f() { dbg!(1); }"), 1);
        assert_eq!(found("fn f() { todo!() }"), 1);
        assert_eq!(found(&format!("// {}: later", MARKS[0])), 1);
        assert_eq!(found("// dbg! in words\nfn f() { assert!(true); }"), 0);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        let found = |text: &str| machine_paths(&Source::new("README.md", text)).len();
        assert_eq!(found(&format!("see {}me/project", HOMES[1])), 1);
        assert_eq!(found("see docs/method.md"), 0);
    }

    #[test]
    fn a_list_that_is_longer_than_needed_is_found() {
        let files = [Source::new("a/src/x.rs", "")];
        let used = |file: &Source| file.text.contains("now");
        assert_eq!(unused(&[("a/src/x.rs", "why")], &files, used).len(), 1);
        assert_eq!(
            unused(
                &[("a/src/", "why")],
                &[Source::new("a/src/x.rs", "now")],
                used
            )
            .len(),
            0
        );
    }
}
