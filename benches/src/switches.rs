//! Context switches of this process, from `/proc`: how often its threads slept or were interrupted.
//!
//! It knows nothing of runtimes. The scenarios call it.

use std::{collections::HashMap, fs, io, process};

/// Switches by thread.
pub type Switches = HashMap<String, u64>;

/// How often each thread of this process has been switched away from, but for the main one, which
/// asks.
///
/// # Errors
///
/// The system's.
pub fn switches() -> io::Result<Switches> {
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
pub fn since(before: &Switches, after: &Switches) -> u64 {
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
