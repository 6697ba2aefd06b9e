//! The memory of a task: one allocation that holds its header, its future and then its output.
//! How large that is, whether the type knows it or not (`placed.rs`), only its end depends on.
//!
//! It knows nothing of queues, threads or runtimes: it is given a [`Schedule`] and calls it. It is
//! called through the header's table of functions.
//!
//! # Safety argument
//!
//! References and the joiner are `header.rs`'s. `stage` and `note` are the fields that are this
//! file's. Who may touch them:
//!
//! 1. While `RUNNING` is set, the thread that set it, and nobody else. `State::start` and
//!    `State::claim` set the bit only where it and `COMPLETE` are clear, so two threads cannot both
//!    have set it. A new task has it set: then it is whoever has the one `Runnable` that there is.
//!    `NEW` says so, and is cleared before there can be another (`retain_to_keep`, `pause`).
//! 2. When `COMPLETE` is set, the join handle if `State::complete` said that there is one or
//!    `State::leave` did, else the thread that completed. `COMPLETE` is never cleared. The handle
//!    is one object that is used through `&mut` or dropped, so it is one thread at a time. A thread
//!    that ends a task to which it has the only reference need not set the bit: nobody could look.
//! 3. When the last reference was given up, the thread that did, which frees the cell.
//! 4. In all other states nobody.
//!
//! What is in the stage is not written there, since that would take a word. It is the future until
//! `end` drops it, which the thread does that has `RUNNING`, and then the output, if there is one,
//! until the handle takes it or it is dropped, by rule 2; then nothing. So for others than that
//! thread it is the future while `COMPLETE` is clear. Whether the handle took the output the handle
//! knows, and neither takes nor drops it again.
//!
//! The note changes with the stage: while there is a future it says how the schedule keeps the
//! task, and then why there is no output, or that there is one.
//!
//! A future is pinned where it lies: nothing moves it out of the cell, it is dropped in place. Each
//! change of hands is a Release and an Acquire of the word.

#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    io,
    marker::PhantomData,
    mem::{self, ManuallyDrop},
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use anyrt_api::task::JoinError;

use super::{
    Join, Runnable, Schedule,
    header::{Header, Table, free, lent_waker, release},
    rooms,
    state::{Complete, Pause, Start},
};
use crate::wake::quietly;

#[repr(C)]
pub(super) struct Cell<F: Future, S, M = Heap> {
    header: Header,
    note: UnsafeCell<Note>,
    stage: UnsafeCell<Stage<F>>,
    memory: M,
    schedule: PhantomData<S>,
}

/// What a cell lies in.
pub(super) trait Memory: Send + 'static {
    /// Frees the memory of a cell.
    ///
    /// # Safety
    ///
    /// - `cell` lies in a memory of this kind, this was moved out of it, and nobody uses it any
    ///   more; its stage is empty.
    unsafe fn free<C>(self, cell: NonNull<C>);
}

/// A room of its own.
pub(super) struct Heap;

impl Memory for Heap {
    #[inline]
    unsafe fn free<C>(self, cell: NonNull<C>) {
        const { assert!(!mem::needs_drop::<C>(), "a cell is what is in its stage") };
        // SAFETY: by this function's contract; `spawn` took the room for it.
        unsafe { rooms::free(cell) };
    }
}

union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<F::Output>,
}

union Note {
    kept: Option<NonZeroU64>,
    failure: ManuallyDrop<Option<JoinError>>,
}

impl<F, S> Cell<F, S>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    /// A task on the heap, and its two references.
    #[inline]
    pub(super) fn spawn(future: F, schedule: S) -> (Runnable, Join<F::Output>) {
        let cell = rooms::allocate::<Self>();
        // Written there, and not moved there: the future would be copied once more.
        // SAFETY: the room is for a cell of this type, and ours.
        unsafe { cell.write(Self::new(future, schedule, Heap)) };
        // SAFETY: it is new, and stays until `Heap` frees it.
        unsafe { Self::references(cell) }
    }
}

