//! Tasks in memory that was brought: an erased future comes in a box with room for a cell.
//!
//! A small one has no box yet, and is moved to a room of `rooms/`, which is as good as a box.
//!
//! The cell is that of `raw.rs`, with a [`Lodger`] for its future: that polls the real one, which
//! lies beside the cell and keeps its own output. The end of the cell is the end of the box. It
//! knows nothing of what is in the box besides. The executor calls it.
//!
//! # Safety argument
//!
//! 1. A [`PlacedTask`] is made by the contract alone: the parts of its box, the room and the job,
//!    lie apart and stay where they are, and nobody else has them. Both pointers come from one
//!    borrow of the whole, which is touched again only to free it, in [`Brought`].
//! 2. The job is the stage's: who may touch it, by the rules of `raw.rs`, may touch the job. A
//!    `Lodger` is in the cell while the future may be polled, an [`Output`] from then on.
//! 3. An `Output` that left the cell is used up while the handle that took it is borrowed, and so
//!    while the cell lives.
//! 4. A [`MovedTask`] is made by the contract alone as well. Nobody has pinned it, so its bytes may
//!    be moved, and once it was told so, what is left there is not dropped.
//! 5. A waker with the table `HANDLE` is the one handle of a placed task: it is made here, owns the
//!    handle's reference, and a clone of it has another table.

#![allow(unsafe_code)]

use std::{
    alloc::Layout,
    any::Any,
    mem::{self, ManuallyDrop, forget},
    pin::Pin,
    ptr::{self, NonNull},
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker, ready},
};

use anyrt_api::{
    any::{ErasedJob, JoinTable, MovedTask, Placed, PlacedJoin, PlacedTask, Room},
    task::{JoinError, TaskId, TaskMeta},
};

use super::{
    Join, Runnable, Schedule,
    header::{self, header},
    raw::{Cell, Memory},
    rooms,
};

/// True if what is brought has room for a cell.
pub(crate) const fn has_room<S: Schedule>() -> bool {
    size_of::<Cell<Lodger, S, Brought>>() <= size_of::<Room>()
        && align_of::<Cell<Lodger, S, Brought>>() <= align_of::<Room>()
}

/// Makes a task of `task`, in its own box: as [`spawn`](super::spawn).
///
/// # Panics
///
/// Without [`has_room`].
#[inline]
pub(crate) fn spawn_placed<S: Schedule>(task: PlacedTask, schedule: S) -> (Runnable, PlacedHandle) {
    // SAFETY: it stays where it is, and is dropped by `Brought`.
    let whole = unsafe { Pin::into_inner_unchecked(task.into_box()) };
    // SAFETY: it is a box's, and was leaked.
    unsafe { settle(NonNull::from(Box::leak(whole)), schedule) }
}

/// As [`spawn_placed`], of a task that has no box: it is moved to a room.
///
/// None if there are no rooms of its size; it was not moved then.
///
/// # Panics
///
/// Without [`has_room`].
#[inline]
pub(crate) fn spawn_moved<S: Schedule>(
    mut task: MovedTask<'_>,
    schedule: S,
) -> Option<(Runnable, PlacedHandle)> {
    let whole = task.whole();
    let layout = Layout::for_value(whole);
    let room = rooms::allocate_layout(layout)?;
    let bytes = ptr::from_mut(whole).cast::<u8>();
    // SAFETY: rule 4. The room is ours, and as large.
    unsafe { room.as_ptr().copy_from_nonoverlapping(bytes, layout.size()) };
    // SAFETY: it was moved there a line above, and is told so.
    Some(unsafe { settle(whole.moved_to(room), schedule) })
}

/// Makes the cell of a task in the room of its box.
///
/// # Safety
///
/// - `whole` lies in memory of the allocator or of `rooms`, of its own layout, and is the caller's,
///   who gives it away.
#[inline]
unsafe fn settle<S: Schedule>(whole: NonNull<dyn Placed>, schedule: S) -> (Runnable, PlacedHandle) {
    assert!(has_room::<S>(), "the room of a task is too small");
    // SAFETY: by this function's contract.
    let parts = unsafe { &mut *whole.as_ptr() };
    // SAFETY: it is pinned from now on: only `Brought` drops it, where it is.
    let (room, job) = unsafe { Pin::new_unchecked(parts) }.parts();
    // SAFETY: the job is not moved.
    let job = NonNull::from(unsafe { job.get_unchecked_mut() });
    let cell = NonNull::from(room).cast::<Cell<Lodger, S, Brought>>();
    let new = Cell::new(Lodger(Some(job)), schedule, Brought(whole));
    // SAFETY: rule 1; the room is large enough, as was asserted.
    unsafe { cell.write(new) };
    // SAFETY: it is new, and the box stays until `Brought` frees it.
    let (runnable, join) = unsafe { Cell::references(cell) };
    (runnable, PlacedHandle(join))
}

/// The handle of a placed task, of which the contract's is made.
pub(crate) struct PlacedHandle(Join<Output>);

impl PlacedHandle {
    #[inline]
    pub(crate) fn with(self, meta: TaskMeta) -> PlacedJoin {
        PlacedJoin::new(waker_of(ManuallyDrop::new(self.0)), &Handles, meta)
    }
}

/// The box that a cell lies in, or the room.
struct Brought(NonNull<dyn Placed>);

// SAFETY: it owns what it points to, and `Placed` asks that of it.
unsafe impl Send for Brought {}

impl Memory for Brought {
    unsafe fn free<C>(cell: NonNull<C>) {
        // The memory is a field of the cell, and frees what the cell lies in: so it is moved out.
        // SAFETY: by this function's contract.
        drop(unsafe { cell.read() });
    }
}

