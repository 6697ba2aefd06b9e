//! What a runtime has done: [`Metrics`]. Knows nothing of how it is counted.

/// What a runtime has and has done, read at one moment by
/// [`Native::metrics`](crate::Native::metrics).
///
/// The counters are written without locks, each by one worker; a reading may miss what is going on
/// just then. They wrap around, at `usize` or `u64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Threads that poll tasks, as the runtime was built.
    pub workers: usize,
    /// Workers that stand in for stuck ones at this moment.
    pub spare_workers: usize,
    /// Threads of the blocking pool, busy or waiting.
    pub blocking_threads: usize,
    /// Tasks that were run, each time that they were.
    pub polls: u64,
    /// Times that a worker took tasks from another's queue.
    pub steals: u64,
    /// Times that a worker went to sleep.
    pub parks: u64,
    /// Polls that held a worker for longer than some milliseconds. Each is a task that blocks or
    /// computes for long, and belongs into `spawn_blocking`; or, on a machine with too much to run,
    /// one that was put aside for that time.
    pub stuck_polls: u64,
    /// Times that a spare worker was sent to stand in for a stuck one.
    pub spares_sent: u64,
}
