//! The executor: workers that run tasks, and what they share.
//!
//! It knows tasks as things that can be run, and the driver as the place to sleep. It knows nothing
//! of the contract: `runtime.rs` calls it.
//!
//! ```text
//!   spawn, wake --+--> on a worker: its own queue (slot + ring)  --+
//!                 |                     ^                          |--> run
//!                 |             half a ring is stolen              |
//!                 +--> elsewhere: the shared queue, in batches  ---+
//!                 |
//!                 +--> idle.rs: is anybody to be woken?        sleep: driver/ (see IDLE.md)
//!
//!   station.rs: what each worker shows  <---  monitor/: is one stuck? then a spare
//! ```
//!
//! # The end
//!
//! 1. `close` marks the runtime as ended: from now on a spawn is cancelled at once. Queued blocking
//!    jobs are cancelled, and every thread is woken. Nothing is waited for.
//! 2. Each worker, after the task that it is running, leaves its loop.
//! 3. It takes all tasks out of the registry and out of every queue and cancels them: each future
//!    is dropped once, here, or, if another worker is polling it, there after that poll. A worker
//!    that is polling one comes here as well before it ends, and so meets what that one left.
//! 4. The driver is closed: whatever still waits for a socket or a timer is told.
//! 5. `shutdown` waits until all threads are gone, at most as long as it may; then it does 3 and 4
//!    itself, for the case that every worker was stuck.

mod block_on;
mod idle;
mod monitor;
mod queue;
mod registry;
mod spares;
mod station;
mod table;
mod worker;

use std::{
    fmt, io,
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use anyrt_api::{
    any::{PlacedJoin, Unplaced},
    task::TaskMeta,
};
use anyrt_kit::{
    blocking::{self, Pool},
    net::Lookups,
    task::Call,
};
use crossbeam_utils::CachePadded;

pub(crate) use self::block_on::block_on;
use self::{
    idle::Idle,
    monitor::Monitor,
    queue::{Injector, Local, Stealer},
    registry::Registry,
    spares::Spares,
    station::Station,
    table::Key,
    worker::Core,
};
use crate::{
    barrier::Barrier,
    builder::UnhandledPanic,
    driver::{Access, Accesses, Driver, Kind, Parker},
    metrics::Metrics,
    task::{self, Depot, Join, Runnable, Schedule},
    threads::{Hooks, Role, Threads},
    wake::wake_all,
};

/// How a runtime is to be.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) workers: usize,
    /// The most workers there may be besides, while some are stuck.
    pub(crate) spare_workers: usize,
    /// Tasks between two looks at sockets, timers and the shared queue.
    pub(crate) event_interval: u32,
    pub(crate) unhandled_panic: UnhandledPanic,
    pub(crate) hooks: Hooks,
    pub(crate) thread_name: String,
    pub(crate) stack_size: Option<usize>,
    pub(crate) blocking_threads: usize,
    pub(crate) blocking_keep_alive: Duration,
    /// What each thread does around its body.
    pub(crate) around: fn(&Arc<Shared>, Role, &mut dyn FnMut()),
}

/// What the threads and the handles of one runtime share.
///
/// It begins on a cache line of its own, away from the count of handles, which is written whenever
/// one is cloned; and so does what is written in it while tasks run.
#[repr(align(128))]
pub(crate) struct Shared {
    key: Key,
    n_workers: usize,
    event_interval: u32,
    unhandled_panic: UnhandledPanic,
    closed: AtomicBool,
    driver: Arc<Driver>,
    accesses: Accesses,
    blocking: Pool,
    /// Name lookups under way: they share the pool's threads with the files, but not all of them.
    lookups: Lookups,
    threads: Threads,
    registry: Registry,
    injector: CachePadded<Injector>,
    idle: CachePadded<Idle>,
    spares: Spares<Box<Core>>,
    monitor: Monitor,
    /// One a worker, and one a spare worker behind those.
    stealers: Box<[Stealer]>,
    stations: Box<[CachePadded<Station>]>,
    /// Free rooms of tasks, for all workers.
    rooms: Arc<Depot>,
    parkers: Box<[Arc<Parker>]>,
    /// How many stations were ever in use.
    n_reached: AtomicUsize,
}

