//! Erased tasks in one allocation: [`PlacedTask`] brings a backend its future, with room for what
//! the backend keeps of a task beside it. Or in none: a [`MovedTask`] is the same on its spawner's
//! stack, for a backend with memory of its own.
//!
//! For a backend that lays out its tasks by itself, which takes unsafe code. It knows nothing of
//! what is put into the room. `task.rs` calls a backend through it, if the backend can do that.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::task::{ErasedJob, Job};
use crate::task::{JoinError, TaskId, TaskMeta};

/// Starts erased tasks in the memory that they bring: no allocation besides theirs.
///
/// Nobody has to implement it: without it a task whose type is forgotten is spawned by
/// [`spawn_raw`](crate::Spawn::spawn_raw), and costs two allocations more. A backend that does
/// names it in [`Core::capabilities`](crate::Core::capabilities), by
/// [`Capabilities::placed`](super::Capabilities::placed). What it owes is what `spawn_raw` does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not start erased tasks in the memory that they bring",
    note = "leave `placed` out of `Core::capabilities`: erased tasks are spawned without it"
)]
pub trait SpawnPlaced: Send + Sync {
    /// Starts a task, as [`spawn_raw`](crate::Spawn::spawn_raw).
    fn spawn_placed(&self, task: PlacedTask, meta: TaskMeta) -> PlacedJoin;

    /// As [`spawn_placed`](Self::spawn_placed), of a task that has no box yet: for a backend that
    /// has memory which is cheaper than a box, and moves the task there.
    ///
    /// # Errors
    ///
    /// `meta` comes back if the task was left where it is: then it is brought in a box. That is
    /// what happens where this is not implemented.
    fn spawn_moved(&self, task: MovedTask<'_>, meta: TaskMeta) -> Result<PlacedJoin, TaskMeta> {
        let _ = task;
        Err(meta)
    }
}

/// A future whose type is forgotten, its output, and a [`Room`], in one box.
///
/// It is made by [`PlacedTask::new`] and nowhere else, so a backend may rely on what is said here:
/// the parts of its box do not overlap, and nobody else has them.
pub struct PlacedTask {
    whole: Pin<Box<dyn Placed>>,
}

impl PlacedTask {
    /// Starts a task of `future` in the form that `rt` takes it in. For `AnyRuntime`, and for a
    /// backend's tests.
    ///
    /// # Panics
    ///
    /// If `rt` has moved the task and says that it has not.
    #[inline]
    pub fn spawn<F>(rt: &dyn SpawnPlaced, future: F, meta: TaskMeta) -> PlacedJoin
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        if const { size_of::<Whole<F>>() > MovedTask::SIZE_MAX } {
            return rt.spawn_placed(PlacedTask::new(future), meta);
        }
        let mut whole = Whole::new(future);
        match rt.spawn_moved(MovedTask { whole: &mut whole }, meta) {
            Ok(join) => join,
            Err(meta) => PlacedTask::spawn_left(rt, whole, meta),
        }
    }

    /// Brings what was not moved in a box.
    #[cold]
    #[inline(never)]
    fn spawn_left<F>(rt: &dyn SpawnPlaced, whole: Whole<F>, meta: TaskMeta) -> PlacedJoin
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        assert!(whole.job.is_whole(), "the backend has moved this task");
        let whole = Box::pin(whole);
        rt.spawn_placed(PlacedTask { whole }, meta)
    }

    /// Forgets the type of `future`. For `AnyRuntime`, and for a backend's tests.
    #[must_use]
    #[inline]
    pub fn new<F>(future: F) -> Self
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        PlacedTask {
            whole: Box::pin(Whole::new(future)),
        }
    }

    /// The box. Dropping it drops the future and the output, as far as they are there, and frees
    /// the room.
    #[must_use]
    #[inline]
    pub fn into_box(self) -> Pin<Box<dyn Placed>> {
        self.whole
    }
}

impl fmt::Debug for PlacedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlacedTask")
    }
}

/// What is to stand in the box of a [`PlacedTask`], in memory of its spawner.
///
/// It is made by [`PlacedTask::spawn`] and nowhere else, so a backend may rely on what is said
/// here: nobody has pinned it, and nobody else has it while it is borrowed. So a backend may copy
/// its bytes to other memory, of its size and alignment, and then tell it so: what is there is the
/// task from then on, and what is left here is empty.
pub struct MovedTask<'a> {
    whole: &'a mut (dyn Placed + 'static),
}

impl MovedTask<'_> {
    /// The most bytes that it may have. A larger task comes in its box: it would take longer to be
    /// moved once more than to be allocated.
    pub const SIZE_MAX: usize = 512;

    /// The task, where it is now.
    #[must_use]
    #[inline]
    pub fn whole(&mut self) -> &mut (dyn Placed + 'static) {
        self.whole
    }
}

impl fmt::Debug for MovedTask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MovedTask")
    }
}

/// What stands in the box of a [`PlacedTask`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what stands in the box of an erased task",
    note = "`PlacedTask::new` makes it, and nobody else"
)]
pub trait Placed: Send {
    /// The room for the backend, and the future with its output. Both stay where they are until
    /// the box is dropped.
    fn parts(self: Pin<&mut Self>) -> (&mut Room, Pin<&mut (dyn ErasedJob + 'static)>);
    /// It was moved to `memory`, and is what is returned: what is left here is empty.
    fn moved_to(&mut self, memory: NonNull<u8>) -> NonNull<dyn Placed>;
}

/// Room in the box of a task, for what the backend keeps of it: [`Room::BYTES`] bytes that are
/// written by nobody else, aligned to eight. What is left in it is not dropped.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Room {
    bytes: MaybeUninit<[u8; Room::BYTES]>,
}

impl Room {
    /// Its size.
    pub const BYTES: usize = 64;

    #[inline]
    fn empty() -> Self {
        Room {
            bytes: MaybeUninit::uninit(),
        }
    }
}

pin_project! {
    struct Whole<F: Future> {
        room: Room,
        #[pin]
        job: Job<F>,
    }
}

impl<F: Future> Whole<F> {
    #[inline]
    fn new(future: F) -> Self {
        Whole {
            room: Room::empty(),
            job: Job::new(future),
        }
    }
}

impl<F: Future<Output: Send + 'static> + Send + 'static> Placed for Whole<F> {
    fn parts(self: Pin<&mut Self>) -> (&mut Room, Pin<&mut (dyn ErasedJob + 'static)>) {
        let this = self.project();
        (this.room, this.job)
    }

    fn moved_to(&mut self, memory: NonNull<u8>) -> NonNull<dyn Placed> {
        self.job.forget();
        memory.cast::<Self>()
    }
}

/// The join handle of a [`PlacedTask`], which needs no box: a pointer to the task and two tables.
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
