//! Linux: the state of a thread stands in its `stat` under `/proc`.

use std::fs;

/// A thread of this process, by the number that the system gave it.
#[derive(Clone, Copy, Debug)]
pub(in super::super::super) struct Thread(u32);

impl Thread {
    /// The calling thread.
    pub(in super::super::super) fn this() -> Self {
        Self(
            rustix::thread::gettid()
                .as_raw_nonzero()
                .get()
                .unsigned_abs(),
        )
    }

    pub(in super::super::super) fn from_u32(number: u32) -> Self {
        Self(number)
    }

    pub(in super::super::super) fn to_u32(self) -> u32 {
        self.0
    }

    /// False if the thread runs or could. If the system does not say, it waits.
    pub(in super::super::super) fn waits(self) -> bool {
        let stat = fs::read(format!("/proc/self/task/{}/stat", self.0));
        stat.ok().and_then(|stat| state(&stat)) != Some(b'R')
    }
}

/// The letter behind the name, which stands in brackets and may hold any byte.
fn state(stat: &[u8]) -> Option<u8> {
    let end_of_name = stat.iter().rposition(|&byte| byte == b')')?;
    stat.get(end_of_name + 2).copied()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Barrier, mpsc},
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn the_state_stands_behind_the_name() {
        assert_eq!(state(b"7 (a) R (b) S 1 7"), Some(b'S'));
        assert_eq!(state(b"7 (a"), None);
        assert_eq!(state(b""), None);
    }

    #[test]
    fn one_that_sleeps_waits_and_one_that_asks_does_not() {
        assert!(!Thread::this().waits());
        let (number, numbers) = mpsc::channel();
        let held = Arc::new(Barrier::new(2));
        let theirs = held.clone();
        let sleeper = thread::spawn(move || {
            number.send(Thread::this()).expect("it is waited for");
            theirs.wait();
        });
        let sleeper_id = numbers.recv().expect("it was started");
        let start = Instant::now();
        while !sleeper_id.waits() {
            assert!(start.elapsed() < Duration::from_secs(10), "it runs");
            thread::yield_now();
        }
        held.wait();
        sleeper.join().expect("it does not panic");
    }
}
