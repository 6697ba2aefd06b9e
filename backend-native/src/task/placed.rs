//! Tasks whose type is forgotten: an erased future comes on its spawner's stack, and is moved to a
//! room of `rooms/`, where a cell lies before it.
//!
//! The cell is that of `raw.rs`, with a [`Lodger`] for its future: that polls the real one, which
//! lies behind the cell and keeps its own output. The end of the cell is the end of the room. It
//! knows nothing of what the future is. The executor calls it.
//!
//! # Safety argument
//!
//! 1. An [`Unplaced`] is made by the contract alone. Nobody has pinned it and nobody else has it,
//!    so its bytes may be moved, and once it was told so, what is left there is not dropped. What
//!    it answers is a pointer to where they were moved, with the type.
//! 2. The job, which lies there, is the stage's: who may touch it, by the rules of `raw.rs`, may
//!    touch the job. A `Lodger` is in the cell while the future may be polled, an [`Output`] from
//!    then on.
//! 3. An `Output` that left the cell is used up while the handle that took it is borrowed, and so
//!    while the cell lives.
//! 4. A waker with the table `HANDLE` is the one handle of a placed task: it is made here, owns the
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
    any::{ErasedJob, JoinTable, PlacedJoin, Unplaced},
    task::{JoinError, TaskId, TaskMeta},
};

use super::{
    Join, Runnable, Schedule,
    header::{self, header},
    raw::{Cell, Memory},
    rooms,
};

/// Makes a task of `task`: as [`spawn`](super::spawn).
#[inline]
pub(crate) fn spawn_placed<S: Schedule>(
    task: Unplaced<'_>,
    schedule: S,
) -> (Runnable, PlacedHandle) {
    let (bytes, job) = (task.as_ptr(), task.layout());
    let (layout, offset) = layout_with::<Cell<Lodger, S, Behind>>(job);
    let memory = rooms::allocate_layout(layout);
    // SAFETY: the memory is as large as the two, and ours.
    let place = unsafe { memory.add(offset) };
    // SAFETY: rule 1.
    unsafe { place.as_ptr().copy_from_nonoverlapping(bytes, job.size()) };
    let job = task.moved_to(place);
    let cell = memory.cast::<Cell<Lodger, S, Behind>>();
    // SAFETY: it begins where the memory does, which is large enough and aligned.
    unsafe { cell.write(Cell::new(Lodger(Some(job)), schedule, Behind(job))) };
    // SAFETY: it is new, and stays until `Behind` frees it.
    let (runnable, join) = unsafe { Cell::references(cell) };
    (runnable, PlacedHandle(join))
}

/// What a cell takes of memory with a job behind it, and where the job begins.
#[inline]
fn layout_with<C>(job: Layout) -> (Layout, usize) {
    let both = Layout::new::<C>().extend(job);
    let (layout, offset) = both.expect("a future is far smaller than memory");
    (layout.pad_to_align(), offset)
}

/// The handle of a placed task, of which the contract's is made.
pub(crate) struct PlacedHandle(Join<Output>);

impl PlacedHandle {
    #[inline]
    pub(crate) fn with(self, meta: TaskMeta) -> PlacedJoin {
        PlacedJoin::new(waker_of(ManuallyDrop::new(self.0)), &Handles, meta)
    }
}

/// Memory of which a job has what the cell has not.
struct Behind(NonNull<dyn ErasedJob>);

// SAFETY: `ErasedJob` asks that of what it points to.
unsafe impl Send for Behind {}

impl Memory for Behind {
    unsafe fn free<C>(self, cell: NonNull<C>) {
        // There is nothing left to be dropped: the stage is empty, so the job is.
        // SAFETY: rule 2: nobody uses the job any more, by this function's contract.
        let job = Layout::for_value(unsafe { self.0.as_ref() });
        let (layout, _) = layout_with::<C>(job);
        // SAFETY: by this function's contract; `spawn_placed` took it for this layout.
        unsafe { rooms::free_layout(cell.cast(), layout) };
    }
}

/// A future that lies behind the cell. `None` once it has ended by itself.
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

/// An output that lies behind the cell.
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
    // SAFETY: it is not moved again until it is freed, empty.
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
    // SAFETY: rule 4. It is not given up, by `ManuallyDrop`.
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
    // SAFETY: rule 4. It is not given up, by `ManuallyDrop`.
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
    // SAFETY: rule 4. It is not given up, by `ManuallyDrop`.
    let join = ManuallyDrop::new(unsafe { Join::<Output>::new(header(data)) });
    join.abort();
}

/// # Safety
///
/// - For `HANDLE` alone: `data` is a handle's, which the caller gives away.
unsafe fn leave(data: *const ()) {
    // SAFETY: rule 4.
    drop(unsafe { Join::<Output>::new(header(data)) });
}
