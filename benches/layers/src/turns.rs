//! Threads that meet in the same order in every run.
//!
//! Where two threads of a process hand work to each other, who spins, sleeps or finds the other
//! awake is the system's whim, and costs some per cent of the instructions more or less; where one
//! looks on while the other works, twice as many. So such a process has one processor, and a thread
//! of it runs until it waits (`SCHED_FIFO`). What then differs from run to run is what the
//! allocator does once or does not. It knows nothing of what the threads do.

use std::fs;
use std::process::{Command, Stdio};

use crate::cell::{Cell, Layer, Operation, Stack};

/// How a cell's process is started, for one who starts one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// The processor's number; `None` where the system does not let us decide who runs.
    processor: Option<String>,
}

impl Turns {
    /// One for each processor; at least one.
    pub(crate) fn all() -> Vec<Turns> {
        let may_decide = is_allowed();
        let of = |number: usize| Turns {
            processor: may_decide.then(|| number.to_string()),
        };
        let all: Vec<_> = processors().into_iter().map(of).collect();
        match all.is_empty() {
            true => vec![Turns { processor: None }],
            false => all,
        }
    }

    /// A command that runs `program` for a cell.
    pub(crate) fn command(&self, program: &str, cell: Cell) -> Command {
        match &self.processor {
            Some(processor) if are_met(cell) => on(processor, program),
            _ => Command::new(program),
        }
    }

    /// True if a cell's instructions are the same from run to run.
    pub(crate) fn are_steady(&self, cell: Cell) -> bool {
        self.processor.is_some() || !are_met(cell)
    }
}

/// True if threads can be made to take turns: it takes root's right (`CAP_SYS_NICE`), and the
/// programs `taskset` and `chrt`.
fn is_allowed() -> bool {
    let first = processors()
        .first()
        .map_or_else(String::new, usize::to_string);
    let mut command = on(&first, "true");
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// `program` on one processor, each thread of it until it waits.
fn on(processor: &str, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", processor, "chrt", "--fifo", "1", program]);
    command
}

/// True if a thread other than the loop's takes part. Raw's files, and an `openat2` that valgrind
/// does not know, go to a pool; on native and on smol a thread that has nothing to run waits for
/// sockets and alarms, and is woken now and then to look for tasks.
fn are_met(cell: Cell) -> bool {
    let is_woken = cell.stack != Stack::Tokio;
    match cell.operation {
        Operation::ReadFile => true,
        Operation::ReadAt => cell.stack == Stack::Native || cell.layer == Layer::Raw,
        Operation::SpawnJoin | Operation::Sleep | Operation::Tcp => is_woken,
    }
}

/// The processors that this process may run on.
fn processors() -> Vec<usize> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    parse(list.unwrap_or_default())
}

/// Numbers and ranges of them, with commas between: `0-2,5`.
fn parse(list: &str) -> Vec<usize> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_listed_in_ranges() {
        assert_eq!(parse("\t0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(parse("3"), [3]);
        assert!(parse("").is_empty());
        assert!(!cfg!(target_os = "linux") || !processors().is_empty());
    }
}
