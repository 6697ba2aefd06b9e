//! A runtime that has nothing to do: how often its threads wake all the same.

use std::{collections::HashMap, fs, io, process, thread, time::Duration};

use super::{Place, Scenario, Setup, everyone, names::*};
use crate::{
    contender::{Handle, Listen, Owner},
    figure::Value,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "idle",
        what: "wake-ups a second of a runtime whose tasks wait for a socket and for an hour",
        place: Place::Apart,
        cells: everyone!(idle),
    }]
}

fn idle<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const TASKS: usize = 100;
    const SETTLE: Duration = Duration::from_millis(500);
    const HOUR: Duration = Duration::from_secs(3600);
    let span = Duration::from_secs(if setup.quick { 1 } else { 2 });
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let inside = rt.clone();
    let begun = rt.spawn(async move {
        let listener = inside.listen().await?;
        inside.detach(async move { drop(listener.accept().await) });
        for _ in 0..TASKS {
            let rt = inside.clone();
            inside.detach(async move { rt.sleep(HOUR).await });
        }
        io::Result::Ok(())
    });
    owner.block_on(begun)?;
    thread::sleep(SETTLE);
    let before = switches()?;
    thread::sleep(span);
    let n_wakes = since(&before, &switches()?);
    // The tasks wait on, and the process ends.
    std::mem::forget(owner);
    let rate = n_wakes as f64 / span.as_secs_f64();
    Ok(vec![Value::lower("wake-ups", "/s", rate)])
}

/// Switches by thread.
type Switches = HashMap<String, u64>;

/// How often each thread of this process has been switched away from, but for the main one, which
/// asks.
fn switches() -> io::Result<Switches> {
    let main = process::id().to_string();
    let mut all = Switches::new();
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?;
        let name = thread.file_name().to_string_lossy().into_owned();
        match fs::read_to_string(thread.path().join("status")) {
            Ok(_) if name == main => {}
            Ok(status) => drop(all.insert(name, switches_of(&status))),
            // It has ended since the folder was read.
            Err(_) => {}
        }
    }
    Ok(all)
}

/// The switches in between, of threads that are still there.
fn since(before: &Switches, after: &Switches) -> u64 {
    let of = |(thread, n): (&String, &u64)| n - before.get(thread).unwrap_or(&0);
    after.iter().map(of).sum()
}

/// Both kinds: it gave up the processor, and it was taken from it.
fn switches_of(status: &str) -> u64 {
    let counts = status
        .lines()
        .filter_map(|line| line.split_once("voluntary_ctxt_switches:"));
    counts
        .filter_map(|(_, n)| n.trim().parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_switches_count() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(switches_of(status), 10);
    }

    #[test]
    fn a_thread_that_has_ended_takes_nothing_away() {
        let switches = |list: &[(&str, u64)]| -> Switches {
            list.iter()
                .map(|(name, n)| (name.to_string(), *n))
                .collect()
        };
        let before = switches(&[("1", 5), ("2", 9)]);
        assert_eq!(since(&before, &switches(&[("1", 7), ("3", 4)])), 6);
    }
}