impl Shared {
    /// Starts a runtime.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor or no thread left; nothing is left behind then.
    pub(crate) fn start(config: Config) -> io::Result<Arc<Self>> {
        let n_workers = config.workers;
        let driver = Arc::new(Driver::new(n_workers)?);
        let n_stations = n_workers + config.spare_workers;
        let barrier = Barrier::new();
        let mut locals: Vec<_> = (0..n_stations).map(|_| Local::new(barrier)).collect();
        let stealers = locals.iter().map(Local::stealer).collect();
        let spares = locals.drain(n_workers..).enumerate();
        // The lowest is sent first.
        let spares = spares.map(|(n, local)| (n_workers + n, local)).rev();
        let monitor = Monitor::new(spares.collect())?;
        let shared = table::insert(|key| Self::new(key, driver, stealers, monitor, config));
        let started = Self::start_threads(&shared, locals);
        if started.is_err() {
            shared.close();
        }
        started.map(|()| shared)
    }

    fn start_threads(shared: &Arc<Self>, locals: Vec<Local>) -> io::Result<()> {
        for (index, local) in locals.into_iter().enumerate() {
            let core = Core::new(shared, index, local);
            shared.threads.start(Role::Worker, || worker::run(core))?;
        }
        let monitored = shared.clone();
        let monitor = move || monitor::run(&monitored);
        shared.threads.start(Role::Monitor, monitor)
    }

    fn new(
        key: Key,
        driver: Arc<Driver>,
        stealers: Box<[Stealer]>,
        monitor: Monitor,
        config: Config,
    ) -> Self {
        let n_stations = stealers.len();
        let around = config.around;
        let around = move |role, body: &mut dyn FnMut()| match table::find(key) {
            Some(shared) => around(&shared, role, body),
            None => body(),
        };
        let threads = Threads::new(
            config.thread_name,
            config.stack_size,
            config.hooks,
            Box::new(around),
        );
        let blocking = {
            let threads = threads.clone();
            let start = move |body| threads.start(Role::Blocking, body);
            let limit = config.blocking_threads;
            Pool::new(limit, config.blocking_keep_alive, Box::new(start))
        };
        Self {
            key,
            n_workers: config.workers,
            event_interval: config.event_interval,
            unhandled_panic: config.unhandled_panic,
            closed: AtomicBool::new(false),
            accesses: Accesses::new(&driver, config.workers),
            driver,
            blocking,
            lookups: Lookups::within(config.blocking_threads),
            threads,
            registry: Registry::new(n_stations),
            injector: CachePadded::default(),
            idle: CachePadded::new(Idle::new(n_stations)),
            rooms: Arc::new(Depot::new()),
            spares: Spares::new(),
            monitor,
            stealers,
            stations: (0..n_stations).map(|_| CachePadded::default()).collect(),
            parkers: (0..n_stations)
                .map(|_| Arc::new(Parker::new(Kind::Worker)))
                .collect(),
            n_reached: AtomicUsize::new(config.workers),
        }
    }

    #[inline]
    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// The driver, for what holds it for a moment.
    #[inline]
    pub(crate) fn access(&self) -> &Arc<Access> {
        self.accesses.here()
    }

    pub(crate) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// What the runtime has done and has at this moment.
    pub(crate) fn metrics(&self) -> Metrics {
        let sum = |of: fn(&Station) -> u64| self.stations.iter().map(|station| of(station)).sum();
        Metrics {
            workers: self.n_workers,
            spare_workers: self.monitor.n_spares(),
            blocking_threads: self.threads.n_alive(Role::Blocking),
            polls: sum(Station::n_polls),
            steals: sum(Station::n_steals),
            parks: sum(Station::n_parks),
            stuck_polls: self.monitor.n_stuck(),
            spares_sent: self.monitor.n_sent(),
        }
    }

    /// The stealers of the stations that are in use, or were.
    fn stealers(&self) -> &[Stealer] {
        &self.stealers[..self.n_reached.load(Relaxed)]
    }

    /// A station is used, perhaps for the first time.
    fn reach(&self, station: usize) {
        // Relaxed: whoever looks for a task that was pushed there is ordered behind the push.
        self.n_reached.fetch_max(station + 1, Relaxed);
    }

