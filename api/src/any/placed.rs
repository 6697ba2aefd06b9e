//! Erased tasks without a box: an [`Unplaced`] is a future on its spawner's stack, which a backend
//! moves to where it keeps its tasks.
//!
//! For a backend that lays out its tasks by itself, which takes unsafe code. It knows nothing of
//! where that is. `task.rs` calls a backend through it, if the backend can do that.

use std::alloc::Layout;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use super::task::{ErasedJob, Job};
use crate::task::{JoinError, TaskId, TaskMeta};

/// Starts erased tasks in memory of the backend's own, and without a box.
///
/// Nobody has to implement it: without it a task whose type is forgotten is spawned by
/// [`spawn_raw`](crate::Spawn::spawn_raw), and costs two allocations more. A backend that does
/// names it in [`Core::capabilities`](crate::Core::capabilities), by
/// [`Capabilities::placed`](super::Capabilities::placed). What it owes is what `spawn_raw` does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not start erased tasks in memory of its own",
    note = "leave `placed` out of `Core::capabilities`: erased tasks are spawned without it"
)]
pub trait SpawnPlaced: Send + Sync {
    /// Starts a task, as [`spawn_raw`](crate::Spawn::spawn_raw).
    fn spawn_placed(&self, task: Unplaced<'_>, meta: TaskMeta) -> PlacedJoin;
}

/// A future whose type is forgotten, with room for its output, in memory of its spawner.
///
/// It is made by [`Unplaced::spawn`] and nowhere else, so a backend may rely on what is said here:
/// nobody has pinned it, and nobody else has it while it is borrowed. So a backend may copy its
/// bytes to other memory of its [`layout`](Unplaced::layout), and then
/// [say so](Unplaced::moved_to). A task that was not moved is dropped by its spawner.
pub struct Unplaced<'a> {
    job: &'a mut (dyn ErasedJob + 'static),
}

impl Unplaced<'_> {
    /// Starts a task of `future` on `rt`. For `AnyRuntime`, and for a backend's tests.
    #[inline]
    pub fn spawn<F>(rt: &dyn SpawnPlaced, future: F, meta: TaskMeta) -> PlacedJoin
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let mut job = Job::new(future);
        rt.spawn_placed(Unplaced { job: &mut job }, meta)
    }

    /// The size that it has, and what it has to be aligned to.
    #[must_use]
    #[inline]
    pub fn layout(&self) -> Layout {
        Layout::for_value(self.job)
    }

    /// Where its bytes are now, as many as its [`layout`](Self::layout) says.
    #[must_use]
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        (&raw const *self.job).cast()
    }

    /// Its bytes were copied to `memory`: there is the task from now on, and what is left with its
    /// spawner is empty.
    ///
    /// What is returned points to `memory` and knows the type. It owns what is there, which nobody
    /// drops but by [`ErasedJob::clear`].
    #[must_use = "what was moved is reached through this alone"]
    #[inline]
    pub fn moved_to(self, memory: NonNull<u8>) -> NonNull<dyn ErasedJob> {
        self.job.moved_to(memory)
    }
}

impl fmt::Debug for Unplaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unplaced")
            .field("layout", &self.layout())
            .finish_non_exhaustive()
    }
}

/// The join handle of a task that a backend has placed; it needs no box: a pointer to the task and
/// two tables.
#[must_use = "dropping a join handle detaches the task"]
pub struct PlacedJoin {
    task: Waker,
    table: &'static dyn JoinTable,
    /// For the message of an error. Boxed, since few tasks have one.
    name: Option<Box<Cow<'static, str>>>,
}

impl PlacedJoin {
    /// A handle on the task that `task` belongs to. It is never cloned nor woken by value.
    ///
    /// A `Waker` is std's pointer with a table of functions. Waking this one asks for the task's
    /// cancellation, and dropping it detaches the task. The rest is in `table`.
    #[inline]
    pub fn new(task: Waker, table: &'static dyn JoinTable, meta: TaskMeta) -> Self {
        PlacedJoin {
            task,
            table,
            name: meta.name.map(Box::new),
        }
    }

    /// Polls for the end of the task, and moves its output into `place`, an `Option` of it that is
    /// empty.
    ///
    /// # Errors
    ///
    /// Those of the [`RawJoin`](crate::task::RawJoin).
    ///
    /// # Panics
    ///
    /// If `place` is of another type.
    #[inline]
    pub fn poll_join(
        &mut self,
        cx: &mut Context<'_>,
        place: &mut dyn Any,
    ) -> Poll<Result<(), JoinError>> {
        let done = self.table.poll_join(&mut self.task, cx, place);
        done.map_err(|error| error.of_task(self.name.take().map(|name| *name)))
    }

    /// As [`RawJoin::abort`](crate::task::RawJoin::abort).
    pub fn abort(&self) {
        self.task.wake_by_ref();
    }

    /// As [`RawJoin::is_finished`](crate::task::RawJoin::is_finished).
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.table.is_finished(&self.task)
    }

    /// As [`RawJoin::id`](crate::task::RawJoin::id).
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.table.id(&self.task)
    }
}

impl fmt::Debug for PlacedJoin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlacedJoin")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// What a [`PlacedJoin`] can do besides what its waker does. Each function is given that waker.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the table of a join handle",
    note = "a backend that implements `SpawnPlaced` implements `JoinTable` for its handles"
)]
pub trait JoinTable: Send + Sync {
    /// As [`PlacedJoin::poll_join`]: polls for the end of the task, and
    /// [gives](ErasedJob::give) its output to `place`.
    ///
    /// # Errors
    ///
    /// The same, without the task's name.
    fn poll_join(
        &self,
        task: &mut Waker,
        cx: &mut Context<'_>,
        place: &mut dyn Any,
    ) -> Poll<Result<(), JoinError>>;

    /// As [`RawJoin::is_finished`](crate::task::RawJoin::is_finished).
    fn is_finished(&self, task: &Waker) -> bool;

    /// As [`RawJoin::id`](crate::task::RawJoin::id).
    fn id(&self, task: &Waker) -> TaskId;
}