impl Drop for Brought {
    fn drop(&mut self) {
        // SAFETY: rule 1; nobody uses the parts any more, by the contract of `Memory::free`.
        let layout = Layout::for_value(unsafe { self.0.as_ref() });
        // There is nothing left to be dropped: the stage is empty, so the job is.
        // SAFETY: a box is the allocator's memory, of its value's layout; a room is, too.
        unsafe { rooms::free_layout(self.0.cast(), layout) };
    }
}

/// A future that lies beside the cell. `None` once it has ended by itself.
struct Lodger(Option<NonNull<dyn ErasedJob>>);

// SAFETY: `ErasedJob` asks that of what it points to.
unsafe impl Send for Lodger {}

impl Future for Lodger {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let job = self.0.expect("a task is not polled after it was ready");
        // SAFETY: rule 2: who polls the lodger has the stage.
        ready!(unsafe { pinned(job) }.poll_job(cx));
        self.0 = None;
        Poll::Ready(Output(job))
    }
}

impl Drop for Lodger {
    fn drop(&mut self) {
        if let Some(job) = self.0 {
            // SAFETY: rule 2: who drops the lodger has the stage.
            unsafe { pinned(job) }.clear();
        }
    }
}

/// An output that lies beside the cell.
struct Output(NonNull<dyn ErasedJob>);

// SAFETY: as a lodger.
unsafe impl Send for Output {}

impl Output {
    /// # Safety
    ///
    /// - The cell lives: rule 3.
    unsafe fn give(self, place: &mut dyn Any) {
        // SAFETY: rule 2: who has the output has the stage, or took it from there.
        unsafe { pinned(self.0) }.give(place);
        // There is nothing left to be dropped.
        forget(self);
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: rule 2: it is dropped where it lies in the cell, or else by rule 3.
        unsafe { pinned(self.0) }.clear();
    }
}

/// # Safety
///
/// - The job is the caller's, by rule 2.
unsafe fn pinned<'a>(mut job: NonNull<dyn ErasedJob>) -> Pin<&'a mut dyn ErasedJob> {
    // SAFETY: by this function's contract.
    let job = unsafe { job.as_mut() };
    // SAFETY: it is pinned, by rule 1.
    unsafe { Pin::new_unchecked(job) }
}

/// What handles do besides what their wakers do.
struct Handles;

impl JoinTable for Handles {
    fn poll_join(
        &self,
        task: &mut Waker,
        cx: &mut Context<'_>,
        place: &mut dyn Any,
    ) -> Poll<Result<(), JoinError>> {
        // The exclusive borrow is the handle's: nobody else polls or drops it.
        let mut join = join_of(task);
        let done = ready!(Pin::new(&mut *join).poll(cx));
        // The handle has been told that the output is taken. What it was is the same reference.
        forget(mem::replace(task, waker_of(join)));
        // SAFETY: rule 3: the handle is borrowed.
        Poll::Ready(done.map(|output| unsafe { output.give(place) }))
    }

    fn is_finished(&self, task: &Waker) -> bool {
        join_of(task).is_finished()
    }

    fn id(&self, task: &Waker) -> TaskId {
        TaskId::from_u64(join_of(task).id())
    }
}

/// The handle that a waker is, for as long as it is borrowed. Through a shared borrow it is not to
/// be polled.
fn join_of(task: &Waker) -> ManuallyDrop<Join<Output>> {
    let is_handle = ptr::eq(task.vtable(), &raw const HANDLE);
    assert!(is_handle, "this waker is not a join handle");
    // SAFETY: rule 5. It is not given up, by `ManuallyDrop`.
    ManuallyDrop::new(unsafe { Join::new(header(task.data())) })
}

/// The waker that a handle is; its reference goes with it.
fn waker_of(join: ManuallyDrop<Join<Output>>) -> Waker {
    // SAFETY: `HANDLE` keeps the contract of wakers, from any thread.
    unsafe { Waker::new(join.tagged().as_ptr().cast(), &HANDLE) }
}

/// The handle of a placed task: waking it aborts, dropping it detaches. A clone of it is a waker of
/// the task.
static HANDLE: RawWakerVTable = RawWakerVTable::new(clone, abort_and_leave, abort, leave);

/// # Safety
///
/// - For `HANDLE` alone: `data` is a handle's.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: rule 5. It is not given up, by `ManuallyDrop`.
    let join = ManuallyDrop::new(unsafe { Join::<Output>::new(header(data)) });
    // SAFETY: the handle is a reference.
    unsafe { header::clone(join.pointer().as_ptr().cast()) }
}

/// # Safety
///
/// - For `HANDLE` alone: `data` is a handle's, which the caller gives away.
unsafe fn abort_and_leave(data: *const ()) {
    // SAFETY: by this function's contract.
    unsafe { abort(data) };
    // SAFETY: by this function's contract.
    unsafe { leave(data) };
}

/// # Safety
///
/// - For `HANDLE` alone: `data` is a handle's.
unsafe fn abort(data: *const ()) {
    // SAFETY: rule 5. It is not given up, by `ManuallyDrop`.
    let join = ManuallyDrop::new(unsafe { Join::<Output>::new(header(data)) });
    join.abort();
}

/// # Safety
///
/// - For `HANDLE` alone: `data` is a handle's, which the caller gives away.
unsafe fn leave(data: *const ()) {
    // SAFETY: rule 5.
    drop(unsafe { Join::<Output>::new(header(data)) });
}
