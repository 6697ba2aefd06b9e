//! What the process holds, sample by sample, and what of it must not grow.
//!
//! It knows nothing of the load but its counts.
//!
//! # The bounds
//!
//! The load is random, so what it holds goes up and down between bounds that do not depend on how
//! long it runs. After a warm-up of a fifth of the time the samples are parted in three. The most
//! of the last part may be above the most of the first by what chance does: a few connections, a
//! thread of the pool that was not needed before, a tenth of the memory. What is lost once in a
//! thousand operations is above that in ten minutes.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// What the process has at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    descriptors: usize,
    threads: usize,
    resident_kib: usize,
}

impl Held {
    pub(super) fn now() -> Self {
        let count = |folder| fs::read_dir(folder).expect("this is Linux").count();
        let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|rest| rest.split_whitespace().next());
        Held {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            resident_kib: number.and_then(|n| n.parse().ok()).expect("it has memory"),
        }
    }
}

/// By how much each may grow: descriptors, threads, and memory beyond its tenth.
const MORE_DESCRIPTORS: usize = 24;
const MORE_THREADS: usize = 10;
const MORE_KIB: usize = 16 << 10;
/// A part of the load that has not moved for so long has stopped.
const STALLED: Duration = Duration::from_secs(5);

/// All samples of a run.
#[derive(Debug)]
pub(super) struct Account {
    span: Duration,
    samples: Vec<(Duration, Held)>,
    /// Of each part of the load: its count, and since when it is that.
    parts: Vec<(&'static str, u64, Duration)>,
    complaints: Vec<String>,
}

impl Account {
    pub(super) fn new(span: Duration) -> Self {
        Account {
            span,
            samples: Vec::new(),
            parts: Vec::new(),
            complaints: Vec::new(),
        }
    }

    pub(super) fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    /// A sample, `now` after the start.
    pub(super) fn take(&mut self, now: Duration, counts: Vec<(&'static str, u64)>) {
        let held = Held::now();
        self.samples.push((now, held));
        let total: u64 = counts.iter().map(|(_, n)| n).sum();
        println!(
            "{:5.0} s: {total:9} done, {:3} descriptors, {:3} threads, {:6} KiB",
            now.as_secs_f64(),
            held.descriptors,
            held.threads,
            held.resident_kib
        );
        if self.parts.is_empty() {
            self.parts = counts.into_iter().map(|(part, n)| (part, n, now)).collect();
            return;
        }
        for (known, (_, n)) in self.parts.iter_mut().zip(counts) {
            if known.1 != n {
                (known.1, known.2) = (n, now);
            } else if now - known.2 > STALLED {
                let (part, since) = (known.0, known.2);
                let text = format!("`{part}` has stopped at {n}, {since:.1?} after the start");
                self.complaints.push(text);
                known.2 = now;
            }
        }
    }

    /// All that is wrong, now that the runtime is gone; there was so much `before` it.
    pub(super) fn complaints(mut self, before: Held) -> Vec<String> {
        let warm = self.span / 5;
        let third = (self.span - warm) / 3;
        let most = |from: Duration, to: Duration, of: fn(&Held) -> usize| {
            let part = self.samples.iter();
            let part = part.filter(|(at, _)| (from..to).contains(at));
            part.map(|(_, held)| of(held)).max()
        };
        let first = |of| most(warm, warm + third, of);
        let last = |of| most(self.span - third, Duration::MAX, of);
        let mut grown = Vec::new();
        let mut hold = |what, of: fn(&Held) -> usize, more: fn(usize) -> usize| {
            let Some((first, last)) = first(of).zip(last(of)) else {
                return grown.push(format!("too few samples of {what}"));
            };
            if last > first + more(first) {
                grown.push(format!("{what} grow: {first} at first, {last} at last"));
            }
        };
        hold("descriptors", |held| held.descriptors, |_| MORE_DESCRIPTORS);
        hold("threads", |held| held.threads, |_| MORE_THREADS);
        hold(
            "KiB",
            |held| held.resident_kib,
            |first| first / 10 + MORE_KIB,
        );
        self.complaints.extend(grown);
        self.complaints.extend(left(before));
        for (part, n, _) in &self.parts {
            println!("{part:>10}: {n} done");
        }
        self.complaints
    }
}

/// Whether descriptors and threads are back where they were, after some time at most.
fn left(before: Held) -> Option<String> {
    const LIMIT: Duration = Duration::from_secs(10);
    let start = Instant::now();
    loop {
        let now = Held::now();
        if now.descriptors <= before.descriptors && now.threads <= before.threads {
            return None;
        }
        if start.elapsed() > LIMIT {
            return Some(format!("{before:?} before, and {now:?} are left"));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