    /// True once the end has begun.
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close`.
        self.closed.load(Acquire)
    }

    /// Starts a task. Nothing of it is polled here; if the runtime has ended, it is cancelled.
    #[inline]
    pub(crate) fn spawn<F>(&self, future: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let (task, join) = task::spawn(future, Home(self.key));
        self.start_task(task);
        join
    }

    /// As [`spawn`](Shared::spawn), of a task whose type is forgotten.
    pub(crate) fn spawn_placed(&self, task: Unplaced<'_>, meta: TaskMeta) -> PlacedJoin {
        let (task, join) = task::spawn_placed(task, Home(self.key));
        self.start_task(task);
        join.with(meta)
    }

    fn start_task(&self, task: Runnable) {
        if self.driver.is_forked() {
            task.cancel(Some(self.driver.gone()));
        } else if self.is_closed() {
            task.cancel(None);
        } else if let Err(task) = worker::push(self.key, task)
            && let Err(task) = self.inject(task)
        {
            task.cancel(None);
        }
    }

    /// Runs a closure on a thread that may block.
    pub(crate) fn spawn_blocking<F, T>(&self, call: Call<F>) -> blocking::Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if self.driver.is_forked() {
            return self.blocking.refuse(call, self.driver.gone());
        }
        self.blocking.spawn(call)
    }

    /// Runs `f`, which may block, while another thread does the work of this one if it is a worker.
    pub(crate) fn block_in_place<T>(&self, f: impl FnOnce() -> T) -> T {
        worker::block_in_place(self.key, f)
    }

    /// Begins the end: step 1. Never waits, and runs no foreign code but the destructors of
    /// blocking jobs that have not begun.
    pub(crate) fn close(&self) {
        if self.driver.is_forked() {
            // Its threads are in the parent.
            return;
        }
        // Release: pairs with the Acquire in `is_closed`.
        self.closed.store(true, Release);
        drop(self.spares.close());
        self.monitor.call();
        self.blocking.close();
        for parker in &self.parkers {
            parker.notify(|| self.driver.wake());
        }
    }

    /// Steps 1 to 5.
    pub(crate) fn shutdown(&self, limit: Duration) {
        if self.driver.is_forked() {
            return;
        }
        self.close();
        self.threads.wait(limit);
        self.finish();
    }

    /// Steps 3 and 4.
    fn finish(&self) {
        let tasks = self.registry.close();
        let queued = self.stealers.iter().flat_map(Stealer::take_all);
        for task in tasks.into_iter().chain(self.injector.close()).chain(queued) {
            task.cancel(None);
        }
        let mut wakers = Vec::new();
        self.driver.close(&mut wakers);
        wake_all(&mut wakers);
    }

    /// # Errors
    ///
    /// The task comes back if the runtime has ended.
    fn inject(&self, task: Runnable) -> Result<(), Runnable> {
        self.injector.push(task)?;
        self.notify();
        Ok(())
    }

    /// Work was put where all can take it: wakes a worker if none is on the way to it.
    fn notify(&self) {
        if let Some(worker) = self.idle.pick(|worker| self.parkers[worker].is_driving()) {
            self.parkers[worker].notify(|| self.driver.wake());
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        table::remove(self.key);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("workers", &self.n_workers)
            .field("closed", &self.closed.load(Relaxed))
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// Where the tasks of a runtime belong: all that a task knows of it.
#[derive(Clone, Copy, Debug)]
struct Home(Key);

impl Schedule for Home {
    #[inline]
    fn number(self) -> u32 {
        self.0.number()
    }

    #[inline]
    fn of_number(number: u32) -> Self {
        Self(Key::of_number(number))
    }

    fn schedule(&self, task: Runnable) {
        if let Err(task) = worker::push(self.0, task) {
            // A task that was idle is in the registry: if the runtime has ended, that drops it.
            drop(self.inject(task));
        }
    }

    fn again(&self, task: Runnable) {
        if let Err(task) = worker::push_again(self.0, task)
            && let Err(task) = self.inject(task)
        {
            task.cancel(None);
        }
    }

    fn keep(&self, task: Runnable) -> Option<NonZeroU64> {
        let mut task = Some(task);
        let mut keep = |shared: &Shared, shard| shared.registry.insert(shard, task.take()?);
        worker::with_shared(self.0, &mut keep).unwrap_or_else(|| {
            // A task that has lent its worker's core.
            keep(&*table::find(self.0)?, 0)
        })
    }

    fn unhandled_panic(&self) {
        if let Some(shared) = table::find(self.0) {
            shared.unhandled_panic.happened(|| shared.close());
        }
    }

    #[inline]
    fn finished(&self, kept: Option<NonZeroU64>) {
        if let Some(kept) = kept {
            self.forget(kept);
        }
    }
}

impl Home {
    /// A task that was kept has ended.
    fn forget(self, kept: NonZeroU64) {
        let done = worker::with_shared(self.0, |shared, _| shared.registry.remove(kept));
        if done.is_none()
            && let Some(shared) = table::find(self.0)
        {
            shared.registry.remove(kept);
        }
    }

    /// From a thread that is no worker of this runtime, or has lent its core.
    ///
    /// # Errors
    ///
    /// The task comes back if the runtime has ended.
    #[cold]
    fn inject(&self, task: Runnable) -> Result<(), Runnable> {
        match table::find(self.0) {
            Some(shared) => shared.inject(task),
            None => Err(task),
        }
    }
}
