//! The owner: [`Runtime`] and its [`Builder`]. Knows nothing of sockets or timers.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::num::NonZero;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use anyrt_api::current::{self, Root};
use anyrt_kit::blocking::Pool;
use async_channel::Sender;

use crate::Smol;
use crate::gauge::Gauge;
use crate::home::{Home, Tasks};
use crate::worker;

/// The longest wait that a condition variable can count to everywhere: 30 years.
const LIMIT_MAX: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A smol runtime of our own: an executor with its own worker threads, and a pool for blocking
/// calls.
///
/// The reactor is the one that async-io keeps for the whole process; its thread stays when the
/// runtime goes.
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
    /// On a thread that is driving tasks, and in a forked child of the runtime's process.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if let Some(forked) = self.handle.home.forked() {
            panic!("{forked}");
        }
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
        let limit = limit.min(LIMIT_MAX);
        self.end();
        if self.handle.home.forked().is_some() {
            return;
        }
        self.handle.home.threads.wait_for_zero(limit);
    }

    fn end(&mut self) {
        if self.handle.home.forked().is_some() {
            // The threads are the parent's, and so are their tasks.
            return mem::forget(self.tasks.take());
        }
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
#[derive(Debug, Clone)]
#[must_use = "nothing is started before `build`"]
pub struct Builder {
    workers: Option<usize>,
    thread_name: String,
    blocking_threads: usize,
    blocking_keep_alive: Duration,
}

impl Builder {
    /// A worker a core, and up to 500 blocking threads, as smol has them, that end after 10 idle
    /// seconds.
    pub fn new() -> Self {
        Builder {
            workers: None,
            thread_name: "anyrt-smol".into(),
            blocking_threads: 500,
            blocking_keep_alive: Duration::from_secs(10),
        }
    }

    /// The number of worker threads; at least one.
    pub fn workers(mut self, n_workers: usize) -> Self {
        self.workers = Some(n_workers.max(1));
        self
    }

    /// The most threads for blocking closures; at least one.
    pub fn blocking_threads(mut self, n_threads: usize) -> Self {
        self.blocking_threads = n_threads.max(1);
        self
    }

    /// How long a blocking thread waits for the next closure before it ends (`L042`).
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Self {
        self.blocking_keep_alive = keep_alive;
        self
    }

    /// The name of the runtime's threads.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = name.into();
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
        let threads = Arc::new(Gauge::default());
        let (home, tasks) = Home::new(stop.clone(), self.pool(&threads), threads);
        let runtime = Runtime {
            tasks: Some(tasks.clone()),
            stop: sender,
            handle: Smol::new(home),
        };
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        for _ in 0..self.workers.unwrap_or_else(cores) {
            // If one cannot be had, dropping the runtime stops those that were.
            worker::start(self.thread_name.clone(), tasks.clone(), stop.clone())?;
        }
        Ok(runtime)
    }

    fn pool(&self, threads: &Arc<Gauge>) -> Pool {
        let (name, threads) = (self.thread_name.clone(), Arc::clone(threads));
        let start = move |body| worker::start_blocking(name.clone(), &threads, body);
        Pool::new(
            self.blocking_threads,
            self.blocking_keep_alive,
            Box::new(start),
        )
    }
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
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
