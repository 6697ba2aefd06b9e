//! What a conformance program says of itself and of each law, as read from its JSON lines.
//!
//! `compat-tests/src/harness/json.rs` writes them; keys that are not needed here are passed over.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::programs::{PROGRAMS, Program};

/// One run of one program, or its list of laws.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    /// The key of the program.
    pub(crate) backend: &'static str,
    /// The bounds on times are so much wider than usual.
    pub(crate) time_scale: f64,
    /// The numbers of workers, if they were asked for.
    pub(crate) workers: Option<Vec<usize>>,
    pub(crate) optimized: bool,
    /// How long it took; `None` if it did not come to its end, as a list does not.
    pub(crate) seconds: Option<f64>,
    pub(crate) groups: Vec<Group>,
    pub(crate) tests: Vec<Test>,
    pub(crate) untested: Vec<Untested>,
}

/// A group of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) title: String,
}

/// One law's function.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) law: String,
    pub(crate) group: String,
    pub(crate) class: String,
    pub(crate) needs: Vec<String>,
    pub(crate) verdict: Verdict,
    pub(crate) deviation: Option<Deviation>,
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) measured: Vec<Measured>,
    pub(crate) tries: Option<u32>,
    pub(crate) exec_time: Option<f64>,
    pub(crate) promised: Option<String>,
    pub(crate) observed: Option<String>,
    pub(crate) again: Option<String>,
    pub(crate) stdout: Option<String>,
}

/// What came of it, or what is to come of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    #[default]
    Held,
    Deviates,
    Skipped,
    /// This machine cannot show it.
    Unshown,
    Broken,
    Slow,
    Hang,
    Abort,
    Undeserved,
}

/// What the backend's list says of a law, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Deviation {
    pub(crate) why: String,
    pub(crate) advice: String,
}

/// A measured time or number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) what: String,
    pub(crate) worst: f64,
    /// None of a number that is only to be known.
    pub(crate) bound: Option<f64>,
    pub(crate) unit: String,
}

/// A promise that no law shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Untested {
    pub(crate) name: String,
    pub(crate) law: String,
    pub(crate) group: String,
    pub(crate) reason: String,
}

/// One line.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Suite(Suite),
    Group(Group),
    Test(Box<Test>),
    Untested(Untested),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Suite {
    Started {
        backend: String,
        time_scale: f64,
        workers: Option<Vec<usize>>,
        optimized: bool,
    },
    Ok {
        exec_time: f64,
    },
    Failed {
        exec_time: f64,
    },
}

impl Verdict {
    pub(crate) fn is_failure(self) -> bool {
        let fine = [
            Verdict::Held,
            Verdict::Deviates,
            Verdict::Skipped,
            Verdict::Unshown,
        ];
        !fine.contains(&self)
    }
}

impl Run {
    /// Reads a program's output; `each` hears of every law as its line comes. What is no JSON is
    /// given back in the error.
    pub(crate) fn read(lines: impl BufRead, mut each: impl FnMut(&Test)) -> Result<Self, String> {
        let mut run: Option<Run> = None;
        for line in lines.lines() {
            let line = line.map_err(|e| e.to_string())?;
            let parsed = serde_json::from_str(&line).map_err(|e| format!("{e} in: {line}"))?;
            match (parsed, &mut run) {
                (
                    Line::Suite(Suite::Started {
                        backend,
                        time_scale,
                        workers,
                        optimized,
                    }),
                    None,
                ) => {
                    run = Some(Run {
                        backend: program_of(&backend)?.key,
                        time_scale,
                        workers,
                        optimized,
                        seconds: None,
                        groups: Vec::new(),
                        tests: Vec::new(),
                        untested: Vec::new(),
                    });
                }
                (Line::Suite(Suite::Ok { exec_time } | Suite::Failed { exec_time }), Some(run)) => {
                    run.seconds = Some(exec_time);
                }
                (Line::Group(group), Some(run)) => run.groups.push(group),
                (Line::Untested(untested), Some(run)) => run.untested.push(untested),
                (Line::Test(test), Some(run)) => {
                    each(&test);
                    run.tests.push(*test);
                }
                (_, _) => return Err(format!("out of place: {line}")),
            }
        }
        run.ok_or_else(|| "nothing was written".to_owned())
    }

    /// How many laws stand so.
    pub(crate) fn count(&self, is: impl Fn(Verdict) -> bool) -> usize {
        self.tests.iter().filter(|test| is(test.verdict)).count()
    }
}

/// The laws' functions that deviate, each with what its list says and the backends that say it.
pub(crate) fn deviating(runs: &[Run]) -> BTreeMap<(&str, &Deviation), Vec<&'static str>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for run in runs {
        let tests = run.tests.iter();
        for test in tests.filter(|test| test.verdict == Verdict::Deviates) {
            let deviation = test.deviation.as_ref().expect("it deviates by a list");
            let backends = found.entry((test.name.as_str(), deviation)).or_default();
            if !backends.contains(&run.backend) {
                backends.push(run.backend);
            }
        }
    }
    found
}

fn program_of(title: &str) -> Result<&'static Program, String> {
    let program = PROGRAMS.iter().find(|program| program.title == title);
    program.ok_or_else(|| format!("no program is listed that calls itself `{title}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn started(backend: &str) -> Value {
        json!({"type": "suite", "event": "started", "backend": backend, "time_scale": 4.0,
            "workers": null, "optimized": false})
    }

    #[test]
    fn a_run_is_read_line_by_line() {
        let late = json!({"what": "late by", "worst": 0.2, "bound": 0.1, "unit": "seconds"});
        let lines = [
            started("tokio, erased"),
            json!({"type": "group", "name": "SP", "title": "spawning"}),
            json!({"type": "test", "event": "ok", "name": "l015_drop_detaches", "law": "L015",
                "group": "SP", "class": "required", "needs": [], "verdict": "held", "tries": 1,
                "exec_time": 0.25}),
            json!({"type": "test", "event": "failed", "name": "l069_hardly_late", "law": "L069",
                "group": "TM", "class": "stochastic", "needs": ["Os"], "verdict": "slow",
                "measured": [late], "observed": "late"}),
            json!({"type": "untested", "name": "l099_a", "law": "L099", "group": "IO",
                "reason": "why"}),
            json!({"type": "suite", "event": "failed", "passed": 1, "exec_time": 1.5}),
        ];
        let lines = lines.map(|line| line.to_string()).join("\n");
        let mut names = Vec::new();
        let run = Run::read(lines.as_bytes(), |test| names.push(test.law.clone()));
        let run = run.expect("these are lines of a run");
        assert_eq!((run.backend, run.seconds), ("tokio-erased", Some(1.5)));
        assert_eq!(names, ["L015", "L069"]);
        assert_eq!(run.count(Verdict::is_failure), 1);
        assert_eq!(run.tests[1].measured[0].bound, Some(0.1));
        assert_eq!(run.untested[0].reason, "why");
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        let read = |text: &str| Run::read(text.as_bytes(), |_| {}).map(|run| run.backend);
        assert!(read("").is_err());
        let error = read("thread panicked").expect_err("it is no JSON");
        assert!(error.contains("thread panicked"), "{error}");
        let error = read(&started("x").to_string()).expect_err("nobody knows it");
        assert!(error.contains("`x`"), "{error}");
    }
}
