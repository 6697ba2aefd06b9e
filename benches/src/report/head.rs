//! The first line of a record: on what it was measured, when, by which command, and what was
//! planned.
//!
//! It knows nothing of figures.

use std::{io, thread::available_parallelism};

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::{run::Plan, scenarios::Scenario};

/// What stands before the figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// When it began, in UTC.
    pub date: String,
    /// What was typed, but for where the record goes.
    pub command: String,
    /// Linux's version.
    pub kernel: String,
    /// The processor's name; empty where the system does not say it.
    pub processor: String,
    /// How many there are.
    pub processors: usize,
    /// The machine's memory.
    pub memory: String,
    /// Threads that ran tasks.
    pub workers: usize,
    /// How often each contender was run.
    pub rounds: usize,
    /// A look: less of everything.
    pub quick: bool,
    /// Whose memory the program took.
    pub allocator: String,
    /// What was to be run.
    pub scenarios: Vec<Planned>,
}

/// A scenario that was to be run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// What it does.
    pub what: String,
    /// Per cent that its rounds may lie apart, half their range, before they are noisy.
    pub spread_max: f64,
    /// On whom. Who cannot run it has no figure.
    pub contenders: Vec<String>,
}

impl Head {
    /// What is true of a run that begins now.
    ///
    /// # Errors
    ///
    /// That the system does not say how many processors there are.
    pub fn now(
        command: String,
        plan: Plan,
        scenarios: &[Scenario],
        wanted: impl Fn(&str) -> bool,
    ) -> io::Result<Self> {
        let planned = |scenario: &Scenario| Planned {
            name: scenario.name.to_owned(),
            what: scenario.what.to_owned(),
            spread_max: scenario.spread_max(),
            contenders: {
                let names = scenario.cells.iter().map(|cell| cell.contender);
                names
                    .filter(|name| wanted(name))
                    .map(str::to_owned)
                    .collect()
            },
        };
        Ok(Self {
            date: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            command,
            kernel: first_line("/proc/sys/kernel/osrelease", ""),
            processor: first_line("/proc/cpuinfo", "model name"),
            processors: available_parallelism()?.get(),
            memory: memory(&first_line("/proc/meminfo", "MemTotal")),
            workers: plan.setup.workers,
            rounds: plan.rounds,
            quick: plan.setup.quick,
            allocator: crate::ALLOCATOR.to_owned(),
            scenarios: scenarios.iter().map(planned).collect(),
        })
    }

    /// The machine and the plan, in a sentence.
    pub fn sentence(&self) -> String {
        let look = if self.quick { ", a look" } else { "" };
        format!(
            "{} workers, {} rounds{look}, {} allocator; \
             {} processors ({}), {} of memory, Linux {}.",
            self.workers,
            self.rounds,
            self.allocator,
            self.processors,
            self.processor,
            self.memory,
            self.kernel,
        )
    }
}

/// A size in GiB, which the system says in KiB and calls kB.
fn memory(text: &str) -> String {
    match text.trim_end_matches(" kB").parse::<f64>() {
        Ok(kib) => format!("{:.1} GiB", kib / f64::from(1 << 20)),
        Err(_) => text.to_owned(),
    }
}

/// What follows `key` in its first line; empty where the system has no such file.
fn first_line(path: &str, key: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    let value = line.map_or("", |line| line.split_once(": ").map_or(line, |(_, v)| v));
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::{self, Setup};

    #[test]
    fn a_head_says_what_is_planned_and_what_may_be_noisy() {
        let all = scenarios::all();
        let setup = Setup {
            workers: 2,
            quick: true,
        };
        let plan = Plan { rounds: 3, setup };
        let wanted = |name: &str| name == "native" || name == "raw-tokio";
        let head = Head::now("c".to_owned(), plan, &all, wanted).expect("a machine has processors");
        assert_eq!(head.scenarios.len(), all.len());
        let spread_max = |name: &str| {
            let planned = head.scenarios.iter().find(|planned| planned.name == name);
            planned.expect("it is planned").spread_max
        };
        assert_eq!(
            (spread_max("spawn_join"), spread_max("sleeps")),
            (10.0, 10.0)
        );
        assert_eq!(
            (spread_max("file_random"), spread_max("echo_100")),
            (10.0, 20.0)
        );
        for planned in &head.scenarios {
            assert_eq!(
                planned.contenders,
                ["native", "raw-tokio"],
                "{}",
                planned.name
            );
        }
        let sentence = head.sentence();
        assert!(
            sentence.starts_with("2 workers, 3 rounds, a look, the system"),
            "{sentence}"
        );
    }

    #[test]
    fn a_machines_memory_is_said_in_gib() {
        assert_eq!(memory("8148292 kB"), "7.8 GiB");
        assert_eq!(memory(""), "");
    }
}
