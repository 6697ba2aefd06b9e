//! What a backend brings for tasks: [`Spawn`] and its [`RawJoin`]. Knows nothing of executors.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::future::Future;
use std::panic::Location;

use super::{JoinError, JoinHandle};
use crate::{BlockOn, current};

/// Tasks and blocking calls.
///
/// A backend implements [`spawn_raw`](Spawn::spawn_raw) and
/// [`spawn_blocking_raw`](Spawn::spawn_blocking_raw); users call [`spawn`](Spawn::spawn) and
/// [`spawn_blocking`](Spawn::spawn_blocking), or [`task::spawn`](crate::task::spawn), which is the
/// same on the current runtime.
///
/// # Contract
///
/// - `L013` `spawn` never polls the future on the caller's stack.
/// - `L014` A spawned task runs even if its handle is never polled.
/// - `L015` Dropping the handle detaches: the task goes on.
/// - `L017` A join resolves only after the task's future was dropped, and what the task did happens
///   before it.
/// - `L018` A panic in a task is `Err` with the original payload for whoever joins; it never
///   unwinds into them.
/// - `L019` A panic in a detached task runs the panic hook once and disturbs no other task.
/// - `L020` A panic in the future's destructor during a cancel is reported or swallowed; it never
///   aborts the process.
/// - `L021` A panic in the destructor of an output that nobody read is swallowed after the panic
///   hook ran; it neither unwinds into the dropper of the handle nor aborts.
/// - `L027` However a task ends, is aborted, or its handle is dropped: its future is dropped once,
///   its output at most once, whoever joins is woken, and nothing else of the runtime is disturbed.
/// - `L029` `spawn` works from any thread, from a blocking one too, and from the destructors of
///   another task's future and output.
/// - `L031` Tasks that have ended leave no memory behind, however many they were.
/// - `L032` A future of 1 MiB can be spawned from a stack of 8 MiB, and one of 256 KiB from one of
///   2 MiB, in every build; a worker polls and drops either.
/// - `L033` Handles and errors are `Send + Sync + Unpin`, whatever the output is.
///
/// Of blocking closures:
///
/// - `L035` A closure runs exactly once, on a thread that may block; tasks, timers and sockets make
///   progress while every such thread is blocked.
/// - `L036` A panic in a closure is `Err` with its payload, and the thread lives on.
/// - `L037` Dropping the handle cancels neither a queued nor a running closure.
/// - `L038` An abort of a closure that has started does nothing; of a queued one, either it never
///   runs and the error is cancelled, or it runs in full.
/// - `L039` While all threads are busy, closures wait in order, and none is dropped.
/// - `L040` If no thread can be had, the handle resolves to a cancelled [`JoinError`] that says so,
///   and the closure never runs; or it runs later. Nothing panics, hangs or aborts.
/// - `L041` No operation needs a second such thread to finish what it does on a first: one is
///   enough.
/// - `L042` A thread that has nothing to do ends within ten seconds, or the time that was chosen.
///
/// Of fairness:
///
/// - `L059` With 100 tasks that wake themselves, a sleep of 5 ms returns within 100 ms, and each
///   task is polled.
/// - `L062` Two tasks that only wake each other cannot starve a third.
/// - `L063` A task that stays in a poll for long strands nobody who is queued behind it, while
///   another worker is free.
/// - `L065` Sockets and timers are served though the queues of tasks never become empty.
/// - `L067` Tasks that compute, spawned at once, run on all workers within 50 ms.
///
/// # Implementation notes
///
/// The task's outermost future is [`current::Root`]: forgetting it loses the budget, the current
/// runtime and the entered drop, and a law for each fails. The kit has a wrapper that catches the
/// panics of polls, drops and outputs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot spawn: it is not the handle of an anyrt runtime",
    label = "this is not a handle of an anyrt backend",
    note = "in generic code, add the bound `{Self}: anyrt_api::Runtime` (or `Spawn`)",
    note = "pass the handle of a backend, as `native::Runtime::handle()` returns it",
    note = "a raw `tokio::runtime::Handle` is wrapped by `anyrt::tokio::Tokio::try_from_handle`"
)]
pub trait Spawn: Clone + Debug + Send + Sync + Unpin + 'static {
    /// The backend's join handle. Users hold it as a [`JoinHandle`].
    ///
    /// Its `T` is not asked to be `'static`, so that a future which holds the handle of an output
    /// with a `&'static str` in it is seen to be `Send`; every task's output is.
    type RawJoin<T: Send>: RawJoin<T>;

    /// Starts a task.
    ///
    /// - `L030` On a runtime that is shutting down or gone the handle resolves to a cancelled
    ///   [`JoinError`]; this neither panics nor blocks nor leaks.
    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> Self::RawJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Runs `f` once on a thread that may block, with this runtime entered there and the thread
    /// [`undriven`](current::undriven).
    ///
    /// If no thread can be had: `L040` above.
    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> Self::RawJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Starts a task on this runtime: [`std::thread::spawn`] for futures.
    ///
    /// Costs one allocation on every backend here. Dropping the handle detaches.
    #[track_caller]
    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output, Self>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        JoinHandle::from_raw(self.spawn_raw(future, TaskMeta::new()))
    }

    /// Runs `f` on a thread that may block. Dropping the handle does not cancel it.
    #[track_caller]
    fn spawn_blocking<F, T>(&self, f: F) -> JoinHandle<T, Self>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        JoinHandle::from_raw(self.spawn_blocking_raw(f, TaskMeta::new()))
    }

    /// Runs `f`, which may block, on this thread, and lets the runtime go on without it.
    ///
    /// A backend with workers replaces the worker meanwhile; elsewhere `f` just runs. Inside,
    /// `block_on` is allowed.
    ///
    /// # Panics
    ///
    /// On a lent single-threaded runtime, whose only thread this would stall: use
    /// `spawn_blocking`.
    #[track_caller]
    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        current::undriven(f)
    }

    /// Here for those who look for it: a lent runtime does not block. The owner does, by
    /// [`BlockOn::block_on`].
    #[doc(hidden)]
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output
    where
        Self: BlockOn,
    {
        BlockOn::block_on(self, future)
    }
}

