//! What the system says of this process: descriptors, threads, memory, wake-ups, time.
//!
//! Some of it only Linux says; a law that needs that asks, and says so where nobody answers.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::time::sleep_in;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// How many descriptors this process has open.
pub(super) fn descriptors() -> usize {
    let entries = fs::read_dir("/dev/fd").expect("a list of descriptors");
    // Less the one that reads the list.
    entries.count() - 1
}

/// Waits until the number of descriptors is back at `baseline`, for a second at most.
pub(super) async fn descriptors_settle<R: Runtime>(rt: &R, baseline: usize) {
    for _ in 0..100 {
        if descriptors() <= baseline {
            return;
        }
        sleep_in(Duration::from_millis(10), rt).await;
    }
    panic!(
        "{} descriptors are open, {baseline} were at the start",
        descriptors()
    );
}

/// Raises the number of descriptors that this process may have as far as it may; the number.
pub(super) fn raise_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where that is refused, or there is no limit at all, what there is is enough.
    let _ = setrlimit(Resource::Nofile, raised);
    let now = getrlimit(Resource::Nofile).current;
    now.map_or(usize::MAX, |n| n as usize)
}

/// The threads of this process.
pub(super) fn threads() -> usize {
    // Where there is no such list every count is the same.
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// The memory that this process has, in bytes.
pub(super) fn resident() -> Option<u64> {
    number_after(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:").map(|kib| kib << 10)
}

/// The processor's time that this process has had.
pub(super) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// How often each thread has gone to sleep, which it does once after each time that it was woken.
#[derive(Debug)]
pub(super) struct Sleeps(HashMap<String, u64>);

impl Sleeps {
    pub(super) fn count() -> Option<Self> {
        let mut sleeps = HashMap::new();
        for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
            // One that has just ended is no more.
            if let Ok(status) = fs::read_to_string(thread.path().join("status")) {
                let n = number_after(&status, "voluntary_ctxt_switches:")?;
                let name = thread.file_name().to_string_lossy().into_owned();
                sleeps.insert(name, n);
            }
        }
        Some(Sleeps(sleeps))
    }

    /// By how much the counts have risen since `before`, of the threads that are there still.
    pub(super) fn since(&self, before: &Self) -> u64 {
        let risen = |(name, n): (&String, &u64)| n - before.0.get(name).copied().unwrap_or(0);
        self.0.iter().map(risen).sum()
    }
}

/// The first number behind `mark` at the start of a line.
fn number_after(text: &str, mark: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(mark))?;
    line.split_whitespace().next()?.parse().ok()
}
