//! How a runtime is set up: [`Builder`]. Knows nothing of how it runs.

use std::{env, io, process, sync::Arc, time::Duration};

use crate::{
    executor::Config,
    runtime::{self, Runtime},
    threads::Hooks,
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
///
/// # Environment
///
/// `ANYRT_NATIVE_WORKERS` is the number of workers where [`workers`](Builder::workers) was not
/// called: for whoever runs a program on a machine that its author did not know.
///
/// # One thread, and futures that are not `Send`
///
/// `workers(1)` is a runtime with one worker. Futures that are not `Send` run in
/// [`anyrt_api::task::local::scope`], inside any task or `block_on` of any runtime, so there is no
/// other flavour of this one for them.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is told to build"]
pub struct Builder {
    workers: Option<usize>,
    spare_workers: Option<usize>,
    event_interval: u32,
    thread_name: String,
    stack_size: Option<usize>,
    blocking_threads: usize,
    blocking_keep_alive: Duration,
    unhandled_panic: UnhandledPanic,
    hooks: Hooks,
}

/// What follows if a task panics and nobody is told: its handle is dropped, before or after the
/// panic, without having given the error.
///
/// The panic hook has run by then, and the task is over. A panic that the handle gives is its
/// `Err`, whatever stands here (`L018`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// Nothing (`L019`).
    #[default]
    Ignore,
    /// The runtime ends, as if its owner had been dropped.
    Shutdown,
    /// The process ends: [`std::process::abort`].
    Abort,
}

impl UnhandledPanic {
    pub(crate) fn happened(self, shutdown: impl FnOnce()) {
        match self {
            UnhandledPanic::Ignore => {}
            UnhandledPanic::Shutdown => shutdown(),
            UnhandledPanic::Abort => process::abort(),
        }
    }
}

impl Builder {
    /// One worker a processor, up to 512 blocking threads that end after 10 idle seconds, and the
    /// stacks of std.
    pub fn new() -> Self {
        Self {
            workers: None,
            spare_workers: None,
            event_interval: 61,
            thread_name: "anyrt".into(),
            stack_size: None,
            blocking_threads: 512,
            blocking_keep_alive: Duration::from_secs(10),
            unhandled_panic: UnhandledPanic::default(),
            hooks: Hooks::default(),
        }
    }

    /// The number of worker threads, which poll tasks. By default what `ANYRT_NATIVE_WORKERS` says,
    /// and without that the number of processors ([`std::thread::available_parallelism`]).
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

    /// The most workers there may be besides, while others are stuck in a poll; with zero there are
    /// none. By default as many as workers, and at least four.
    ///
    /// A task that blocks or computes for long holds its worker. If no worker is left and one has
    /// blocked for some milliseconds, or computed for 50, a spare worker takes its part, so that
    /// what else can run is run, and sockets and timers are served. It is a safety net: what blocks
    /// belongs into [`spawn_blocking`](anyrt_api::Spawn::spawn_blocking), and
    /// [`Metrics::stuck_polls`](crate::Metrics::stuck_polls) counts what is elsewhere.
    pub fn spare_workers(mut self, limit: usize) -> Self {
        self.spare_workers = Some(limit);
        self
    }

    /// After how many tasks a busy worker looks at sockets, at timers and at what other threads
    /// have sent. By default 61: a smaller number serves those sooner and costs the tasks more.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn event_interval(mut self, tasks: u32) -> Self {
        assert!(tasks > 0, "a worker runs a task between two looks");
        self.event_interval = tasks;
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

    /// What follows if a task panics and nobody is told. By default nothing.
    pub fn unhandled_panic(mut self, policy: UnhandledPanic) -> Self {
        self.unhandled_panic = policy;
        self
    }

    /// Called on each worker and each blocking thread before it runs anything, with the runtime
    /// entered. A panic of `f` is swallowed, after the panic hook has seen it.
    pub fn on_thread_start(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.hooks.on_start = Some(Arc::new(f));
        self
    }

    /// Called on each of those threads after all that it ran: as
    /// [`on_thread_start`](Builder::on_thread_start).
    pub fn on_thread_stop(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.hooks.on_stop = Some(Arc::new(f));
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor or no thread left (`L055`); nothing is left behind.
    /// `InvalidInput` if `ANYRT_NATIVE_WORKERS` is asked and is not a number above zero.
    pub fn build(self) -> io::Result<Runtime> {
        let workers = match self.workers {
            Some(workers) => workers,
            None => default_workers()?,
        };
        Runtime::start(Config {
            workers,
            spare_workers: self.spare_workers.unwrap_or(workers.max(4)),
            event_interval: self.event_interval,
            unhandled_panic: self.unhandled_panic,
            hooks: self.hooks,
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

fn default_workers() -> io::Result<usize> {
    const VARIABLE: &str = "ANYRT_NATIVE_WORKERS";
    let Some(text) = env::var_os(VARIABLE) else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    let number = text.to_str().and_then(|text| text.trim().parse().ok());
    number.filter(|&number| number > 0).ok_or_else(|| {
        let text = format!("`{VARIABLE}` is {text:?}, not a number of workers");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}
