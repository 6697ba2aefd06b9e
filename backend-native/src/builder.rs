//! How a runtime is set up: [`Builder`]. Knows nothing of how it runs.

use std::{io, time::Duration};

use crate::{
    executor::Config,
    runtime::{self, Runtime},
};

/// Sets a [`Runtime`] up: threads, their names and their limits.
///
/// ```
/// use anyrt_api::{BlockOn, Timer};
/// use std::time::Duration;
///
/// let runtime = anyrt_native::Builder::new().workers(2).thread_name("app").build()?;
/// let rt = runtime.handle();
/// runtime.block_on(rt.sleep_until(rt.now() + Duration::from_millis(1)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is told to build"]
pub struct Builder {
    workers: Option<usize>,
    thread_name: String,
    stack_size: Option<usize>,
    blocking_threads: usize,
    blocking_keep_alive: Duration,
}

impl Builder {
    /// One worker a processor, up to 512 blocking threads that end after 10 idle seconds, and the
    /// stacks of std.
    pub fn new() -> Self {
        Self {
            workers: None,
            thread_name: "anyrt".into(),
            stack_size: None,
            blocking_threads: 512,
            blocking_keep_alive: Duration::from_secs(10),
        }
    }

    /// The number of worker threads, which poll tasks. By default that of the processors
    /// ([`std::thread::available_parallelism`]).
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Self {
        assert!(workers > 0, "a runtime needs a worker");
        self.workers = Some(workers);
        self
    }

    /// What the names of the threads begin with; a kind and a number follow. Linux shows 15 bytes.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = name.into();
        self
    }

    /// The size of each thread's stack, in bytes. By default std's.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// The most threads that run blocking closures at once; further closures wait their turn.
    ///
    /// # Panics
    ///
    /// If it is zero: files and name lookups need one.
    #[track_caller]
    pub fn blocking_threads(mut self, limit: usize) -> Self {
        assert!(limit > 0, "a runtime needs a blocking thread");
        self.blocking_threads = limit;
        self
    }

    /// How long a blocking thread waits for the next closure before it ends (`L042`).
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Self {
        self.blocking_keep_alive = keep_alive;
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor or no thread left (`L055`); nothing is left behind.
    pub fn build(self) -> io::Result<Runtime> {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        Runtime::start(Config {
            workers: self.workers.unwrap_or_else(processors),
            thread_name: self.thread_name,
            stack_size: self.stack_size,
            blocking_threads: self.blocking_threads,
            blocking_keep_alive: self.blocking_keep_alive,
            around: runtime::around,
        })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}
