//! The owner: [`Runtime`] and its [`Builder`]. Knows nothing of sockets or timers.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyrt_api::current::{self, Root};
use anyrt_kit::net::Lookups;
use tokio::runtime::Builder as TokioBuilder;
use tokio::task::coop;

use crate::Tokio;
use crate::home::Home;
use crate::single::Single;
use crate::task::NO_THREAD;

/// The longest wait that tokio's clock can count to without care: 30 years.
const LIMIT_MAX: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A tokio runtime of our own.
///
/// Dropping it starts the shutdown and does not wait, so that it may be dropped anywhere, in
/// asynchronous code too (`L049`).
pub struct Runtime {
    driver: Option<Driver>,
    handle: Tokio,
}

/// Who drives the tasks.
enum Driver {
    Workers(tokio::runtime::Runtime),
    Single(Single),
}

impl Runtime {
    /// A multi-threaded runtime with a worker a core.
    ///
    /// # Errors
    ///
    /// The system refused threads or descriptors.
    pub fn new() -> io::Result<Self> {
        Runtime::builder().build()
    }

    /// The settings of a runtime.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A handle to this runtime.
    #[must_use]
    pub fn handle(&self) -> Tokio {
        self.handle.clone()
    }

    /// Runs `future` on this thread until it is done: see [`BlockOn`](anyrt_api::BlockOn).
    ///
    /// # Panics
    ///
    /// On a thread that is driving tasks, and in a forked child of the runtime's process.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if let Some(forked) = self.handle.home.forked() {
            panic!("{forked}");
        }
        let driver = self.driver.as_ref().expect("it is there until the end");
        let main = coop::unconstrained(Root::new(future));
        current::drive(self.handle.any(), || match driver {
            Driver::Workers(rt) => rt.block_on(main),
            Driver::Single(single) => single.block_on(main),
        })
    }

    /// Shuts the runtime down and waits for it, at most `limit`.
    ///
    /// Blocking closures that are running are waited for; those that still queue are cancelled.
    ///
    /// # Panics
    ///
    /// In asynchronous code, since it blocks; dropping the runtime does not.
    pub fn shutdown(mut self, limit: Duration) {
        if self.leave_to_parent() {
            return;
        }
        self.handle.home.close();
        let limit = limit.min(LIMIT_MAX);
        match self.driver.take() {
            Some(Driver::Workers(rt)) => rt.shutdown_timeout(limit),
            Some(Driver::Single(single)) => single.shutdown(limit),
            None => {}
        }
    }

    /// True in a forked child: there are no threads to end, and the poller is the parent's.
    fn leave_to_parent(&mut self) -> bool {
        let is_forked = self.handle.home.forked().is_some();
        if is_forked {
            mem::forget(self.driver.take());
        }
        is_forked
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.leave_to_parent() {
            return;
        }
        self.handle.home.close();
        if let Some(Driver::Workers(rt)) = self.driver.take() {
            rt.shutdown_background();
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&self.handle).finish()
    }
}

/// The settings of a [`Runtime`]. What is not set is as tokio has it.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `build`"]
pub struct Builder {
    workers: Option<usize>,
    blocking_threads: Option<usize>,
    blocking_keep_alive: Option<Duration>,
    thread_name: Option<String>,
    is_single: bool,
}

impl Builder {
    /// A worker a core.
    pub fn new() -> Self {
        Builder::default()
    }

    /// The number of worker threads; at least one.
    pub fn workers(mut self, n_workers: usize) -> Self {
        self.workers = Some(n_workers.max(1));
        self.is_single = false;
        self
    }

    /// No workers: tasks run on the thread that is inside `block_on`, and on a helper thread while
    /// none is, so that the runtime is always driven.
    pub fn current_thread(mut self) -> Self {
        self.is_single = true;
        self
    }

    /// The most threads for blocking closures; at least one.
    pub fn blocking_threads(mut self, n_threads: usize) -> Self {
        self.blocking_threads = Some(n_threads.max(1));
        self
    }

    /// How long a blocking thread waits for the next closure before it ends (`L042`).
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Self {
        self.blocking_keep_alive = Some(keep_alive);
        self
    }

    /// The name of the runtime's threads.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = Some(name.into());
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    ///
    /// The system refused threads or descriptors (`L055`).
    pub fn build(self) -> io::Result<Runtime> {
        let mut tokio = if self.is_single {
            TokioBuilder::new_current_thread()
        } else {
            TokioBuilder::new_multi_thread()
        };
        tokio.enable_all();
        if let Some(n_workers) = self.workers {
            tokio.worker_threads(n_workers);
        }
        let lookups = match self.blocking_threads {
            Some(n_threads) => {
                tokio.max_blocking_threads(n_threads);
                Lookups::within(n_threads)
            }
            None => Lookups::new(),
        };
        if let Some(keep_alive) = self.blocking_keep_alive {
            tokio.thread_keep_alive(keep_alive);
        }
        let name = self.thread_name.unwrap_or_else(|| "anyrt-tokio".into());
        tokio.thread_name(&name);
        // tokio panics if a worker cannot be started.
        let built = catch_unwind(AssertUnwindSafe(|| tokio.build()));
        let rt =
            built.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::WouldBlock, NO_THREAD)))?;
        let home = Home::driven(rt.handle().clone(), lookups);
        let driver = if self.is_single {
            Driver::Single(Single::start(rt, name)?)
        } else {
            Driver::Workers(rt)
        };
        Ok(Runtime {
            driver: Some(driver),
            handle: Tokio::new(home),
        })
    }
}
