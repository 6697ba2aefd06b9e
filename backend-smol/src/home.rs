//! What every object of one smol runtime knows of it: [`Home`]; and who keeps its tasks: [`Tasks`].
//!
//! Knows nothing of timers or sockets, which async-io keeps for the whole process.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use anyrt_api::any::WeakAny;
use anyrt_api::{AnyRuntime, Core, current};
use anyrt_kit::blocking::Pool;
use anyrt_kit::fork::Process;
use anyrt_kit::gone;
use anyrt_kit::lock::Lock;
use anyrt_kit::net::Lookups;
use anyrt_kit::wait::Roll;
use async_executor::Executor;

use crate::Smol;
use crate::abort::Aborts;
use crate::gauge::Gauge;
use crate::worker::Stop;

/// One runtime, as its owner, its workers and its handles share it. It keeps memory alive, no
/// thread.
pub(crate) struct Home {
    pub(crate) lookups: Lookups,
    /// Who waits for a socket or a timer of ours: async-io goes on when we go.
    pub(crate) roll: Arc<Roll>,
    pub(crate) aborts: Arc<Aborts>,
    /// The threads that run tasks, and those of the pool.
    pub(crate) threads: Arc<Gauge>,
    /// The blocking calls. Closed when the runtime shuts down.
    pub(crate) pool: Pool,
    /// Ends when the workers are to stop.
    pub(crate) stop: Stop,
    /// Weak: the executor goes, and its tasks with it, when the last who runs it leaves.
    executor: Weak<Executor<'static>>,
    /// The tasks are being dropped: async-task calls them finished before they are.
    is_draining: AtomicBool,
    is_closed: AtomicBool,
    /// Where its threads are, and whose async-io's poller is.
    process: Process,
    n_ids: AtomicU64,
    /// The erased form, as long as anybody has it. Weak, since it holds this.
    any: Lock<Option<WeakAny>>,
}

impl Home {
    pub(crate) fn new(stop: Stop, pool: Pool, threads: Arc<Gauge>) -> (Arc<Self>, Tasks) {
        let executor = Arc::new(Executor::new());
        let home = Arc::new(Home {
            lookups: Lookups::within(pool.limit()),
            roll: Arc::default(),
            aborts: Arc::default(),
            threads,
            pool,
            stop,
            executor: Arc::downgrade(&executor),
            is_draining: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            process: Process::this(),
            n_ids: AtomicU64::new(1),
            any: Lock::new(None),
        });
        let tasks = Tasks {
            executor: Some(executor),
            home: Arc::clone(&home),
        };
        (home, tasks)
    }

    /// The executor, unless the runtime is gone or going.
    pub(crate) fn tasks(self: &Arc<Self>) -> Option<Tasks> {
        let executor = Some(self.executor.upgrade()?);
        let home = Arc::clone(self);
        Some(Tasks { executor, home })
    }

    /// The erased form of this runtime, one for all handles.
    pub(crate) fn any(self: &Arc<Self>) -> AnyRuntime {
        let known = self.known_any();
        known.unwrap_or_else(|| {
            let new = AnyRuntime::new(Smol::inner(Arc::clone(self)));
            let mut any = self.any.lock();
            match any.as_ref().and_then(WeakAny::upgrade) {
                Some(first) => first,
                None => {
                    *any = Some(new.downgrade());
                    new
                }
            }
        })
    }

    fn known_any(&self) -> Option<AnyRuntime> {
        let any = self.any.lock();
        any.as_ref().and_then(WeakAny::upgrade)
    }

    /// True on a thread that is running tasks of this runtime.
    pub(crate) fn is_driven_here(&self) -> bool {
        let is_this = |any: &AnyRuntime| {
            let rt = any.downcast_ref::<Smol>();
            rt.is_some_and(|rt| std::ptr::eq(&*rt.home, self))
        };
        current::is_driving() && current::with_current(is_this) == Some(true)
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.n_ids.fetch_add(1, Ordering::Relaxed)
    }

    /// The owner shuts the runtime down: no call starts from now on, and whoever waits looks again.
    pub(crate) fn close(&self) {
        // Release: pairs with the Acquire in `is_closed`. Set before anybody is woken for it.
        self.is_closed.store(true, Ordering::Release);
        self.pool.close();
        self.roll.wake_all();
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Why nothing drives the runtime here, if this process was forked from the runtime's (`L057`).
    pub(crate) fn forked(&self) -> Option<io::Error> {
        (!self.process.is_this()).then(|| gone::forked(Smol::NAME))
    }

    /// Why nothing drives the runtime, if so.
    pub(crate) fn gone(&self) -> Option<io::Error> {
        let closed = || self.is_closed().then(|| gone::error(Smol::NAME));
        self.forked().or_else(closed)
    }

    /// Whether a socket may be registered with async-io, or its registration be changed.
    ///
    /// # Errors
    ///
    /// In a forked child, whose poller is that of its parent.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.forked().map_or(Ok(()), Err)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("threads", &self.threads)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// A share of the executor. When the last is dropped, so is every task that is left, with the
/// runtime entered (`L050`, `L194`).
pub(crate) struct Tasks {
    executor: Option<Arc<Executor<'static>>>,
    home: Arc<Home>,
}

impl Tasks {
    pub(crate) fn executor(&self) -> &Executor<'static> {
        self.executor.as_ref().expect("it is there until the drop")
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }
}

impl Clone for Tasks {
    fn clone(&self) -> Self {
        Tasks {
            executor: self.executor.clone(),
            home: Arc::clone(&self.home),
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let Some(last) = self.executor.take().and_then(Arc::into_inner) else {
            return;
        };
        // Release: pairs with the Acquire in `is_draining`.
        self.home.is_draining.store(true, Ordering::Release);
        current::enter(self.home.any(), || drop(last));
        self.home.is_draining.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.home.fmt(f)
    }
}
