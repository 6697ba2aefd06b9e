//! The handle of a task: a future of its output.
//!
//! It knows the header and nothing of the future. The door and the blocking pool hand it out.
//!
//! # Safety argument
//!
//! A task has one handle, made with it, that is not `Clone`; it is used through `&mut` or dropped,
//! so it is used by one thread at a time. It is a reference by rule 2 of `header.rs`, and its `T`
//! is the output of the future in the cell, since [`Join::new`] is called where both are known. It
//! keeps in its pointer, of which the lowest bit is free, whether it took the output.

#![allow(unsafe_code)]

use std::{
    marker::PhantomData,
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll, ready},
};

use anyrt_api::task::JoinError;

use super::{
    header::{Header, free, poll_output, release},
    state::Leave,
};

/// The join handle of a task: a future of its output. Dropping it detaches the task.
#[must_use = "dropping a join handle detaches the task; write `drop` to say so"]
pub(crate) struct Join<T> {
    /// With `TAKEN` in its address.
    task: NonNull<Header>,
    output: PhantomData<fn() -> T>,
}

// SAFETY: the handle gives its thread the output, which may go there, and its word says when.
unsafe impl<T: Send> Send for Join<T> {}
// SAFETY: `&Join` reaches atomics alone.
unsafe impl<T: Send> Sync for Join<T> {}

/// The output was taken.
const TAKEN: usize = 1;
const _: () = assert!(align_of::<Header>() > TAKEN);

impl<T> Join<T> {
    /// # Safety
    ///
    /// - `task` is the pointer of a new task whose output is a `T`, or what
    ///   [`tagged`](Self::tagged) gave; the caller gives the handle's reference away.
    #[inline]
    pub(super) unsafe fn new(task: NonNull<Header>) -> Self {
        Self {
            task,
            output: PhantomData,
        }
    }

    /// Asks for the task to be cancelled. Idempotent; does nothing once the task has ended.
    pub(crate) fn abort(&self) {
        let header = self.header();
        if header.state.abort() {
            header.state.retain();
            // SAFETY: rule 4 of `header.rs`: a reference for it was made a line above.
            unsafe { (header.table.schedule)(self.pointer()) };
        }
    }

    /// True once the task's future was dropped.
    pub(crate) fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// Names the task among those that exist: its address.
    pub(crate) fn id(&self) -> u64 {
        self.pointer().addr().get() as u64
    }

    /// The task that this is the handle of.
    #[inline]
    pub(super) fn pointer(&self) -> NonNull<Header> {
        let task = self.task.as_ptr().map_addr(|addr| addr & !TAKEN);
        // SAFETY: it is the pointer of a task.
        unsafe { NonNull::new_unchecked(task) }
    }

    /// What makes the same handle again, by [`new`](Self::new).
    #[inline]
    pub(super) fn tagged(&self) -> NonNull<Header> {
        self.task
    }

    /// True once it has given its output.
    #[inline]
    fn is_taken(&self) -> bool {
        self.task.addr().get() & TAKEN != 0
    }

    fn take(&mut self) {
        self.task = self.task.map_addr(|addr| addr | TAKEN);
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle is a reference.
        unsafe { self.pointer().as_ref() }
    }
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(
            !self.is_taken(),
            "a join handle was polled after it had given its output"
        );
        // SAFETY: this is the handle, borrowed mutably, and it took no output yet.
        let output = ready!(unsafe { poll_output(self.pointer(), cx) });
        self.take();
        Poll::Ready(output)
    }
}

impl<T> Drop for Join<T> {
    #[inline]
    fn drop(&mut self) {
        let (task, header) = (self.pointer(), self.header());
        // SAFETY: this is the handle, borrowed mutably.
        unsafe { header.withdraw_joiner() };
        match header.state.leave() {
            Leave::Left { last: false } => {}
            // SAFETY: the reference was given up, and was the last.
            Leave::Left { last: true } => unsafe { free(task) },
            Leave::Output => {
                if !self.is_taken() {
                    // SAFETY: complete, and this is the handle: the output is its own.
                    unsafe { (header.table.drop_output)(task) };
                }
                // SAFETY: nothing uses the handle after its drop.
                unsafe { release(task) };
            }
        }
    }
}
