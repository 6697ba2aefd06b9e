//! A small run of two backends, for the tests of what shows one: a failure, a deviation, a law that
//! is skipped in part, a measured time and an untested promise.

use super::record::{Deviation, Group, Measured, Run, Test, Untested, Verdict};

/// `native`, on which L015 is broken, and `mem`, which deviates there.
pub(crate) fn example() -> Vec<Run> {
    let shared = [test("l029_from_tasks", "SP", Verdict::Held), measured()];
    let native = [broken(), on_threads(Verdict::Held)];
    let mem = [deviating(), on_threads(Verdict::Skipped)];
    let with = |own: [Test; 2]| own.into_iter().chain(shared.clone()).collect();
    vec![run("native", with(native)), run("mem", with(mem))]
}

fn run(backend: &'static str, tests: Vec<Test>) -> Run {
    Run {
        backend,
        time_scale: 1.0,
        workers: None,
        optimized: false,
        seconds: Some(1.5),
        groups: [("SP", "spawning"), ("TM", "time"), ("IO", "all")]
            .map(|(name, title)| Group {
                name: name.to_owned(),
                title: title.to_owned(),
            })
            .to_vec(),
        tests,
        untested: vec![Untested {
            name: "l099_a".to_owned(),
            law: "L099".to_owned(),
            group: "IO".to_owned(),
            reason: "nobody can".to_owned(),
        }],
    }
}

fn test(name: &str, group: &str, verdict: Verdict) -> Test {
    Test {
        name: name.to_owned(),
        law: name[..4].to_uppercase(),
        group: group.to_owned(),
        class: "required".to_owned(),
        verdict,
        ..Test::default()
    }
}

fn measured() -> Test {
    Test {
        class: "stochastic".to_owned(),
        measured: vec![Measured {
            what: "late by".to_owned(),
            worst: 0.004,
            bound: Some(0.005),
            unit: "seconds".to_owned(),
        }],
        ..test("l069_hardly_late", "TM", Verdict::Held)
    }
}

fn on_threads(verdict: Verdict) -> Test {
    Test {
        needs: vec!["Threads".to_owned()],
        reason: Some("threads of its own".to_owned()),
        ..test("l029_from_threads", "SP", verdict)
    }
}

fn broken() -> Test {
    Test {
        promised: Some("`Spawn`: it detaches".to_owned()),
        observed: Some("it ran\nleft: 1".to_owned()),
        again: Some("cargo test -- --exact l015_drop".to_owned()),
        stdout: Some("noise".to_owned()),
        exec_time: Some(0.5),
        ..test("l015_drop", "SP", Verdict::Broken)
    }
}

fn deviating() -> Test {
    Test {
        deviation: Some(Deviation {
            why: "one thread".to_owned(),
            advice: "wait".to_owned(),
        }),
        ..test("l015_drop", "SP", Verdict::Deviates)
    }
}