/// A backend's join handle: resolves when the task's future has been dropped.
///
/// Dropping it detaches. It is not `Debug`, since a derive would ask that of `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's join handle",
    note = "a backend implements `RawJoin` for its own join handle; \
            libraries use the types over it"
)]
pub trait RawJoin<T>: Future<Output = Result<T, JoinError>> + Unpin + Send + Sync {
    /// Asks for the task's cancellation: see [`JoinHandle::abort`].
    fn abort(&self);

    /// True once the task's future, or closure, has been dropped.
    fn is_finished(&self) -> bool;

    /// Names the task among those of its runtime that exist at the same time.
    fn id(&self) -> TaskId;
}

/// What a backend is told of a new task besides its future.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskMeta {
    /// The name that [`Builder::name`](crate::task::Builder::name) gave.
    pub name: Option<Cow<'static, str>>,
    /// Where the task was spawned.
    pub location: &'static Location<'static>,
}

impl TaskMeta {
    /// An unnamed task, spawned by the caller.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        TaskMeta {
            name: None,
            location: Location::caller(),
        }
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl Default for TaskMeta {
    #[track_caller]
    fn default() -> Self {
        TaskMeta::new()
    }
}

/// Names a task among those of one runtime that exist at the same time; a number that is free may
/// be used again. The counterpart of [`std::thread::ThreadId`], for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

impl TaskId {
    /// For backends: the number is theirs to choose.
    #[must_use]
    pub fn from_u64(id: u64) -> Self {
        TaskId(id)
    }

    /// The number that the backend chose.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}
