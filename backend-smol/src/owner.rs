//! The owner: [`Runtime`] and its [`Builder`]. Knows nothing of sockets or timers.

use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZero;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use anyrt_api::current::{self, Root};
use async_channel::Sender;

use crate::Smol;
use crate::home::{Home, Tasks};
use crate::worker;

/// The longest wait that a condition variable can count to everywhere: 30 years.
const LIMIT_MAX: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A smol runtime of our own: an executor with its own worker threads.
///
/// The reactor and the pool for blocking calls are those that async-io and blocking keep for the
/// whole process; their threads stay when the runtime goes.
///
/// Dropping it starts the shutdown and does not wait, so that it may be dropped anywhere, in
/// asynchronous code too (`L049`).
pub struct Runtime {
    // `None` once it is shut down.
    tasks: Option<Tasks>,
    stop: Sender<()>,
    handle: Smol,
}

impl Runtime {
    /// A runtime with a worker a core.
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
    pub fn handle(&self) -> Smol {
        self.handle.clone()
    }

    /// Runs `future` on this thread until it is done: see [`BlockOn`](anyrt_api::BlockOn).
    ///
    /// # Panics
    ///
    /// On a thread that is driving tasks.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let tasks = self.tasks.as_ref().expect("it is there until the end");
        let main = Root::new(future);
        current::drive(self.handle.any(), || {
            async_io::block_on(tasks.executor().run(main))
        })
    }

    /// Shuts the runtime down and waits for it, at most `limit`.
    ///
    /// Blocking closures that are running are waited for; those that still queue are cancelled.
    pub fn shutdown(mut self, limit: Duration) {
        let started = Instant::now();
        let limit = limit.min(LIMIT_MAX);
        self.end();
        self.handle.home.workers.wait_for_zero(limit);
        let left = limit.saturating_sub(started.elapsed());
        self.handle.home.calls.wait_for_zero(left);
    }

    fn end(&mut self) {
        self.handle.home.close();
        self.stop.close();
        self.tasks = None;
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&self.handle).finish()
    }
}

/// The settings of a [`Runtime`].
///
/// The pool for blocking calls is the process's, and so is the limit of its threads:
/// `BLOCKING_MAX_THREADS` in the environment, or `blocking::set_max_blocking_threads`.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `build`"]
pub struct Builder {
    workers: Option<usize>,
    thread_name: Option<String>,
}

impl Builder {
    /// A worker a core.
    pub fn new() -> Self {
        Builder::default()
    }

    /// The number of worker threads; at least one.
    pub fn workers(mut self, n_workers: usize) -> Self {
        self.workers = Some(n_workers.max(1));
        self
    }

    /// The name of the workers.
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
        start_reactor()?;
        let (sender, stop) = worker::stop();
        let (home, tasks) = Home::new(stop.clone());
        let runtime = Runtime {
            tasks: Some(tasks.clone()),
            stop: sender,
            handle: Smol::new(home),
        };
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        let name = self.thread_name.unwrap_or_else(|| "anyrt-smol".into());
        for _ in 0..self.workers.unwrap_or_else(cores) {
            // If one cannot be had, dropping the runtime stops those that were.
            worker::start(name.clone(), tasks.clone(), stop.clone())?;
        }
        Ok(runtime)
    }
}

/// async-io starts its reactor at the first use of the process, by a panic if it cannot.
///
/// Its own thread takes part in that, and if it is the one that panics it is gone for good, and
/// with it everything that no worker waits for. So whether there are descriptors for a poller is
/// tried first, with one like async-io's.
fn start_reactor() -> io::Result<()> {
    drop(polling::Poller::new()?);
    let started = catch_unwind(|| {
        let mut timer = async_io::Timer::after(Duration::from_secs(1));
        let _ = Pin::new(&mut timer).poll(&mut Context::from_waker(Waker::noop()));
    });
    started.map_err(|payload| {
        let text = payload.downcast_ref::<String>();
        let text = text.map_or("async-io could not be started", String::as_str);
        io::Error::other(text.to_owned())
    })
}