impl<F, S, M> Cell<F, S, M>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
    M: Memory,
{
    const TABLE: &'static Table = &Table {
        run: Self::run,
        cancel: Self::cancel,
        schedule: Self::schedule,
        take_output: Self::take_output,
        drop_output: Self::drop_output,
        free: Self::free,
    };

    #[inline]
    pub(super) fn new(future: F, schedule: S, memory: M) -> Self {
        Self {
            header: Header::new(Self::TABLE, schedule.number()),
            note: UnsafeCell::new(Note { kept: None }),
            stage: UnsafeCell::new(Stage {
                future: ManuallyDrop::new(future),
            }),
            memory,
            schedule: PhantomData,
        }
    }

    /// The two references of a new cell.
    ///
    /// # Safety
    ///
    /// - `cell` is new, and stays where it is until its `Memory` frees it.
    #[inline]
    pub(super) unsafe fn references(cell: NonNull<Self>) -> (Runnable, Join<F::Output>) {
        let task = cell.cast();
        // SAFETY: the word counts two references: this is one.
        let runnable = unsafe { Runnable::new(task) };
        // SAFETY: and this the other; the output is the future's.
        let join = unsafe { Join::new(task) };
        (runnable, join)
    }

    /// # Safety
    ///
    /// - `task` is the header of a cell of this type, and a reference outlives what is returned.
    unsafe fn of<'a>(task: NonNull<Header>) -> &'a Self {
        // SAFETY: rule 1 of `header.rs`, by this function's contract.
        unsafe { task.cast().as_ref() }
    }

    /// Where it belongs.
    fn home(&self) -> S {
        S::of_number(self.header.schedule)
    }

    /// # Safety
    ///
    /// - As [`Table::run`].
    unsafe fn run(task: NonNull<Header>) {
        // SAFETY: the reference that is taken here.
        let cell = unsafe { Self::of(task) };
        match cell.header.state.start() {
            // SAFETY: the reference is given up, and not used any more.
            Start::Stale => return unsafe { release(task) },
            // SAFETY: `start` gave us `RUNNING`.
            Start::Cancel => return unsafe { Self::end(task, Err(JoinError::cancelled())) },
            Start::Poll => {}
        }
        // SAFETY: the reference outlives the poll.
        let waker = unsafe { lent_waker(task) };
        // SAFETY: `start` gave us `RUNNING`.
        match unsafe { cell.poll(&mut Context::from_waker(&waker)) } {
            // SAFETY: `RUNNING` is still ours.
            Poll::Ready(output) => unsafe { Self::end(task, output) },
            // SAFETY: `RUNNING` is still ours.
            Poll::Pending => unsafe { Self::pause(task) },
        }
    }

    /// Polls the future; a panic is its output.
    ///
    /// # Safety
    ///
    /// - `RUNNING` was set by this thread.
    unsafe fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        let poll = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: rule 1, by this function's contract.
            let stage = unsafe { &mut *self.stage.get() };
            // SAFETY: the future is dropped in `end`, after the last poll.
            let future = unsafe { &mut stage.future };
            // SAFETY: it stays where it is until it is dropped.
            unsafe { Pin::new_unchecked(&mut **future) }.poll(cx)
        }));
        match poll {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(JoinError::panicked(payload))),
        }
    }

    /// After a pending poll.
    ///
    /// # Safety
    ///
    /// - `RUNNING` was set by this thread, which gives the reference away.
    unsafe fn pause(task: NonNull<Header>) {
        // SAFETY: the reference that is taken here.
        let cell = unsafe { Self::of(task) };
        let state = &cell.header.state;
        // SAFETY: rule 1, by this function's contract.
        let note = unsafe { &mut *cell.note.get() };
        // SAFETY: it says so until the end.
        let kept = unsafe { &mut note.kept };
        // One that will be idle for the first time, and in no queue.
        if kept.is_none() && !state.is_scheduled() {
            state.retain_to_keep();
            // SAFETY: the reference was made a line above.
            *kept = cell.home().keep(unsafe { Runnable::new(task) });
            if kept.is_none() {
                // SAFETY: `RUNNING` is still ours.
                return unsafe { Self::end(task, Err(JoinError::cancelled())) };
            }
        }
        match state.pause() {
            Pause::Idle { last: false } => {}
            // SAFETY: the reference was given up, and was the last.
            Pause::Idle { last: true } => unsafe { free(task) },
            Pause::Again => {
                let schedule = cell.home();
                // SAFETY: the reference is still ours, and is given away.
                schedule.again(unsafe { Runnable::new(task) });
            }
            // SAFETY: `pause` left us `RUNNING`.
            Pause::Cancel => unsafe { Self::end(task, Err(JoinError::cancelled())) },
        }
    }

    /// Drops the future, writes the output in its place and tells the joiner.
    ///
    /// # Safety
    ///
    /// - `RUNNING` was set by this thread, which takes no further part in this task and gives its
    ///   reference away.
    unsafe fn end(task: NonNull<Header>, output: Result<F::Output, JoinError>) {
        // SAFETY: the reference that is taken here.
        let cell = unsafe { Self::of(task) };
        // SAFETY: rule 1, by this function's contract.
        let stage = unsafe { &mut *cell.stage.get() };
        // SAFETY: it is there until it is dropped here.
        let future = unsafe { &mut stage.future };
        // SAFETY: a task ends once.
        let drop_future = || unsafe { ManuallyDrop::drop(future) };
        let panic = catch_unwind(AssertUnwindSafe(drop_future)).err();
        let output = match (output, panic) {
            (output, None) => output,
            (output @ Ok(_), Some(payload)) => {
                quietly(|| drop(output));
                Err(JoinError::panicked(payload))
            }
            // The first word counts: the panic of the poll, or that it was cancelled.
            (output @ Err(_), Some(payload)) => {
                quietly(|| drop(payload));
                output
            }
        };
        // SAFETY: rule 1, by this function's contract.
        let note = unsafe { &mut *cell.note.get() };
        // SAFETY: it says so until now.
        cell.home().finished(unsafe { note.kept });
        let failure = output.map(|output| stage.output = ManuallyDrop::new(output));
        note.failure = ManuallyDrop::new(failure.err());
        let state = &cell.header.state;
        if state.is_sole() {
            // SAFETY: rule 2: there is no handle, and nobody else who could look.
            unsafe { Self::drop_output(task) };
            // SAFETY: rule 2 of `header.rs`: ours is the last reference. The stage is empty.
            return unsafe { Self::free_empty(task.cast()) };
        }
        match state.complete() {
            Complete::Left => return,
            // SAFETY: `complete` said so.
            Complete::Joiner => unsafe { cell.header.wake_joiner() },
            // SAFETY: rule 2: there is no handle, and this thread completed.
            Complete::Output => unsafe { Self::drop_output(task) },
        }
        // SAFETY: the reference is given up, and not used any more.
        unsafe { release(task) };
    }

    /// # Safety
    ///
    /// - As [`Table::cancel`].
    unsafe fn cancel(task: NonNull<Header>, cause: Option<io::Error>) {
        // SAFETY: the reference that is taken here.
        if unsafe { Self::of(task) }.header.state.claim() {
            let error = cause.map_or_else(JoinError::cancelled, JoinError::not_started);
            // SAFETY: `claim` gave us `RUNNING`.
            unsafe { Self::end(task, Err(error)) };
        } else {
            // SAFETY: the reference is given up, and not used any more.
            unsafe { release(task) };
        }
    }

    /// # Safety
    ///
    /// - As [`Table::schedule`].
    unsafe fn schedule(task: NonNull<Header>) {
        // SAFETY: the reference that is taken here.
        let schedule = unsafe { Self::of(task) }.home();
        // SAFETY: the reference goes with it.
        schedule.schedule(unsafe { Runnable::new(task) });
    }

    /// # Safety
    ///
    /// - The output belongs to the caller, by rule 2, and is still there; the second pointer has
    ///   room for it.
    unsafe fn take_output(task: NonNull<Header>, place: NonNull<()>) {
        // SAFETY: the caller has a reference.
        let cell = unsafe { Self::of(task) };
        // SAFETY: by this function's contract.
        let output = match unsafe { cell.take_failure() } {
            None => {
                // SAFETY: rule 2, by this function's contract.
                let stage = unsafe { &mut *cell.stage.get() };
                // SAFETY: nothing failed.
                let output = unsafe { &mut stage.output };
                // SAFETY: by this function's contract nobody takes or drops it again.
                Ok(unsafe { ManuallyDrop::take(output) })
            }
            Some(error) => Err(error),
        };
        // SAFETY: by this function's contract.
        unsafe { place.cast::<Result<F::Output, JoinError>>().write(output) };
    }

    /// Why there is no output, if there is none.
    ///
    /// # Safety
    ///
    /// - The output belongs to the caller, by rule 2, and nobody asks again.
    unsafe fn take_failure(&self) -> Option<JoinError> {
        // SAFETY: rule 2, by this function's contract.
        let note = unsafe { &mut *self.note.get() };
        // SAFETY: it says so since the end.
        let failure = unsafe { &mut note.failure };
        // SAFETY: by this function's contract.
        unsafe { ManuallyDrop::take(failure) }
    }

    /// # Safety
    ///
    /// - The output belongs to the caller, by rule 2, and is still there.
    unsafe fn drop_output(task: NonNull<Header>) {
        // SAFETY: the caller has a reference.
        let cell = unsafe { Self::of(task) };
        // SAFETY: by this function's contract.
        if let Some(error) = unsafe { cell.take_failure() } {
            let panicked = error.is_panic();
            quietly(|| drop(error));
            if panicked {
                cell.home().unhandled_panic();
            }
        } else if mem::needs_drop::<F::Output>() {
            // SAFETY: rule 2, by this function's contract.
            let stage = unsafe { &mut *cell.stage.get() };
            // SAFETY: nothing failed.
            let output = unsafe { &mut stage.output };
            // SAFETY: by this function's contract nobody takes or drops it again.
            quietly(|| unsafe { ManuallyDrop::drop(output) });
        }
    }

    /// # Safety
    ///
    /// - The last reference was given up, by the caller.
    unsafe fn free(task: NonNull<Header>) {
        let cell = task.cast::<Self>();
        // SAFETY: rule 3.
        let Self { header, stage, .. } = unsafe { cell.as_ref() };
        if !header.state.is_complete() {
            // SAFETY: rule 3.
            let stage = unsafe { &mut *stage.get() };
            // SAFETY: it never came to its end.
            let future = unsafe { &mut stage.future };
            // SAFETY: as above, and it never will.
            quietly(|| unsafe { ManuallyDrop::drop(future) });
        }
        // SAFETY: rule 3.
        unsafe { Self::free_empty(cell) };
    }

    /// # Safety
    ///
    /// - The last reference was given up, by the caller, and the stage is empty.
    unsafe fn free_empty(cell: NonNull<Self>) {
        // SAFETY: rule 3.
        let memory = unsafe { &raw const (*cell.as_ptr()).memory };
        // SAFETY: it is moved out once, here.
        let memory = unsafe { memory.read() };
        // SAFETY: rule 3, and by this function's contract.
        unsafe { memory.free(cell) };
    }
}
